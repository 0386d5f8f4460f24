"""Values shared with other rooms: carts, offers and coupons in; `answers` out.

All amounts are integer minor units of the cart's currency. Nothing here knows a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from promotions.engine.core.answers import (
    Adjustment,
    AppliedOffer,
    AwardedGift,
    DeliveryCut,
    Evaluation,
    Hint,
    LimitedOffer,
    PointsGrant,
    Rejection,
)
from promotions.engine.core.benefits.terms import (
    Bundle,
    Terms,
    extra_scopes,
    hide_in_terms,
    hide_variants,
)
from promotions.engine.core.carts import (
    EVERYTHING,
    CartLineValue,
    CartValue,
    DeliveryFee,
    GiftStock,
    Scope,
    ShopperFacts,
)
from promotions.engine.core.conditions.tree import ALWAYS, Condition, picks_shoppers
from promotions.engine.core.limits import Room
from promotions.engine.core.stacking.rules import Category, Group, GroupMode


class BenefitKind(StrEnum):
    """How a benefit is measured."""

    PERCENTAGE = "percentage"
    FIXED_AMOUNT = "fixed_amount"
    SET_PRICE = "set_price"
    GIFT = "gift"
    BUY_GET = "buy_get"
    CHEAPEST_FREE = "cheapest_free"
    BUNDLE = "bundle"
    QUANTITY_TIERS = "quantity_tiers"
    SPEND_TIERS = "spend_tiers"
    DELIVERY = "delivery"
    POINTS = "points"


class Target(StrEnum):
    """What one application of a benefit is computed on."""

    UNIT = "unit"
    LINE = "line"
    CART = "cart"


ON_ORDER = (BenefitKind.PERCENTAGE, BenefitKind.FIXED_AMOUNT, BenefitKind.SPEND_TIERS)


class Stacking(StrEnum):
    """STACK combines; of the BEST offers of one group one applies; EXCLUSIVE stands alone.

    BEST_UNIT: of the offers of one group the best one applies to each unit.
    """

    STACK = "stack"
    BEST = "best"
    BEST_UNIT = "best_unit"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Benefit:
    """What the shopper gains, at most `cap_minor` an order and `cap_line_minor` a line.

    `percent` (0-100] or `amount_minor` (taken off; of a set price or a bundle: the price), and
    `terms` for what they cannot say. It lowers at most `most_units` units of an order, and of each
    variant `most_units_line`: those it lowers most, or with `cheapest_first` those with the lowest
    quoted price. `ignores_floor`: two people agreed to sell below the floor.
    """

    kind: BenefitKind
    target: Target = Target.LINE
    percent: Decimal | None = None
    amount_minor: int | None = None
    cap_minor: int | None = None
    terms: Terms | None = None
    cap_line_minor: int | None = None
    ignores_floor: bool = False
    most_units_line: int | None = None
    most_units: int | None = None
    cheapest_first: bool = False

    @property
    def counts_units(self) -> bool:
        """Return whether it lowers only so many units, of a variant or of an order."""
        return self.most_units_line is not None or self.most_units is not None

    @property
    def is_on_order(self) -> bool:
        """Return whether it lowers the order as a whole: then it is no price of a product."""
        return self.target is Target.CART and self.kind in ON_ORDER


@dataclass(frozen=True, slots=True)
class OfferValue:
    """One offer of a campaign, as the evaluator takes it.

    `left_minor` is what remains of the campaign's budget (None: no budget) and `rooms` what its
    use limits leave, both read fresh. `groups` lead from the root of the stacking tree to the
    offer.
    `revision` is the version of the campaign in force, which every use of it names;
    `holdout_percent` of those it is for do not get it, which measures its effect.
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
    groups: tuple[Group, ...] = ()
    category: Category | None = None
    revision: int | None = None
    holdout_percent: int = 0
    has_clock: bool = False

    @property
    def path(self) -> tuple[Group, ...]:
        """Return the groups from the root, with what `stacking` adds to them.

        An offer that is "best" or "best_unit" is in the group it names; one that is chosen unit
        by unit still excludes one that is not. An exclusive offer is a group of itself.
        """
        if self.stacking in (Stacking.BEST, Stacking.BEST_UNIT):
            mode = GroupMode(self.stacking.value)
            return (*self.groups, Group(f"best {self.stacking_group}", mode))
        if self.stacking is Stacking.EXCLUSIVE:
            return (Group(f"alone {self.offer_id}", GroupMode.EXCLUSIVE), *self.groups)
        return self.groups

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Return what the offer means: its scope and what its benefit adds, or a bundle's parts."""
        more = extra_scopes(self.benefit.terms)
        return more if isinstance(self.benefit.terms, Bundle) else (self.scope, *more)

    def covers(self, line: CartLineValue) -> bool:
        """Return whether the offer could change `line` or asks for it."""
        if self.benefit.terms is None:
            return self.scope.covers(line)
        return any(scope.covers(line) for scope in self.scopes)

    @property
    def is_for_chosen(self) -> bool:
        """Return whether the shop chooses who gets the offer: by name, by segment or by tag."""
        return self.audience == "personal" or picks_shoppers(self.condition)

    def without_variants(self, variant_ids: frozenset[int]) -> OfferValue:
        """Return the offer, none of whose products are the variants."""
        terms = hide_in_terms(self.benefit.terms, variant_ids)
        return replace(
            self,
            scope=hide_variants(self.scope, variant_ids),
            benefit=replace(self.benefit, terms=terms),
        )

    def label(self, language: str) -> str:
        """Return the offer's name in `language`, English where it has no other."""
        return self.name.get(language) or self.name["en"]


@dataclass(frozen=True, slots=True)
class CouponValue:
    """A code as entered, and what the database knows about it. `offer` None: no such code.

    `is_reserved`: its last uses are held by orders that await payment. `ended_at` is the end of
    its batch, where that lies before the campaign's.
    """

    code: str
    offer: OfferValue | None = None
    coupon_id: int | None = None
    is_active: bool = True
    is_used_up: bool = False
    is_used_up_by_shopper: bool = False
    is_held_by_shopper: bool = False
    is_reserved: bool = False
    ended_at: datetime | None = None


__all__ = [
    "Adjustment",
    "AppliedOffer",
    "AwardedGift",
    "Benefit",
    "BenefitKind",
    "CartLineValue",
    "CartValue",
    "CouponValue",
    "DeliveryCut",
    "DeliveryFee",
    "Evaluation",
    "GiftStock",
    "Hint",
    "LimitedOffer",
    "OfferValue",
    "PointsGrant",
    "Rejection",
    "Scope",
    "ShopperFacts",
    "Stacking",
    "Target",
]
