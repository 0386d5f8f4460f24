"""Partner shares of discounts, exact to the cent, and their reversal on returns."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from shop.ground.kernel.money import share_minor


@dataclass(frozen=True, slots=True)
class Share:
    """A partner's share of one campaign: `percent` of the discount on its own products.

    `variant_ids` None: on all products. `left_minor` is what the cap still leaves (None: no cap).
    """

    percent: Decimal
    variant_ids: frozenset[int] | None = None
    left_minor: int | None = None

    def covers(self, variant_id: int | None) -> bool:
        """Return whether the partner pays for discounts on this variant, None: the delivery.

        The delivery is of no product: who pays for listed products only does not share it.
        """
        return self.variant_ids is None or variant_id in self.variant_ids


def split_cost(share: Share, discounts: list[tuple[int | None, int]]) -> list[int]:
    """Return the partner's part of each (variant id, discount in minor units), rounded half up.

    Lines are settled in their order; when the cap is reached the rest is the shop's.

    >>> share = Share(Decimal(50), variant_ids=frozenset({1}), left_minor=60)
    >>> split_cost(share, [(1, 101), (2, 80), (None, 499), (1, 40)])
    [51, 0, 0, 9]
    """
    left, parts = share.left_minor, []
    for variant_id, discount_minor in discounts:
        part = share_minor(discount_minor, share.percent) if share.covers(variant_id) else 0
        if left is not None:
            part = min(part, left)
            left -= part
        parts.append(part)
    return parts
