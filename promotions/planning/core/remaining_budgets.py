"""Remaining budgets and gifts, used up cart by cart in order of time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

from promotions.engine.api import CartValue, Evaluation, GiftStock, OfferValue


@dataclass(slots=True)
class RemainingBudgets:
    """What is left: minor units by campaign with a budget, pieces by variant that may be given.

    >>> budgets = RemainingBudgets({7: 100})
    >>> budgets.has(7, 101), budgets.has(7, 100), budgets.has(8, 10**9)
    (False, True, True)
    """

    left: dict[int, int] = field(default_factory=dict)
    gifts: dict[int, GiftStock] = field(default_factory=dict)

    def has(self, campaign_id: int, amount_minor: int) -> bool:
        """Return whether the campaign's budget has room for so much; without one it always has."""
        return self.left.get(campaign_id, amount_minor) >= amount_minor

    def bound(
        self, offers: Iterable[OfferValue], *, free: Collection[int] = ()
    ) -> list[OfferValue]:
        """Return the offers with what their campaigns have left; those in `free` without bounds."""
        return [
            replace(
                offer,
                left_minor=None
                if offer.campaign_id in free
                else self.left.get(offer.campaign_id, offer.left_minor),
            )
            for offer in offers
        ]

    def fill(self, cart: CartValue) -> CartValue:
        """Return the cart with the gifts that are there, beyond what it buys itself."""
        bought = {line.variant_id: line.quantity for line in cart.lines}
        gifts = tuple(
            replace(one, available=max(0, one.available - bought.get(one.variant_id, 0)))
            for one in self.gifts.values()
        )
        return replace(cart, gifts=gifts)

    def pay(self, found: Evaluation) -> None:
        """Take what an evaluation gave off money and gifts."""
        for one in found.applied:
            if one.campaign_id in self.left:
                self.left[one.campaign_id] -= one.amount_minor
        for gift in found.gifts:
            stock = self.gifts[gift.variant_id]
            self.gifts[gift.variant_id] = replace(stock, available=stock.available - gift.quantity)
