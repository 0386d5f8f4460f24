"""What one unit costs others, everybody or every member: a shopper's price is compared with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from promotions.engine.api import CartLineValue, EvaluationInput, ShopperFacts
from promotions.offers.selectors.gathering import Gathered, list_tested_campaigns

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
