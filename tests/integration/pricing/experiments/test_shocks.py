"""Price shocks in the shop: drawn on Monday, inside every bound, on record, gone a week later."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from pricing.api import publish_price_book, set_kill_switch, turn_price_shocks
from pricing.demand.models.demand import DemandModelVersion
from pricing.experiments.core import plan_price_tests, shock_price_points
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceProposal
from pricing.policy.models.policy import PricingPolicy
from pricing.publishing.services.feeds import record_pulse, watch_feeds
from pricing.publishing.services.overrides import set_override
from shop.ground.catalog.models import Category, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.pricing import NOON, make_model
from tests.factories.pricing_shocks import MONDAY, TEAS, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
NEXT_MONDAY = MONDAY + timedelta(weeks=1)


@pytest.fixture
def teas() -> list[int]:
    """Forty teas at 4.59 with a floor below and a list price above."""
    variants = make_teas()
    open_tea_shop(variants)
    return variants


def prices() -> dict[int, int]:
    return dict(
        PublicPrice.objects.order_by("variant_id").values_list("variant_id", "public_minor")
    )


def test_on_monday_a_share_of_prices_moves_one_step(
    teas: list[int],
) -> None:
    before = prices()
    assert set(before.values()) == {459}
    assert turn_price_shocks(now=MONDAY) == 10
    shocks = list(PriceShock.objects.order_by("variant_id"))
    assert len(shocks) == 0.25 * TEAS
    assert sorted(one.direction for one in shocks) == [-1] * 5 + [1] * 5
    price_points = {-1: 439, 1: 479}
    moved = {one.variant_id: price_points[one.direction] for one in shocks}
    assert prices() == before | moved
    for one in shocks:
        assert (one.base_minor, one.shocked_minor) == (459, price_points[one.direction])
        assert (one.probability, one.is_applied, one.ended_at) == (0.125, True, None)
        assert one.week == MONDAY.date()
    newest = PriceLedgerEntry.objects.filter(valid_from__gte=MONDAY, kind="public")
    assert dict(newest.values_list("variant_id", "amount_minor")) == moved
    assert set(newest.values_list("source", flat=True)) == {"shock"}
    causes = PriceProposal.objects.filter(created_at__gte=MONDAY).values_list("cause", flat=True)
    assert set(causes) == {"shock"}


def test_anybody_can_repeat_the_draw_from_what_is_on_record(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    first = PriceShock.objects.order_by("variant_id").first()
    assert first is not None
    yes, count = np.ones(TEAS, dtype=np.bool_), TEAS
    again = plan_price_tests(
        variant_id=np.array(sorted(teas)),
        category_id=np.full(count, Variant.objects.get(pk=teas[0]).product.category_id),
        may_fall=yes,
        may_rise=yes,
        share=PricingPolicy.objects.get(version=first.policy_version).shock_share,
        seed=first.seed,
        week=first.week,
    )
    stored = dict(PriceShock.objects.values_list("variant_id", "direction"))
    drawn = dict(zip(sorted(teas), again.direction.tolist(), strict=True))
    assert stored == {variant: way for variant, way in drawn.items() if way}


def test_a_week_is_drawn_once_and_prices_hold(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    shaken = prices()
    assert turn_price_shocks(now=MONDAY + timedelta(hours=1)) == 0
    for days in (1, 3, 6):
        publish_price_book(now=MONDAY + timedelta(days=days), everything=True)
        assert prices() == shaken
    assert PriceShock.objects.count() == 10
    assert PriceShock.objects.filter(ended_at=None).count() == 10


def test_after_its_week_a_price_returns_and_others_move(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    first = set(PriceShock.objects.values_list("variant_id", flat=True))
    turn_price_shocks(now=NEXT_MONDAY)
    running = PriceShock.objects.filter(ended_at=None)
    second = {one.variant_id: one.shocked_minor for one in running}
    assert set(running.values_list("week", flat=True)) == {NEXT_MONDAY.date()}
    assert len(second) == 10
    assert second.keys() != first
    assert prices() == dict.fromkeys(teas, 459) | second
    back = PriceLedgerEntry.objects.filter(
        variant_id__in=first - second.keys(), valid_from__gte=NEXT_MONDAY
    )
    assert set(back.values_list("amount_minor", "source")) == {(459, "shock")}


def test_sensitive_and_spoken_for_goods_never_move_by_chance(
    teas: list[int],
) -> None:
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    fixed = teas[:15]
    for variant in fixed:
        set_override(
            variant_id=variant,
            amount_minor=459,
            reason="season's promise",
            by_id=user.pk,
            now=NOON,
            expires_at=NEXT_MONDAY,
        )
    _move_to_category(teas[15:30], is_sensitive=True)
    turn_price_shocks(now=MONDAY)
    moved = set(PriceShock.objects.values_list("variant_id", flat=True))
    assert moved
    assert moved <= set(teas[30:])


def _move_to_category(variants: list[int], **flags: bool) -> None:
    leaf = Category.objects.create(
        external_ref="g/m",
        slug="gm",
        name="Healing tea",
        path="g/m",
        depth=1,
        parent=Category.objects.get(path="g"),
        **flags,
    )
    for variant in Variant.objects.filter(pk__in=variants).select_related("product"):
        variant.product.category = leaf
        variant.product.save()
    forget_catalog()


def test_a_rung_outside_floor_or_ceiling_is_none(teas: list[int]) -> None:
    """Costs leave no room below: chance may only raise, with the whole share."""
    Variant.objects.filter(pk__in=teas).update(cost_minor=449)
    forget_catalog()
    turn_price_shocks(now=MONDAY)
    shocks = list(PriceShock.objects.all())
    assert {(one.direction, one.probability) for one in shocks} == {(1, 0.25)}
    assert {prices()[one.variant_id] for one in shocks} == {479}
    below, above = shock_price_points(np.array([459]))
    assert (int(below[0]), int(above[0])) == (439, 479)


def test_staffs_word_ends_a_shock_and_stays(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    shock = PriceShock.objects.order_by("variant_id").first()
    assert shock is not None
    user = get_user_model().objects.create_user(email="dana@example.com", password="x")
    later = MONDAY + timedelta(hours=3)
    set_override(
        variant_id=shock.variant_id,
        amount_minor=449,
        reason="matches the flyer",
        by_id=user.pk,
        now=later,
        expires_at=later + timedelta(days=30),
    )
    publish_price_book(now=later)
    shock.refresh_from_db()
    assert prices()[shock.variant_id] == 449
    assert shock.ended_at == later
    turn_price_shocks(now=NEXT_MONDAY)
    assert prices()[shock.variant_id] == 449


def test_goods_that_become_sensitive_in_the_week_go_back(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    moved = list(PriceShock.objects.order_by("variant_id").values_list("variant_id", flat=True))
    _move_to_category(moved[:4], is_sensitive=True)
    publish_price_book(now=MONDAY + timedelta(hours=5), everything=True)
    assert {prices()[one] for one in moved[:4]} == {459}
    running = PriceShock.objects.filter(ended_at=None).order_by("variant_id")
    assert list(running.values_list("variant_id", flat=True)) == moved[4:]


def test_with_a_silent_feed_nothing_is_drawn_and_tests_end(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    record_pulse(name="costs", at=MONDAY - timedelta(days=1))
    assert watch_feeds(now=NEXT_MONDAY) == 1
    # A model that wants other prices may not have them, nor keep those of chance.
    make_model(dict.fromkeys(teas, 4.0), trained_at=NEXT_MONDAY)
    PricingPolicy.objects.filter(is_active=True).update(min_confidence=0.5)
    turn_price_shocks(now=NEXT_MONDAY)
    assert PriceShock.objects.count() == 10
    assert prices() == dict.fromkeys(teas, 459)


@pytest.mark.parametrize("how", ["switch", "model", "policy"])
def test_switched_off_the_prices_go_back_at_the_next_look(teas: list[int], how: str) -> None:
    turn_price_shocks(now=MONDAY)
    later = MONDAY + timedelta(hours=5)
    if how == "switch":
        set_kill_switch(
            scope="category", key="g/t", is_active=True, reason="test", by_id=None, now=later
        )
    elif how == "model":
        in_use = str(DemandModelVersion.objects.get(status="active").pk)
        set_kill_switch(
            scope="model", key=in_use, is_active=True, reason="test", by_id=None, now=later
        )
    else:
        PricingPolicy.objects.filter(is_active=True).update(shock_share=0.0)
    publish_price_book(now=later, everything=True)
    assert prices() == dict.fromkeys(teas, 459)
    assert not PriceShock.objects.filter(ended_at=None).exists()
    turn_price_shocks(now=NEXT_MONDAY)
    assert PriceShock.objects.count() == 10


def test_a_price_that_must_hold_is_restored_later(teas: list[int]) -> None:
    """A changed price holds for an hour; what it was before is kept until it may go back."""
    turn_price_shocks(now=MONDAY)
    PricingPolicy.objects.filter(is_active=True).update(shock_share=0.0)
    publish_price_book(now=MONDAY + timedelta(minutes=30), everything=True)
    assert len(set(prices().values())) == 3
    assert PriceShock.objects.filter(ended_at=None).count() == 10
    later = MONDAY + timedelta(hours=2)
    publish_price_book(now=later, everything=True)
    assert prices() == dict.fromkeys(teas, 459)
    assert set(PriceShock.objects.values_list("ended_at", flat=True)) == {later}


def test_a_withdrawn_product_is_restored_when_sold_again(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    gone = PriceShock.objects.order_by("variant_id").values_list("variant_id", flat=True)[0]
    _sell(gone, is_active=False)
    turn_price_shocks(now=NEXT_MONDAY)
    later = NEXT_MONDAY + timedelta(hours=1)
    assert turn_price_shocks(now=later) == 0
    assert PriceShock.objects.filter(variant_id=gone, ended_at=None).exists()
    _sell(gone, is_active=True)
    assert turn_price_shocks(now=later) == 1
    assert prices()[gone] == 459
    assert not PriceShock.objects.filter(variant_id=gone, ended_at=None).exists()


def _sell(variant: int, *, is_active: bool) -> None:
    Variant.objects.filter(pk=variant).update(is_active=is_active)
    forget_catalog()


def test_without_a_fresh_model_nothing_is_drawn_but_prices_return(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    assert len(set(prices().values())) == 3
    stale = MONDAY + timedelta(weeks=3)
    turn_price_shocks(now=stale)
    assert prices() == dict.fromkeys(teas, 459)
    assert PriceShock.objects.count() == 10
