"""Discount breakdown of a use: products, gifts and delivery."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from promotions.engine.api import AppliedOffer, Evaluation


@dataclass(frozen=True, slots=True)
class DiscountBreakdown:
    """The parts of what an offer gave, minor units: they sum to what counts against budgets.

    `gift_cost_minor` is what the shop pays for the pieces given away, no part of the sum.
    """

    goods_minor: int = 0
    gift_minor: int = 0
    delivery_minor: int = 0
    gift_cost_minor: int = 0


def break_down_discount(
    found: Evaluation,
    offer: AppliedOffer,
    *,
    costs: Mapping[int, int],
    assumed_cost_share: float,
) -> DiscountBreakdown:
    """Return the parts of what `offer` gave in `found`.

    `costs` are minor units by variant; one that is not known is assumed to cost
    `assumed_cost_share` of its price. delivery = amount - off the goods - worth of the gift.

    >>> from promotions.engine.core.answers import AwardedGift
    >>> gift = AwardedGift(7, 1, 12, 2, 300, "offer_gift", "Free rye")
    >>> found = Evaluation((), (AppliedOffer(7, 1, 600, "Free rye"),), (), (), {}, gifts=(gift,))
    >>> break_down_discount(found, found.applied[0], costs={12: 110}, assumed_cost_share=0.7)
    DiscountBreakdown(goods_minor=0, gift_minor=600, delivery_minor=0, gift_cost_minor=220)
    """
    goods = -sum(one.amount_minor for one in found.adjustments if one.offer_id == offer.offer_id)
    gifts = [one for one in found.gifts if one.offer_id == offer.offer_id]
    worth = sum(one.value_minor for one in gifts)
    cost = sum(
        one.quantity * costs.get(one.variant_id, round(assumed_cost_share * one.unit_minor))
        for one in gifts
    )
    return DiscountBreakdown(goods, worth, offer.amount_minor - goods - worth, cost)


def share_of_units(total: int, quantity: int, *, before: int, more: int) -> int:
    """Return the part of `total` that `more` of `quantity` units carry after `before` went back.

    The first `total % quantity` units carry one more, as with money: whatever the order of
    returns, the parts sum to `total`.

    >>> [share_of_units(10, 3, before=n, more=1) for n in range(3)]
    [4, 3, 3]
    """
    each, dearer = divmod(total, quantity)
    return each * more + min(dearer, before + more) - min(dearer, before)
