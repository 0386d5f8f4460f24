"""Results of the evaluator: adjustments, gifts, delivery cuts, points, refusals and hints.

All amounts are integer minor units of the cart's currency. `law_label` is what the law of the
shopper's place wants said of an offer for chosen shoppers, in words; empty for offers to all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed change to one line: always negative, with who caused it.

    `capped_at` is the cap on personal discounts, in percent of the price for everybody, where the
    offer would have taken more off this line without it; else empty. `is_on_order`: it is the
    line's share of what came off the order as a whole, which shoppers read once, below the lines.
    """

    offer_id: int
    campaign_id: int
    line_id: str
    amount_minor: int
    reason_code: str
    label: str
    coupon_code: str | None = None
    revision: int | None = None
    law_label: str = ""
    capped_at: str = ""
    is_on_order: bool = False


@dataclass(frozen=True, slots=True)
class AppliedOffer:
    """An offer that gave something, and how much in all (positive).

    `amount_minor` counts against budgets: what it took off products, the worth of its gift, and
    what it took off the delivery that was chosen. An offer of points gives 0.
    """

    offer_id: int
    campaign_id: int
    amount_minor: int
    label: str
    coupon_code: str | None = None
    coupon_id: int | None = None
    units: int = 1
    revision: int | None = None
    law_label: str = ""


@dataclass(frozen=True, slots=True)
class AwardedGift:
    """Pieces an offer adds for nothing. `unit_minor` is what one would cost.

    `variant_id` is one of `choices`: the variants the offer could give with this cart.
    """

    offer_id: int
    campaign_id: int
    variant_id: int
    quantity: int
    unit_minor: int
    reason_code: str
    label: str
    coupon_code: str | None = None
    revision: int | None = None
    law_label: str = ""
    choices: tuple[int, ...] = ()

    @property
    def value_minor(self) -> int:
        """Return what the pieces would cost."""
        return self.unit_minor * self.quantity


@dataclass(frozen=True, slots=True)
class DeliveryCut:
    """What an offer takes off the fee of one way of delivery: always negative."""

    offer_id: int
    campaign_id: int
    method_code: str
    amount_minor: int
    reason_code: str
    label: str
    coupon_code: str | None = None
    revision: int | None = None
    law_label: str = ""


@dataclass(frozen=True, slots=True)
class PointsGrant:
    """Points an offer promises for this cart. Whoever keeps the ledger books them."""

    offer_id: int
    campaign_id: int
    points: int
    label: str


@dataclass(frozen=True, slots=True)
class Rejection:
    """A code (or offer) that did not apply, and truly why."""

    reason_code: str
    message: str
    code: str | None = None
    offer_id: int | None = None
    detail: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LimitedOffer:
    """An offer that gives less than it means, since a limit or budget leaves no more, in words.

    `units` are the units it lowers all the same.
    """

    offer_id: int
    reason_code: str
    message: str
    units: int


@dataclass(frozen=True, slots=True)
class Hint:
    """A near miss: what would unlock an offer this shopper may have."""

    offer_id: int
    reason_code: str
    message: str
    missing_minor: int = 0
    missing_quantity: int = 0
    law_label: str = ""


@dataclass(frozen=True, slots=True)
class Floored:
    """An offer that a price floor kept from taking all it promises off a line."""

    offer_id: int
    line_id: str
    label: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole answer. `totals` maps every line id to its price after all adjustments.

    `deliveries` are the reductions on every way of delivery, whichever is chosen. `lost_gifts` are
    the offers whose gift the shopper chose and still earns, but that give nothing any more.
    `personal_cap` is the cap it was made under, as in the cart; `floored` are the offers that a
    price floor cut, `partly_given` those that limits cut short.
    """

    adjustments: tuple[Adjustment, ...]
    applied: tuple[AppliedOffer, ...]
    rejected: tuple[Rejection, ...]
    hints: tuple[Hint, ...]
    totals: Mapping[str, int]
    gifts: tuple[AwardedGift, ...] = ()
    deliveries: tuple[DeliveryCut, ...] = ()
    points: tuple[PointsGrant, ...] = ()
    lost_gifts: tuple[int, ...] = ()
    personal_cap: int | None = None
    floored: tuple[Floored, ...] = ()
    partly_given: tuple[LimitedOffer, ...] = ()

    @property
    def discount_minor(self) -> int:
        """Return the sum of all reductions of products, positive."""
        return -sum(adjustment.amount_minor for adjustment in self.adjustments)
