"""What one unit costs others, everybody or every member, and what they share with a shopper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from promotions.campaigns.api import CompiledBook
from promotions.engine.api import (
    CartLineValue,
    Circumstances,
    EvaluationInput,
    ShopperFacts,
    judge_clock,
)
from promotions.offers.selectors.gathering import Gathered, list_tested_campaigns
from shop.ground.catalog.selectors import catalog_version

# Nothing is known of what they did: neither a condition on it nor its opposite holds.
NOBODY = ShopperFacts(is_private=True)
ANY_MEMBER = ShopperFacts(is_member=True, is_private=True)


def price_for_everyone(lines: Sequence[CartLineValue], gathered: Gathered) -> dict[int, int]:
    """Return what a unit of each costs whom nobody knows, with nothing else in the cart.

    That is the public price less the offers that everybody gets: no code, holdout or experiment.
    """
    if not lines:
        return {}
    asked = gathered.asked
    offers = tuple(
        offer
        for offer in asked.offers
        if offer.audience == "public"
        and not offer.holdout_percent
        and offer.campaign_id not in gathered.tested
    )
    cart = replace(asked.cart, lines=(), personal_cap=None)
    nobody = replace(asked, cart=cart, offers=offers, coupons=(), shopper=NOBODY)
    prices = replace(gathered, asked=nobody).price_units()
    return {
        line.variant_id: prices.price(replace(line, unit_minor=line.everybodys_minor)).amount_minor
        for line in lines
    }


def price_for_members(
    lines: Sequence[CartLineValue], gathered: Gathered, paid: Mapping[int, int]
) -> dict[int, int]:
    """Return what every member would pay, where offers for members make it less than is `paid`."""
    asked = gathered.asked
    theirs = {offer.offer_id for offer in asked.offers if offer.audience == "members"}
    covered = [
        line
        for line in lines
        if any(offer.offer_id in theirs and offer.covers(line) for offer in asked.offers)
    ]
    if not covered:
        return {}
    prices = replace(gathered, asked=_as_any_member(asked)).price_units()
    found = {}
    for line in covered:
        price = prices.price(line)
        is_less = price.amount_minor < paid.get(line.variant_id, line.unit_minor)
        if is_less and not theirs.isdisjoint(price.offer_ids):
            found[line.variant_id] = price.amount_minor
    return found


def _as_any_member(asked: EvaluationInput) -> EvaluationInput:
    """Return the question with what every member gets: none is held out, tested or chosen."""
    tested = list_tested_campaigns()
    return replace(
        asked,
        cart=replace(asked.cart, personal_cap=None),
        offers=tuple(
            offer
            for offer in asked.offers
            if offer.audience != "personal"
            and not offer.holdout_percent
            and offer.campaign_id not in tested
        ),
        shopper=ANY_MEMBER,
    )


type Known = dict[CartLineValue, tuple[Any, int | None]]
MOST_QUESTIONS, MOST_LINES = 256, 4_096


class _Shared:
    """Previews of lines in empty carts under one book of offers, by what they depend on."""

    def __init__(self, book: CompiledBook | None = None) -> None:
        self.book = book
        self.known: dict[object, Known] = {}


_shared = [_Shared()]


def recall_shared(book: CompiledBook, key: object) -> Known:
    """Return what is known under the book so far, to be added to; another book ends all of it."""
    shared = _shared[0]
    if shared.book is not book or len(shared.known) > MOST_QUESTIONS:
        # Replaced, not emptied: other threads may be reading it
        shared = _shared[0] = _Shared(book)
    known = shared.known.setdefault(key, {})
    if len(known) > MOST_LINES:
        known = shared.known[key] = {}
    return known


def shared_key(gathered: Gathered, language: str) -> object | None:
    """Return all that the preview of a line depends on but the line and the book of offers.

    None for what is one shopper's own: a cart, codes, offers for chosen shoppers, behaviour, arms.
    """
    asked = gathered.asked
    cart, shopper = asked.cart, asked.shopper
    is_own = cart.lines or cart.gift_choices or asked.coupons or asked.given or asked.passed_over
    is_tested = any(one.campaign_id in gathered.tested for one in (*asked.offers, *gathered.others))
    if is_own or is_tested or shopper.history or shopper.segment or shopper.tags:
        return None
    given = Circumstances(cart, shopper, gathered.now)
    offers = tuple(
        (one.offer_id, one.left_minor, one.rooms, judge_clock(one.condition, given))
        for one in asked.offers
    )
    # Of strangers it is known whether anybody asks or not
    is_first = shopper.is_first_order if "first_order" in gathered.book.facts else None
    place = cart.currency, cart.market_code, cart.channel, cart.region, cart.time_zone
    return (
        offers,
        (*place, cart.gifts, cart.deliveries, cart.personal_cap),
        (shopper.is_member, is_first, shopper.tier, shopper.groups, shopper.is_private),
        language,
        catalog_version(),
    )
