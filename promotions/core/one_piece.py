"""One piece of one good as a cart of its own: what prices before the cart are reckoned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from promotions.core.carts import CartLineValue, CartValue
from promotions.core.circumstances import Circumstances
from promotions.core.conditions import ALWAYS, may_hold
from promotions.core.evaluate_missing import find_missing
from promotions.core.stacking import Candidate, Plan, best_plan
from promotions.core.values import OfferValue


def put_alone(line: CartLineValue, cart: CartValue) -> CartValue:
    """Return `cart` with one piece of the line and nothing else."""
    return replace(cart, lines=(line if line.quantity == 1 else replace(line, quantity=1),))


def is_plain(offer: OfferValue) -> bool:
    """Return whether nothing about a good decides if the offer applies, but that it is covered."""
    return offer.condition == ALWAYS and offer.benefit.terms is None


def may_apply(offer: OfferValue, given: Circumstances) -> bool:
    """Return False where goods, place or hour already rule the offer out, whoever asks.

    True says nothing yet: the shopper, dates, budgets and limits are not looked at.
    """
    return may_hold(offer.condition, given) and not find_missing(offer, given.cart.lines)


def piece_key(line: CartLineValue, offers: Sequence[OfferValue]) -> tuple[int, ...]:
    """Return what the price of a piece depends on once it is known which `offers` apply to it.

    Scopes and conditions are settled by then: of the good only its amounts count. The same for
    one shopper at one moment, whose offers have the same budgets and limits on every good.
    """
    amounts = line.unit_minor, line.floor_minor, line.public_minor
    return (*amounts, *(offer.offer_id for offer in offers))


def lower_piece(offers: Sequence[OfferValue], alone: CartValue) -> Plan:
    """Return the best combination of `offers`, all of which apply to the one line of `alone`.

    It is what `evaluate_offers` finds for them, without asking again whether they apply and
    without words for those that lost.
    """
    return best_plan([Candidate(offer) for offer in offers], alone)
