"""One piece of one good as a cart of its own: what prices before the cart are reckoned on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from promotions.core.carts import CartLineValue, CartValue
from promotions.core.circumstances import Circumstances
from promotions.core.conditions import ALWAYS, may_hold
from promotions.core.evaluate_missing import find_missing
from promotions.core.stacking import Candidate, best_plan
from promotions.core.values import OfferValue

MOST_KEPT = 20_000
PieceKey = tuple[tuple[int | None, int, int, int], tuple[tuple[int, int | None, object], ...]]


@dataclass(frozen=True, slots=True)
class Lowered:
    """The offers that take something off one piece, in the order applied, and how much."""

    offer_ids: tuple[int, ...]
    amount_minor: int


Pieces = dict[PieceKey, Lowered]


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


def piece_key(offers: Sequence[OfferValue], alone: CartValue) -> PieceKey:
    """Return what the price of a piece depends on once it is known which `offers` apply to it.

    Scopes and conditions are settled by then: of the good only its amounts count, of an offer
    which one of the book it is and what its budget and limits leave. A budget with room for the
    whole price is as good as any greater one.
    """
    line = alone.lines[0]
    unit = line.unit_minor
    return (
        (alone.personal_cap, unit, line.floor_minor, line.public_minor),
        tuple((o.offer_id, o.left_minor and min(o.left_minor, unit), o.rooms) for o in offers),
    )


def lower_piece(offers: Sequence[OfferValue], alone: CartValue, known: Pieces) -> Lowered:
    """Return what `offers`, all of which apply to the one line of `alone`, take off it together.

    It is what `evaluate_offers` finds for them, without asking again whether they apply and
    without words for those that lost. `known` remembers it for one book of offers.
    """
    key = piece_key(offers, alone)
    found = known.get(key)
    if found is None:
        if len(known) >= MOST_KEPT:
            known.clear()
        plan = best_plan([Candidate(offer) for offer in offers], alone)
        used = [effect for effect in plan.effects if effect.is_used]
        ids = tuple(effect.candidate.offer.offer_id for effect in used)
        found = known[key] = Lowered(ids, sum(sum(effect.taken) for effect in used))
    return found
