"""Which gifts an offer can give, and which of them the shopper gets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from promotions.core.carts import GiftStock
from promotions.core.limits import Use
from promotions.core.terms import Gift
from promotions.core.values import Benefit, OfferValue


def list_givable(
    offer: OfferValue, benefit: Benefit, gifts: Sequence[GiftStock], stock: Mapping[int, int]
) -> tuple[GiftStock, ...]:
    """Return the gifts of `offer` in its order: those in `stock` that its caps and limits allow.

    Where a limit has room for none of them all that are in stock are returned: the limit then
    refuses the offer with its own reason.

    >>> from promotions.core.values import BenefitKind
    >>> mug, pen = GiftStock(1, 900, available=0), GiftStock(2, 100, available=5)
    >>> benefit = Benefit(BenefitKind.GIFT, terms=Gift((1, 2)))
    >>> from datetime import UTC, datetime
    >>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> offer = OfferValue(7, 1, "x", {"en": "Gift"}, benefit, noon, noon)
    >>> [gift.variant_id for gift in list_givable(offer, benefit, (mug, pen), {1: 0, 2: 5})]
    [2]
    """
    terms = benefit.terms
    if not isinstance(terms, Gift):
        return ()
    known = {gift.variant_id: gift for gift in gifts}
    cap = benefit.cap_minor
    there = [
        known[variant_id]
        for variant_id in terms.variant_ids
        if variant_id in known
        and stock[variant_id] >= terms.quantity
        and (cap is None or known[variant_id].unit_minor * terms.quantity <= cap)
    ]
    fitting = [gift for gift in there if _fits(offer, gift, terms.quantity)]
    return tuple(fitting or there)


def pick_gift(givable: Sequence[GiftStock], wanted: int | None) -> GiftStock | None:
    """Return the gift the shopper chose if it can be given, else the first; None: there is none.

    >>> mug, pen = GiftStock(1, 900, available=3), GiftStock(2, 100, available=5)
    >>> pick_gift((mug, pen), 2) == pen, pick_gift((mug, pen), 4) == mug, pick_gift((), 2)
    (True, True, None)
    """
    first = next(iter(givable), None)
    return next((gift for gift in givable if gift.variant_id == wanted), first)


def _fits(offer: OfferValue, gift: GiftStock, quantity: int) -> bool:
    worth = gift.unit_minor * quantity
    if offer.left_minor is not None and worth > offer.left_minor:
        return False
    return not any(room.refusal(Use(quantity, worth)) for room in offer.rooms)
