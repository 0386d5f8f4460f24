"""A draft that breaks a rule keeps the last good price, says so, and lets staff overrule it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from pricing.api import publish_price_book, quote_variants
from pricing.base.core.values import Policy
from pricing.base.metrics import guard_hits_total
from pricing.demand.selectors.versions import get_model_version, load_model
from pricing.fairness.services.audited_prices import open_shelves
from pricing.ledger.models.ledger import PublicPrice
from pricing.optimum.core.publish import NO_LIMIT
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core import PublicBounds
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.core.quality import screen_terms
from pricing.publishing.services.breakers import QUIET
from pricing.publishing.services.feeds import record_pulse, watch_feeds
from pricing.publishing.services.overrides import set_override
from pricing.publishing.services.price_gate import load_screens, report_breaches
from pricing.publishing.services.publish_context import PublishContext
from pricing.rollout.services.rollback import undo_trip
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_model,
    make_terms,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
PRICES = [400, 500, 600]
ALL = np.ones(3, dtype=np.bool_)


def at_work(now: datetime = NOON) -> PublishContext:
    return PublishContext(
        policy=Policy(), model=None, now=now, effective_at=now, place=("us", "online"), exponent=2
    )


def bound(**changes: list[int]) -> PublicBounds:
    now = np.array(PRICES)
    given = {
        "current_minor": now,
        "floor_minor": now - 100,
        "ceiling_minor": now + 100,
        "highest_24h": now,
        "lowest_24h": now,
        "changes_24h": now * 0,
        "is_held": now < 0,
        "emergency_minor": np.full(3, NO_LIMIT),
    }
    return PublicBounds(**(given | {name: np.array(value) for name, value in changes.items()}))


def screen(
    asked: list[int],
    bounds: PublicBounds | None = None,
    now: datetime = NOON,
    *,
    is_dry: bool = False,
    **terms: np.ndarray,
) -> VariantTerms:
    before = replace(make_terms(PRICES), **terms)
    draft = replace(before, public_minor=np.array(asked))
    occasion = replace(at_work(now), is_dry=is_dry)
    screens = load_screens(before.variant_id, occasion)
    after, breaches, moves = screen_terms(
        *(draft, before, bounds or bound(), ALL, occasion.policy),
        quiet=screens.quiet,
        is_silent=screens.is_silent,
    )
    report_breaches(screens, breaches, after, moves, occasion)
    return after


def kinds() -> list[str]:
    rows = BreakerTrip.objects.filter(over_at__isnull=True, undone_at__isnull=True)
    return sorted(rows.values_list("kind", flat=True))


def bob() -> int:
    return int(get_user_model().objects.get_or_create(email="bob@example.com")[0].pk)


def test_a_good_draft_passes_untouched() -> None:
    assert screen([399, 509, 600]).public_minor.tolist() == [399, 509, 600]
    assert kinds() == []


def test_a_step_too_far_keeps_the_last_price() -> None:
    assert screen([399, 560, 599]).public_minor.tolist() == [399, 500, 599]
    row = BreakerTrip.objects.get()
    assert (row.kind, row.action, row.scope, row.key) == ("step", "held", "market", "us")
    assert row.evidence == {"variants": [2], "count": 1, "moves": 3}


def test_a_nan_closes_personal_prices_and_stays_out_of_books() -> None:
    safe = screen([399, 509, 599], elasticity=np.array([np.nan, np.inf, 2.0]))
    assert safe.public_minor.tolist() == [400, 500, 599]
    assert safe.is_open.tolist() == [False, False, True]
    assert np.isfinite(safe.elasticity).all()
    assert kinds() == ["number"]


def test_a_posterior_that_says_nothing_moves_nothing() -> None:
    safe = screen([399, 509, 599], elasticity_sd=np.array([0.3, 9.0, 0.3]))
    assert safe.public_minor.tolist() == [399, 500, 599]
    assert kinds() == ["posterior"]


def test_a_price_that_falls_below_its_floor_is_held() -> None:
    floor = np.array([300, 495, 300])
    assert screen([399, 489, 599], floor_minor=floor).public_minor.tolist() == [399, 500, 599]
    assert kinds() == ["margin"]


def test_prices_under_an_emergency_cap_are_never_held() -> None:
    capped = bound(emergency_minor=[300, 500, 600])
    assert screen([300, 500, 600], capped).public_minor.tolist() == [300, 500, 600]
    assert kinds() == []
    nan = screen([400, 500, 600], capped, elasticity=np.array([np.nan, 2.0, 2.0]))
    assert nan.public_minor.tolist()[0] == 300


def test_floor_and_ceiling_move_a_held_price() -> None:
    """Brought down to a maximum of 380, up to a floor of 530, and down a step towards 500."""
    forced = bound(ceiling_minor=[380, 600, 500], floor_minor=[300, 530, 300])
    wide = {"elasticity_sd": np.full(3, 9.0)}
    assert screen([380, 530, 540], forced, **wide).public_minor.tolist() == [380, 530, 540]
    assert kinds() == [], "no move of the model"
    assert screen([370, 540, 540], forced, **wide).public_minor.tolist() == [380, 530, 540]
    assert kinds() == ["posterior"]


def test_a_dry_run_holds_prices_but_trips_no_breaker() -> None:
    nan = {"elasticity": np.array([2.0, np.nan, 2.0])}
    screen([399, 500, 600], **nan)
    kept = list(BreakerTrip.objects.values())
    assert [one["kind"] for one in kept] == ["number"]
    assert screen([399, 560, 599], is_dry=True).public_minor.tolist() == [399, 500, 599]
    assert list(BreakerTrip.objects.values()) == kept


def test_a_trip_ends_when_its_variants_recover() -> None:
    screen([399, 560, 599])
    screen([399, 509, 599])
    assert kinds() == []
    assert BreakerTrip.objects.get().over_at == NOON


def test_staff_let_a_held_step_pass_for_a_day() -> None:
    screen([399, 560, 599])
    undo_trip(
        trip_id=BreakerTrip.objects.get().pk, reason="a misprint before", by_id=bob(), now=NOON
    )
    later = NOON + QUIET - timedelta(minutes=1)
    assert screen([399, 560, 599], now=later).public_minor.tolist() == [399, 560, 599]
    after = NOON + QUIET + timedelta(minutes=1)
    assert screen([399, 560, 599], now=after).public_minor.tolist() == [399, 500, 599]


def test_nobody_lets_a_number_that_is_none_pass() -> None:
    nan = {"elasticity": np.array([np.nan, 2.0, 2.0])}
    screen([399, 500, 600], **nan)
    undo_trip(trip_id=BreakerTrip.objects.get().pk, reason="let it pass", by_id=bob(), now=NOON)
    assert screen([399, 500, 600], **nan).public_minor.tolist()[0] == 400


def test_a_model_with_a_hole_still_sells_and_says_so(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: float("nan"), dairy.gouda: 4.0}, trained_at=NOON)

    later = NOON + 2 * DAY
    with committed():
        publish_price_book(now=later)
    row = BreakerTrip.objects.get()
    assert (row.kind, row.evidence["variants"]) == ("number", [dairy.brie])
    assert PublicPrice.objects.get(variant_id=dairy.brie).public_minor == 600
    assert PublicPrice.objects.get(variant_id=dairy.gouda).public_minor == 499
    alice = make_treated()
    look_at(alice, dairy.cheeses, later)
    now = later + timedelta(minutes=1)
    views = quote_variants(context=visit(alice, now), variant_ids=dairy.cheeses).prices
    assert views[dairy.brie].quoted_minor == 600
    assert views[dairy.cheddar].quoted_minor < views[dairy.cheddar].public_minor


def test_with_outdated_costs_the_model_moves_no_price(dairy: Dairy) -> None:
    open_dairy()
    record_pulse(name="costs", at=NOON - 8 * DAY)
    watch_feeds(now=NOON + DAY)
    make_model({dairy.gouda: 4.0}, trained_at=NOON)
    publish_price_book(now=NOON + 2 * DAY)
    assert PublicPrice.objects.get(variant_id=dairy.gouda).public_minor == 500
    record_pulse(name="costs", at=NOON + 2 * DAY)
    watch_feeds(now=NOON + 2 * DAY)
    publish_price_book(now=NOON + 3 * DAY)
    assert PublicPrice.objects.get(variant_id=dairy.gouda).public_minor == 499


def test_a_maximum_of_staffs_holds_while_a_feed_is_silent(dairy: Dairy) -> None:
    """The model asks for a price below the maximum and may have none: the maximum holds."""
    open_dairy()
    record_pulse(name="costs", at=NOON - 8 * DAY)
    watch_feeds(now=NOON + DAY)
    make_model({dairy.gouda: 4.0}, trained_at=NOON, is_causal=True)
    set_override(
        variant_id=dairy.gouda,
        kind="ceiling",
        amount_minor=480,
        reason="the flyer says so",
        by_id=bob(),
        now=NOON + DAY,
        expires_at=NOON + 30 * DAY,
    )
    publish_price_book(now=NOON + 2 * DAY)
    assert PublicPrice.objects.get(variant_id=dairy.gouda).public_minor == 480


def test_an_audit_of_a_model_trips_no_breaker(dairy: Dairy) -> None:
    open_dairy()
    holed = make_model({dairy.brie: float("nan")}, trained_at=NOON - 90 * DAY)
    hits = guard_hits_total.labels(gate="public", action="stale_model")
    counted = hits._value.get()
    row = get_model_version(holed.pk)
    shelves = open_shelves(model=(row, load_model(holed.pk)), place=("us", "online"), now=NOON)
    assert shelves.terms.is_open[shelves.terms.variant_id == dairy.brie].tolist() == [False]
    assert not BreakerTrip.objects.exists()
    assert hits._value.get() == counted
    publish_price_book(now=NOON + 2 * DAY)
    assert kinds() == ["number"]
    assert hits._value.get() > counted
