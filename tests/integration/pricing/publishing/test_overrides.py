"""Prices set by hand hold for their time, inside the gate, and end by themselves."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pricing.api import floor_minor, list_overrides, list_quality, publish_price_book
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.publishing.services.overrides import OverrideRefused, end_override, set_override
from pricing.publishing.services.products import Ask, set_list_prices
from pricing.tasks import publish_set_prices
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.outbox.models import Fact
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, committed, make_model, open_dairy

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)
DAY = timedelta(days=1)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def fix(variant: int, amount: int, *, days: int = 5, now: datetime = LATER, **fields: str) -> int:
    return set_override(
        variant_id=variant,
        amount_minor=amount,
        expires_at=now + timedelta(days=days),
        reason="anniversary",
        by_id=None,
        now=now,
        **fields,
    )


def test_a_set_price_is_published_once_it_is_kept(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dairy()
    woken: list[str] = []
    monkeypatch.setattr(
        publish_set_prices, "apply_async", lambda *_, **to: woken.append(to["queue"])
    )
    with committed():
        fix(dairy.brie, 570)
        set_list_prices(asks={dairy.gouda: Ask(480)}, market="us", now=LATER)
        assert woken == []
    assert woken == ["prices"]  # both at once


def test_a_fixed_price_holds_until_it_expires_and_then_returns(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 570)
    assert publish_price_book(now=LATER).variants == 1
    assert public_of(dairy.brie) == 570
    entry = PriceLedgerEntry.objects.filter(variant_id=dairy.brie).latest("id")
    assert (entry.amount_minor, entry.source) == (570, "staff")
    assert not publish_price_book(now=LATER + timedelta(minutes=15)).is_new
    publish_price_book(now=LATER + 2 * DAY, everything=True)
    assert public_of(dairy.brie) == 570
    publish_price_book(now=LATER + 5 * DAY + timedelta(hours=2), everything=True)
    assert public_of(dairy.brie) == 600


def test_a_price_shown_for_a_week_allows_one_further_step(
    dairy: Dairy,
) -> None:
    open_dairy()
    change_policy(shock_share=0.0)
    fix(dairy.brie, 540)
    publish_price_book(now=LATER)
    make_model({dairy.brie: 6.0, dairy.gouda: 6.0}, trained_at=LATER)
    for day, brie, gouda in ((6, 540, 499), (8, 539, 499)):
        publish_price_book(now=LATER + day * DAY, everything=True)
        assert (public_of(dairy.brie), public_of(dairy.gouda)) == (brie, gouda)


def test_the_end_of_an_override_reprices_its_variant(dairy: Dairy) -> None:
    open_dairy()
    override = fix(dairy.brie, 570)
    publish_price_book(now=LATER)
    ended = LATER + timedelta(hours=2)
    assert end_override(override_id=override, by_id=None, now=ended)
    assert not end_override(override_id=override, by_id=None, now=ended)
    assert publish_price_book(now=ended + timedelta(minutes=1)).variants == 1
    assert public_of(dairy.brie) == 600


def test_a_far_price_is_reached_a_step_a_day(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 450)
    prices = []
    for hours in (0, 25, 50, 75):
        publish_price_book(now=LATER + timedelta(hours=hours))
        prices.append(public_of(dairy.brie))
    assert prices == [540, 486, 450, 450]


def test_the_model_does_not_move_a_fixed_price(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 580)
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    for hours in (0, 30):
        publish_price_book(now=LATER + timedelta(hours=hours), everything=True)
    assert public_of(dairy.brie) == 580


def test_a_fixed_price_needs_no_model(dairy: Dairy) -> None:
    publish_price_book(now=NOON)
    fix(dairy.brie, 580)
    publish_price_book(now=LATER)
    assert public_of(dairy.brie) == 580


def test_a_minimum_price_bounds_the_model_and_every_offer(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 600, kind="floor")
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    publish_price_book(now=LATER, everything=True)
    assert public_of(dairy.brie) == 600
    assert (
        floor_minor(variant_ids=[dairy.brie], now=LATER + timedelta(seconds=5))[dairy.brie] == 600
    )


def test_a_maximum_price_lowers_what_stands_above_it(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 560, kind="ceiling")
    publish_price_book(now=LATER)
    assert public_of(dairy.brie) <= 560


def test_the_newest_override_counts_and_repeating_it_adds_none(dairy: Dairy) -> None:
    open_dairy()
    first = fix(dairy.brie, 580)
    assert fix(dairy.brie, 580) == first
    second = fix(dairy.brie, 570)
    assert [one.id for one in list_overrides(now=LATER + timedelta(hours=1))] == [second]
    publish_price_book(now=LATER + timedelta(hours=1))
    assert public_of(dairy.brie) == 570
    assert PriceOverride.objects.get(pk=first).ended_at == LATER
    every = list_overrides(now=LATER, only_in_force=False)
    assert [one.id for one in every] == [second, first]
    assert Fact.objects.filter(kind="PriceOverrideSet").count() == 2


@pytest.mark.parametrize(
    ("amount", "days", "reason", "said"),
    [
        (0, 5, "x", "above zero"),
        (390, 5, "x", "between the floor and the ceiling"),
        (601, 5, "x", "between the floor and the ceiling"),
        (570, -1, "x", "in the past"),
        (570, 400, "x", "a year at most"),
        (570, 5, "  ", "Give a reason"),
    ],
)
def test_an_override_that_cannot_stand_is_refused(
    dairy: Dairy, amount: int, days: int, reason: str, said: str
) -> None:
    open_dairy()
    with pytest.raises(OverrideRefused, match=said):
        set_override(
            variant_id=dairy.brie,
            amount_minor=amount,
            expires_at=LATER + timedelta(days=days),
            reason=reason,
            by_id=None,
            now=LATER,
        )


def test_an_archived_variant_takes_no_price(dairy: Dairy) -> None:
    open_dairy()
    Variant.objects.filter(pk=dairy.brie).update(is_active=False)
    with pytest.raises(OverrideRefused, match="archived"):
        fix(dairy.brie, 580)


def test_what_is_wrong_with_our_numbers_is_listed_with_sentences(dairy: Dairy) -> None:
    Variant.objects.filter(pk=dairy.rye).update(cost_minor=None, cost_source="unknown")
    forget_catalog()
    open_dairy()
    report = list_quality(code="cost_unknown")
    assert (report.total, report.counts["cost_unknown"]) == (1, 1)
    (row,) = report.rows
    assert row.variant_id == dairy.rye
    assert {"cost_unknown", "lone_in_category", "one_price"} <= set(row.codes)
    assert "Cost unknown: assumed as a share of the list price" in row.sentences
    assert list_quality(limit=2).total == 7
    assert len(list_quality(offset=6).rows) == 1


def test_badges_outlive_a_book_of_a_few_variants(dairy: Dairy) -> None:
    open_dairy()
    before = list_quality().counts
    set_list_prices(asks={dairy.brie: Ask(590)}, market="us", now=LATER)
    publish_price_book(now=LATER + timedelta(hours=1))
    after = list_quality().counts
    assert after["lone_in_category"] == before["lone_in_category"] == 3
    assert after["new_item"] == before["new_item"] - 1
