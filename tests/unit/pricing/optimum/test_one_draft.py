"""The shop's services and the lab that judges them draft, and quote, by the same function."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from pricing.base.core.values import ModelVersionRow, Policy
from pricing.experiments.core import Arms, PriceTests
from pricing.learning.core.scene import PastPrices, StaffPrices, Surroundings
from pricing.learning.selectors.publishing import Shelf as Stocked
from pricing.optimum.core.decide import HeldQuotes, decide_price_points
from pricing.optimum.core.joint import mix_segments
from pricing.optimum.core.publish import NO_LIMIT
from pricing.optimum.core.quote import VariantTerms, build_price_points, drop_signals
from pricing.optimum.core.thompson import draw_places
from pricing.publishing.core.publishing import draft, sibling_costs
from pricing.publishing.services.drafts import Loaded
from pricing.publishing.services.drafts import make_scene as make_shop_scene
from pricing.publishing.services.price_gate import Screens
from pricing.publishing.services.price_tests import ArmRecord
from pricing.publishing.services.publish_context import PublishContext
from shop.ground.catalog.core.values import CategoryTree, VariantArrays
from shop.lab.shop_path_book import Morning, Shelf, draft_book
from shop.lab.shop_path_book import make_scene as make_lab_scene
from tests.factories.pricing_drafts import make_served

MONDAY = datetime(2026, 11, 23, 6, tzinfo=UTC)
STATES, GOODS = 40, 250


def draw_policy(rng: np.random.Generator) -> Policy:
    return Policy(
        ceiling_over_list=float(rng.choice([0.0, 0.1])),
        restock_days=int(rng.choice([0, 7])),
        substitution_share=float(rng.choice([0.0, 0.3])),
        cooldown_hours=int(rng.choice([0, 48])),
        keeps_to_competitors=bool(rng.random() < 0.5),
        target_margin=float(rng.choice([0.0, 0.2])),
    )


def draw_morning(rng: np.random.Generator) -> tuple[Shelf, Morning]:
    """Return products with shocks of last week and all that a book of the lab is made under."""
    ids = 10 + np.arange(GOODS)
    listed = rng.integers(90, 6_000, GOODS)
    base = np.maximum((listed * rng.uniform(0.8, 1.1, GOODS)).astype(np.int64), 1)
    shocked = np.where(rng.random(GOODS) < 0.1, (base * 0.95).astype(np.int64), 0)
    cost = np.where(rng.random(GOODS) < 0.1, -1, (listed * rng.uniform(0.3, 1.1, GOODS)))
    second, is_monday = int(MONDAY.timestamp()), bool(rng.random() < 0.5)
    shelf = Shelf(
        variant_id=ids,
        category_id=1 + ids % 7,
        family_id=100 + ids % 3,
        list_minor=listed,
        cost_minor=cost.astype(np.int64),
        base_minor=base,
        shocked_minor=shocked,
        changed_at=second - rng.integers(0, 400_000, GOODS),
    )
    for _ in range(8):
        shelf = shelf.see((listed * rng.uniform(0.85, 1.05, GOODS)).astype(np.int64))
    policy = draw_policy(rng)
    groups = int(rng.integers(1, 4))
    morning = Morning(
        policy=policy,
        served=make_served(rng, ids[rng.random(GOODS) < 0.8]),
        is_stale=bool(rng.random() < 0.2),
        segments=mix_segments(rng.uniform(0.1, 1, groups), rng.uniform(0, 3, (groups, GOODS))),
        competitor_minor=np.where(rng.random(GOODS) < 0.5, listed * 0.9, np.nan),
        stock=np.where(rng.random(GOODS) < 0.5, rng.integers(0, 9, GOODS), np.nan),
        second=second,
        seed="us/online",
        week=MONDAY.date() if is_monday else None,
        ends_shocks=is_monday,
        restock_days=np.where(rng.random(GOODS) < 0.5, 3.0, np.nan),
    )
    return shelf, morning


def stock(shelf: Shelf) -> Stocked:
    """Return the products as the shop reads them from its tables."""
    no, zeros = np.zeros(GOODS, dtype=np.bool_), np.zeros(GOODS, dtype=np.int64)
    variants = VariantArrays(
        **{one.name: zeros for one in fields(VariantArrays)}
        | {
            "variant_id": shelf.variant_id,
            "category_id": shelf.category_id,
            "cost_minor": shelf.cost_minor,
            "list_minor": shelf.list_minor,
            **dict.fromkeys(("restricted", "child_directed", "sensitive"), no),
        }
    )
    return Stocked(
        variants=variants,
        tree=CategoryTree({}, {}, ()),
        list_minor=shelf.list_minor,
        public_minor=shelf.base_minor,
        anchor_minor=shelf.list_minor,
        is_new=no,
        family_id=shelf.family_id,
        changed_at=shelf.changed_at,
    )


def find_publish_context(morning: Morning) -> PublishContext:
    """Return what a run of the publisher works under."""
    age = timedelta(days=15 if morning.is_stale else 1)
    row = ModelVersionRow(1, "", "active", MONDAY - age, date.min, date.max, 1)
    return PublishContext(
        policy=morning.policy,
        model=(row, morning.served),
        now=MONDAY,
        effective_at=MONDAY,
        place=("us", "online"),
        exponent=2,
        draws_shocks=morning.week is not None,
    )


def load(shelf: Shelf, morning: Morning) -> tuple[Loaded, PublishContext]:
    """Return the same products as the shop's services would have read them."""
    no, zeros = np.zeros(GOODS, dtype=np.bool_), np.zeros(GOODS, dtype=np.int64)
    calm = stock(shelf)
    shown, is_shocked, seen = shelf.public_minor, shelf.shocked_minor > 0, shelf.seen
    assert seen is not None
    loaded = Loaded(
        calm=calm,
        arms=Arms.nothing(shelf.base_minor),
        arm_record=ArmRecord({}, {}),
        shocks=PriceTests.running(
            *(shelf.base_minor, shelf.shocked_minor),
            is_intact=is_shocked,
            holds=is_shocked & (not morning.ends_shocks),
            is_stopped=no,
            seed="us/online",
            week=MONDAY.date() if morning.week else date.min,
        ),
        series=None,  # type: ignore[arg-type]  # past prices concern the law's references alone
        past=PastPrices(
            *(shown, shown, shown, zeros, no, np.full(GOODS, NO_LIMIT)),
            most_seen_minor=seen[0],
            least_seen_minor=seen[0],
        ),
        staff=StaffPrices.nothing(GOODS),
        around=Surroundings(
            competitor_minor=morning.competitor_minor,
            stock=morning.stock,
            restock_days=morning.restock_days,
            sibling_minor=sibling_costs(calm.goods(), morning.served, morning.policy),
        ),
        screens=Screens((), frozenset(), no),
    )
    return loaded, find_publish_context(morning)


def expect_equal(one: Any, other: Any, name: str) -> None:
    """Fail unless two values, or all their fields, are the same; NaN equals NaN."""
    if is_dataclass(one):
        for field in fields(one):
            inner = getattr(one, field.name), getattr(other, field.name)
            expect_equal(*inner, f"{name}.{field.name}")
    else:
        np.testing.assert_array_equal(one, other, name)


def quote(terms: VariantTerms, boost: np.ndarray, policy: Policy) -> np.ndarray:
    """Return the prices of shoppers with `boost` (n, m), drawn as in this week."""
    price_points = build_price_points(terms, policy, draw_places(7, terms.variant_id))
    held = HeldQuotes.nothing(len(terms))
    rows = [
        decide_price_points(
            *(terms, price_points, one[None], policy),
            held=held,
            now_ms=0,
            is_allowed=True,
            is_stale=False,
        )
        for one in boost
    ]
    return np.stack([row.quoted_minor for row in rows])


def test_shop_and_lab_agree_in_ten_thousand_states() -> None:
    rng, moved, drawn = np.random.default_rng(14), 0, 0
    for _ in range(STATES):
        shelf, morning = draw_morning(rng)
        loaded, context = load(shelf, morning)
        fed = make_shop_scene(loaded, context, morning.segments)
        expect_equal(fed, make_lab_scene(shelf, morning), "scene")
        decision = draft(fed)
        after, terms = draft_book(shelf, morning)
        own = drop_signals(decision.terms, morning.segments.sensitivity_mean)
        expect_equal(own, terms, "terms")
        assert np.array_equal(after.public_minor, decision.terms.public_minor)
        boost = np.maximum(rng.normal(0.5, 1.0, (2, GOODS)), 0.0)
        mine, theirs = (quote(one, boost, morning.policy) for one in (own, terms))
        assert np.array_equal(mine, theirs)
        moved += int((after.public_minor != shelf.public_minor).sum())
        drawn += int(np.count_nonzero(decision.shocks.direction))
    assert moved > STATES * GOODS / 10
    assert drawn > STATES


def test_a_path_that_feeds_another_price_is_found_out() -> None:
    shelf, morning = draw_morning(np.random.default_rng(1))
    morning = replace(morning, is_stale=False)
    loaded, context = load(shelf, morning)
    other = replace(context, policy=replace(context.policy, ceiling_over_list=0.5))
    fed = make_shop_scene(loaded, other, morning.segments)
    assert not np.array_equal(
        draft(fed).terms.public_minor, draft_book(shelf, morning)[0].public_minor
    )
