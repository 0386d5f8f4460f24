"""Scarce stock, substitutes and what must be gone move prices where policy or staff say so."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from pricing.api import publish_price_book
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.publishing.services.books import open_book
from pricing.publishing.services.overrides import OverrideRefused, set_override
from shop.ground.inventory.core.values import DeliveryLine
from shop.ground.inventory.models import StockLocation, StockRecord
from shop.ground.inventory.services import expect_deliveries
from tests.factories.choices import store_night
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)
DAY = timedelta(days=1)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def stock(variant: int, pieces: int) -> None:
    place, _ = StockLocation.objects.get_or_create(code="online", defaults={"name": "Online"})
    StockRecord.objects.update_or_create(
        variant_id=variant, location=place, defaults={"on_hand": pieces}
    )


def lower_and_open(dairy: Dairy, **policy: float) -> None:
    """Open the dairy with brie a tenth below its list price, so that it may rise."""
    open_dairy()
    change_policy(**policy)
    PublicPrice.objects.filter(variant_id=dairy.brie).update(public_minor=540, anchor_minor=540)
    make_model({dairy.brie: 3.2, dairy.camembert: 3.2}, trained_at=NOON, is_causal=True)


@pytest.mark.parametrize(("pieces", "days", "is_dearer"), [(3, 14, True), (900, 14, False)])
def test_scarce_stock_is_dearer_until_it_comes_again(
    dairy: Dairy, pieces: int, days: int, is_dearer: bool
) -> None:
    lower_and_open(dairy, restock_days=days)
    stock(dairy.brie, pieces)
    publish_price_book(now=LATER, everything=True)
    assert (public_of(dairy.brie) > 540) is is_dearer
    assert public_of(dairy.brie) <= 594
    said = PriceProposal.objects.filter(variant_id=dairy.brie, bound__contains=["scarce_stock"])
    assert said.exists() is is_dearer


@pytest.mark.parametrize(("pieces", "has_cost"), [(3, True), (0, True), (900, False)])
def test_a_quote_knows_what_a_scarce_piece_costs_besides(
    dairy: Dairy, pieces: int, has_cost: bool
) -> None:
    lower_and_open(dairy, restock_days=14)
    stock(dairy.brie, pieces)
    stock(dairy.camembert, 900)
    publish_price_book(now=LATER, everything=True)
    row = PriceBook.objects.order_by("-version").first()
    assert row is not None
    book = open_book(row, currency="USD", exponent=2)
    at, _ = book.find(np.array([dairy.brie, dairy.camembert]))
    extra = book.terms.extra_cost[at]
    assert bool(extra[0] > 0.0) is has_cost
    assert extra[1] == 0.0
    assert extra[0] < book.terms.public_minor[at[0]]


@pytest.mark.parametrize(
    ("policy_days", "delivery_days", "is_dearer"), [(14, 1, False), (1, 28, True), (14, -3, True)]
)
def test_a_known_delivery_counts_instead_of_the_policys_days(
    dairy: Dairy, policy_days: int, delivery_days: int, is_dearer: bool
) -> None:
    lower_and_open(dairy, restock_days=policy_days)
    stock(dairy.brie, 3)
    day = LATER.date() + timedelta(days=delivery_days)
    assert expect_deliveries(lines=[DeliveryLine(dairy.brie, day)]) == 1
    assert expect_deliveries(lines=[DeliveryLine(dairy.brie, day)]) == 0
    publish_price_book(now=LATER, everything=True)
    assert (public_of(dairy.brie) > 540) is is_dearer


def test_without_a_word_in_the_policy_stock_moves_nothing(dairy: Dairy) -> None:
    lower_and_open(dairy)
    stock(dairy.brie, 3)
    publish_price_book(now=LATER, everything=True)
    assert public_of(dairy.brie) <= 540


def test_losses_of_siblings_raise_a_price_in_every_book(
    dairy: Dairy,
) -> None:
    lower_and_open(dairy, substitution_share=0.6)
    publish_price_book(now=LATER, everything=True)
    assert public_of(dairy.brie) > 540


@pytest.mark.parametrize(("lost", "is_dearer"), [(0.6, True), (0.0, False)])
def test_losses_of_siblings_count_without_a_policy(
    dairy: Dairy, lost: float, is_dearer: bool
) -> None:
    lower_and_open(dairy)
    store_night(dairy.cheese, lost)
    publish_price_book(now=LATER, everything=True)
    assert (public_of(dairy.brie) > 540) is is_dearer


def test_a_clearance_price_falls_but_not_below_its_minimum(dairy: Dairy) -> None:
    open_dairy()
    change_policy(shock_share=0.0)
    make_model({dairy.brie: 2.5}, trained_at=NOON)
    stock(dairy.brie, 200)
    set_override(
        variant_id=dairy.brie,
        kind="clear",
        amount_minor=450,
        expires_at=LATER + 6 * DAY,
        reason="best before",
        by_id=None,
        now=LATER,
    )
    prices = []
    for days in range(5):
        publish_price_book(now=LATER + days * DAY + timedelta(hours=days), everything=True)
        prices.append(public_of(dairy.brie))
    assert prices == sorted(prices, reverse=True)
    assert prices[0] < 600
    assert 450 <= prices[-1] < 500
    row = PriceProposal.objects.filter(variant_id=dairy.brie).latest("id")
    assert (row.state, row.cause) == ("published", "staff")
    assert "clearing" in row.bound


def test_ample_time_clears_at_the_price_that_holds(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: 2.5}, trained_at=NOON)
    stock(dairy.brie, 2)
    set_override(
        variant_id=dairy.brie,
        kind="clear",
        amount_minor=450,
        expires_at=LATER + 25 * DAY,
        reason="season over",
        by_id=None,
        now=LATER,
    )
    publish_price_book(now=LATER)
    assert public_of(dairy.brie) == 600


def test_nothing_is_cleared_below_the_floor(dairy: Dairy) -> None:
    open_dairy()
    with pytest.raises(OverrideRefused, match="between the floor and the ceiling"):
        set_override(
            variant_id=dairy.brie,
            kind="clear",
            amount_minor=300,
            expires_at=LATER + DAY,
            reason="best before",
            by_id=None,
            now=LATER,
        )
    assert not PriceOverride.objects.exists()


@pytest.mark.parametrize("wrong", [{"restock_days": 400}, {"substitution_share": 0.95}])
def test_a_policy_cannot_say_what_makes_no_sense(dairy: Dairy, wrong: dict[str, float]) -> None:
    with (
        pytest.raises(IntegrityError, match="policy_sane_surroundings"),
        transaction.atomic(),
    ):
        change_policy(**wrong)
