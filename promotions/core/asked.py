"""What the evaluator was asked about a cart: kept with an order, its answer can be had again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from promotions.core.carts import CartValue, ShopperFacts
from promotions.core.limits import Room
from promotions.core.values import CouponValue, OfferValue


@dataclass(frozen=True, slots=True)
class Asked:
    """The evaluator's input, and why some offers were never put to it.

    `given` are the personal campaigns that address the shopper, with the one offer of it that the
    allocator gave, or None for all of them. `arms` are the shopper's, by campaign under
    experiment; `hidden` the offers other arms get; `passed_over` the variants that offers for
    chosen shoppers leave out. `law_label` is what the region asks personal offers to say.
    """

    cart: CartValue
    offers: tuple[OfferValue, ...]
    coupons: tuple[CouponValue, ...]
    shopper: ShopperFacts
    given: Mapping[int, int | None] = field(default_factory=dict)
    arms: Mapping[int, str] = field(default_factory=dict)
    hidden: frozenset[int] = frozenset()
    passed_over: frozenset[int] = frozenset()
    allows_personal: bool = True
    law_label: str = ""

    @property
    def with_unlocked(self) -> tuple[OfferValue, ...]:
        """Return the offers, those that codes bring with them."""
        return (*self.offers, *(one.offer for one in self.coupons if one.offer is not None))


@dataclass(frozen=True, slots=True)
class LineFacts:
    """What the evaluator knew of an article beyond its price, in the order of an order's lines."""

    product_id: int
    category_ids: tuple[int, ...]
    brand_id: int
    floor_minor: int


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """A code that was entered: the offer it brought, how it stood, and what limits left of it."""

    coupon: CouponValue
    offer_id: int | None
    rooms: tuple[Room, ...]


@dataclass(frozen=True, slots=True)
class FrozenFacts:
    """`Asked` without what versions of campaigns and lines of orders keep already.

    `rooms` is what use limits left, by offer; `left_minor` what was left of money, by campaign.
    Of `cart` the lines are empty: `lines` has the facts of each. `rules` numbers those by which
    the evaluator judged (`evaluate.RULES`).
    """

    cart: CartValue
    lines: tuple[LineFacts, ...]
    shopper: ShopperFacts
    codes: tuple[CodeFacts, ...]
    rooms: Mapping[int, tuple[Room, ...]]
    left_minor: Mapping[int, int]
    given: Mapping[int, int | None]
    arms: Mapping[int, str]
    hidden: frozenset[int]
    passed_over: frozenset[int]
    allows_personal: bool
    rules: int = 1
