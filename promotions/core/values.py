"""What crosses rooms: carts, offers, coupons in; adjustments, refusals and hints out.

All amounts are integer minor units of the cart's currency. Nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from promotions.core.carts import EVERYTHING, CartLineValue, CartValue, Scope, ShopperFacts
from promotions.core.conditions import ALWAYS, Condition
from promotions.core.limits import Room


class BenefitKind(StrEnum):
    """How a benefit is measured."""

    PERCENTAGE = "percentage"
    FIXED_AMOUNT = "fixed_amount"


class Target(StrEnum):
    """What one application of a benefit is computed on."""

    UNIT = "unit"
    LINE = "line"
    CART = "cart"


class Stacking(StrEnum):
    """STACK combines; of the BEST offers of one group one applies; EXCLUSIVE stands alone."""

    STACK = "stack"
    BEST = "best"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the shopper gains: `percent` (0-100] or `amount_minor`, at most `cap_minor` an order."""

    kind: BenefitKind
    target: Target = Target.LINE
    percent: Decimal | None = None
    amount_minor: int | None = None
    cap_minor: int | None = None


@dataclass(frozen=True, slots=True)
class OfferValue:
    """One offer of a campaign, as the evaluator takes it.

    `left_minor` is what remains of the campaign's budget (None: no budget) and `rooms` what its
    use limits leave, both read fresh.
    """

    offer_id: int
    campaign_id: int
    code: str
    name: Mapping[str, str]
    benefit: Benefit
    starts_at: datetime
    ends_at: datetime
    condition: Condition = ALWAYS
    scope: Scope = EVERYTHING
    stacking: Stacking = Stacking.STACK
    stacking_group: str = ""
    priority: int = 0
    audience: str = "public"
    status: str = "live"
    market_code: str = ""
    requires_coupon: bool = False
    left_minor: int | None = None
    rooms: tuple[Room, ...] = ()

    def label(self, language: str) -> str:
        """Return the offer's name in `language`, English where it has no other."""
        return self.name.get(language) or self.name["en"]


@dataclass(frozen=True, slots=True)
class CouponValue:
    """A code as entered, and what the database knows about it. `offer` None: no such code."""

    code: str
    offer: OfferValue | None = None
    coupon_id: int | None = None
    is_active: bool = True
    is_used_up: bool = False
    is_used_up_by_shopper: bool = False
    is_held_by_shopper: bool = False


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A signed change to one line: always negative, with who caused it."""

    offer_id: int
    campaign_id: int
    line_id: str
    amount_minor: int
    reason_code: str
    label: str
    coupon_code: str | None = None


@dataclass(frozen=True, slots=True)
class AppliedOffer:
    """An offer that lowered the cart, by how much in all (positive) and how many units of it."""

    offer_id: int
    campaign_id: int
    amount_minor: int
    label: str
    coupon_code: str | None = None
    coupon_id: int | None = None
    units: int = 1


@dataclass(frozen=True, slots=True)
class Rejection:
    """A code (or offer) that did not apply, and truly why."""

    reason_code: str
    message: str
    code: str | None = None
    offer_id: int | None = None
    detail: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Hint:
    """A near miss: what would unlock an offer this shopper may have."""

    offer_id: int
    reason_code: str
    message: str
    missing_minor: int = 0
    missing_quantity: int = 0


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The whole answer. `totals` maps every line id to its price after all adjustments."""

    adjustments: tuple[Adjustment, ...]
    applied: tuple[AppliedOffer, ...]
    rejected: tuple[Rejection, ...]
    hints: tuple[Hint, ...]
    totals: Mapping[str, int]

    @property
    def discount_minor(self) -> int:
        """Return the sum of all reductions, positive."""
        return -sum(adjustment.amount_minor for adjustment in self.adjustments)


__all__ = [
    "Adjustment",
    "AppliedOffer",
    "Benefit",
    "BenefitKind",
    "CartLineValue",
    "CartValue",
    "CouponValue",
    "Evaluation",
    "Hint",
    "OfferValue",
    "Rejection",
    "Scope",
    "ShopperFacts",
    "Stacking",
    "Target",
]
