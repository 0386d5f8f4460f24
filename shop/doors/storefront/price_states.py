"""The states of the price block, each as a card: for pictures of all of them and for tests."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from pricing.base.core.texts import GERMAN_LOWEST, say
from pricing.base.core.values import PriceView
from pricing.ledger.core.record import PUBLIC_TEST
from promotions.offers.api import Deal, LinePreview
from shop.doors.pages.values import ProductCard
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.kernel.translation import pgettext_noop, translate

QUOTE = UUID("0198c5e0-0000-7000-8000-000000000001")
ENDS = datetime(2026, 12, 1, 5, tzinfo=UTC)

LabelOf = Callable[[str, str], str]
"""What a place says of a price: of place and label code, "" for the place's own."""


@dataclass(frozen=True, slots=True)
class PriceState:
    """A state by its number in the design, in words, and a card that is in it."""

    number: str
    name: str
    item: ProductCard


def list_states(card: CatalogCard, language: str, label_of: LabelOf) -> list[PriceState]:
    """Return the states, made of one product that costs 2.79 and holds four quarts."""
    card = replace(card, available=40)
    unit = translate(pgettext_noop("unit", "qt"), language)
    price = PriceView(
        variant_id=card.variant_id,
        currency="USD",
        list_minor=300,
        public_minor=279,
        quoted_minor=279,
        is_personal=False,
        unit_minor=70,
        unit_label=unit,
        units=4.0,
    )
    mine = replace(price, quoted_minor=259, is_personal=True, quote_id=QUOTE)
    mine = replace(mine, label=label_of("US-other", ""), label_code="generic")
    public = ProductCard(card, price)
    rows = sorted(
        (
            ("1", pgettext_noop("price state", "public"), public),
            *_public_states(card, price, language, label_of),
            *_personal_states(public, mine, language, label_of),
        ),
        key=lambda row: (len(row[0]), row[0]),
    )
    return [PriceState(number, translate(name, language), item) for number, name, item in rows]


def _personal_states(
    public: ProductCard, mine: PriceView, language: str, label_of: LabelOf
) -> tuple[tuple[str, str, ProductCard], ...]:
    """Return the states with a personal price, and those of places."""
    personal = replace(public, price=mine)
    new_york = replace(public, price=_in_new_york(mine, label_of))
    china = replace(public, price=_in_china(mine, label_of))
    germany = replace(public, price=_in_germany(mine, language, label_of))
    reduced = replace(public, price=_reduced_in_germany(public.price, language))
    return (
        ("3", pgettext_noop("price state", "personal"), personal),
        (
            "4",
            pgettext_noop("price state", "personal and an offer"),
            replace(personal, offer=_offer(public.card, 233, everyone_minor=251)),
        ),
        ("12b", pgettext_noop("price state", "New York"), new_york),
        ("12c", pgettext_noop("price state", "China"), china),
        ("12a", pgettext_noop("price state", "Germany"), germany),
        ("12a", pgettext_noop("price state", "Germany, reduced"), reduced),
    )


def _offer(
    card: CatalogCard,
    adjusted_minor: int,
    audience: str = "public",
    everyone_minor: int | None = None,
) -> LinePreview:
    return LinePreview(
        card.variant_id,
        adjusted_minor,
        279,
        labels=("\u221210%",),
        ends_at=ENDS,
        audience=audience,
        everyone_minor=everyone_minor,
    )


def _public_states(
    card: CatalogCard, price: PriceView, language: str, label_of: LabelOf
) -> tuple[tuple[str, str, ProductCard], ...]:
    """Return the states without a personal price."""
    public = ProductCard(card, price)
    name = say("reference_name:eu_low30_offered_before_start", language)
    was = replace(
        price, public_minor=249, quoted_minor=249, reference_minor=279, reference_name=name
    )
    two = LinePreview(card.variant_id, 279, 279, deals=(Deal(7, "2 × 5.00", 2, 500),))
    test = replace(price, public_minor=269, quoted_minor=269, label_code=PUBLIC_TEST)
    return (
        ("2", pgettext_noop("price state", "was"), ProductCard(card, was)),
        *_account_states(public),
        ("6", pgettext_noop("price state", "several pieces"), replace(public, offer=two)),
        (
            "7",
            pgettext_noop("price state", "price test"),
            replace(public, price=replace(test, label=label_of("US-other", PUBLIC_TEST))),
        ),
        (
            "8",
            pgettext_noop("price state", "sold out"),
            replace(public, card=replace(card, available=0)),
        ),
        (
            "9",
            pgettext_noop("price state", "loose"),
            replace(public, card=replace(card, is_loose=True)),
        ),
        (
            "11",
            pgettext_noop("price state", "tobacco"),
            replace(public, is_same_for_all=True, minimum_age=21),
        ),
    )


def _account_states(public: ProductCard) -> tuple[tuple[str, str, ProductCard], ...]:
    """Return the states of prices with an account."""
    offer = _offer(public.card, 249, "members", everyone_minor=279)
    return (
        ("5", pgettext_noop("price state", "with an account"), replace(public, offer=offer)),
        ("5b", pgettext_noop("price state", "guest"), replace(public, members_minor=249)),
        (
            "5c",
            pgettext_noop("price state", "with an account, money off the order"),
            replace(public, offer=replace(offer, reached_minor=500)),
        ),
    )


def _in_new_york(mine: PriceView, label_of: LabelOf) -> PriceView:
    return replace(mine, label=label_of("US-NY", ""), label_code="us-ny")


def _in_china(mine: PriceView, label_of: LabelOf) -> PriceView:
    return replace(mine, currency="CNY", label=label_of("CN", ""), label_code="cn")


def _in_germany(mine: PriceView, language: str, label_of: LabelOf) -> PriceView:
    liter = translate(pgettext_noop("unit", "1 l"), language)
    euro = replace(mine, currency="EUR", unit_minor=68, unit_label=liter, units=3.785)
    return replace(euro, label=label_of("DE", ""), label_code="eu")


def _reduced_in_germany(price: PriceView, language: str) -> PriceView:
    liter = translate(pgettext_noop("unit", "1 l"), language)
    euro = replace(price, currency="EUR", unit_minor=66, unit_label=liter, units=3.785)
    euro = replace(euro, reference_minor=279, reference_name=GERMAN_LOWEST)
    return replace(euro, public_minor=249, quoted_minor=249)
