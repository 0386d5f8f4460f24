"""The cart and the shopper as conditions and benefits see them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Orders that were not cancelled: the last one, and how many and how much in windows.

    `last_at` None: there was none. `counts` and `spent_minor` (paid and not given back, in the
    cart's currency) are by the window's length in days; only windows that were asked for are in.
    """

    last_at: datetime | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    spent_minor: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShopperView:
    """Who asks, as plain values. What is None was not looked up; conditions on it then fail.

    `allows_personal` off: personal prices were switched off (or Sec-GPC), so no offer for chosen
    shoppers applies by itself. A code somebody enters is their own act and keeps its worth.
    `identity` are hashed keys of the contact, once it was given.
    """

    shopper_id: int | None
    is_member: bool = False
    segment: str | None = None
    tags: frozenset[str] = frozenset()
    is_first_order: bool | None = None
    tier: str | None = None
    groups: frozenset[str] = frozenset()
    history: OrderHistory | None = None
    is_private: bool = False
    allows_personal: bool = True
    identity: tuple[str, ...] = ()


LAST_ORDER = "last_order"
COUNT_IN, SPENT_IN = "orders_in:", "spent_in:"


def windows_in(facts: Collection[str], prefix: str) -> list[int]:
    """Return the windows, in days, that `facts` name after `prefix`, shortest first.

    >>> windows_in({"orders_in:90", "spent_in:7", "orders_in:30"}, COUNT_IN)
    [30, 90]
    """
    return sorted(int(fact.removeprefix(prefix)) for fact in facts if fact.startswith(prefix))


def asks_history(facts: Collection[str]) -> bool:
    """Return whether any of `facts` is about past orders (other than the first one).

    >>> asks_history({"segment", "spent_in:7"}), asks_history({"first_order"})
    (True, False)
    """
    return any(fact == LAST_ORDER or fact.startswith((COUNT_IN, SPENT_IN)) for fact in facts)


@dataclass(frozen=True, slots=True)
class CartLineValue:
    """A line as the evaluator sees it: `unit_minor` is the quoted price of one unit.

    `category_ids` runs from department to leaf; no discount takes a unit below `floor_minor`.
    `public_minor` is what a unit costs everybody; 0: no less than here. `list_minor` is the price
    it is regularly sold at; 0: no more than that.

    >>> CartLineValue("a", 1, 10, (3, 7), 5, quantity=3, unit_minor=250).value_minor
    750
    """

    line_id: str
    variant_id: int
    product_id: int
    category_ids: tuple[int, ...]
    brand_id: int
    quantity: int
    unit_minor: int
    floor_minor: int = 0
    public_minor: int = 0
    list_minor: int = 0

    @property
    def everybodys_minor(self) -> int:
        """Return what a unit costs everybody."""
        return max(self.unit_minor, self.public_minor)

    @property
    def value_minor(self) -> int:
        """Return the line at quoted prices."""
        return self.unit_minor * self.quantity

    @property
    def full_minor(self) -> int:
        """Return the line at the price for everybody.

        >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=2, unit_minor=250, public_minor=300)
        >>> line.full_minor
        600
        """
        return self.everybodys_minor * self.quantity

    def personal_room_minor(self, cap: int) -> int:
        """Return what offers for this shopper may still take off all units.

        `cap` is in hundredths of a percent of the price for everybody, of each unit; what a
        personal price takes off counts too.

        >>> line = CartLineValue("a", 1, 10, (3,), 5, quantity=2, unit_minor=90, public_minor=100)
        >>> line.personal_room_minor(3_000)
        40
        """
        public = self.everybodys_minor
        return max(0, public * cap // 10_000 - (public - self.unit_minor)) * self.quantity


def sort_lines(lines: Iterable[CartLineValue]) -> tuple[CartLineValue, ...]:
    """Return the lines in the order in which they are evaluated, however they stood.

    What a line is comes before its numbers: of equal sums the first line has the odd cent, and
    which variant was entered first must not decide that.
    """
    return tuple(sorted(lines, key=_order))


def _order(line: CartLineValue) -> tuple[object, ...]:
    prices = line.unit_minor, line.floor_minor, line.public_minor, line.list_minor
    products = line.category_ids, line.brand_id, line.product_id, line.variant_id
    return (*prices, line.quantity, *products, line.line_id)


@dataclass(frozen=True, slots=True)
class GiftStock:
    """A variant that may be given away: its price, and how many the cart itself leaves free."""

    variant_id: int
    unit_minor: int
    available: int


@dataclass(frozen=True, slots=True)
class DeliveryFee:
    """A way of delivery; free for products that cost everybody `free_from_minor`, before offers.

    >>> DeliveryFee("standard", 499, free_from_minor=3_500).price_for(3_499)
    499
    """

    code: str
    price_minor: int
    free_from_minor: int | None = None
    needs_address: bool = True

    def price_for(self, goods_minor: int) -> int:
        """Return the price for products that cost everybody `goods_minor`."""
        is_free = self.free_from_minor is not None and goods_minor >= self.free_from_minor
        return 0 if is_free else self.price_minor


@dataclass(frozen=True, slots=True)
class CartValue:
    """A cart. The order of `lines` and `gifts` never changes a result.

    `region` is a place as law knows it ("US-NY"), never an exact one; `time_zone` is the market's.
    `gifts` are what offers could give, `deliveries` the ways of delivery in the order shown;
    without `delivery_code` the cheapest to the door counts. `gift_choices` are the variants the
    shopper chose, by offer id. `personal_cap` is how much personal price and personal offers may
    take off a unit together, in hundredths of a percent of its price for everybody (None: all).
    """

    lines: tuple[CartLineValue, ...]
    currency: str
    market_code: str
    channel: str
    region: str = ""
    time_zone: str = "UTC"
    gifts: tuple[GiftStock, ...] = ()
    deliveries: tuple[DeliveryFee, ...] = ()
    delivery_code: str | None = None
    gift_choices: Mapping[int, int] = field(default_factory=dict)
    personal_cap: int | None = None

    @property
    def value_minor(self) -> int:
        """Return all lines at quoted prices."""
        return sum(line.value_minor for line in self.lines)

    @property
    def full_minor(self) -> int:
        """Return all lines at the price for everybody: what free delivery looks at."""
        return sum(line.full_minor for line in self.lines)


@dataclass(frozen=True, slots=True)
class ShopperFacts:
    """What conditions may know about the shopper. Never a sensitive trait.

    `is_first_order` and `history` are None when nobody asked the database; a condition on them
    then fails. `is_private`: behaviour may not be looked at (no consent, opted out), and neither
    a condition on it nor its opposite holds. `groups` are those the shopper proved to belong to.
    `campaign_ids` are the personal campaigns that address this shopper.
    """

    shopper_id: int | None = None
    is_member: bool = False
    is_first_order: bool | None = None
    segment: str | None = None
    tags: frozenset[str] = frozenset()
    campaign_ids: frozenset[int] = frozenset()
    tier: str | None = None
    groups: frozenset[str] = frozenset()
    history: OrderHistory | None = None
    is_private: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines are meant. Empty selectors mean every line; several are alternatives.

    `variant_ids` None: not limited by variant. What an `except_` names is never meant, nor is with
    `is_unreduced` what everybody pays less for than its list price, nor what costs everybody less
    than `from_minor` or more than `to_minor`.

    >>> cheese = CartLineValue("a", 1, 10, (3, 7), 5, quantity=1, unit_minor=250)
    >>> Scope(category_ids=frozenset({3})).covers(cheese)
    True
    >>> Scope(category_ids=frozenset({3}), except_brand_ids=frozenset({5})).covers(cheese)
    False
    """

    variant_ids: frozenset[int] | None = None
    product_ids: frozenset[int] = frozenset()
    category_ids: frozenset[int] = frozenset()
    brand_ids: frozenset[int] = frozenset()
    except_category_ids: frozenset[int] = frozenset()
    except_brand_ids: frozenset[int] = frozenset()
    except_variant_ids: frozenset[int] = frozenset()
    is_unreduced: bool = False
    from_minor: int | None = None
    to_minor: int | None = None

    @property
    def is_by_price(self) -> bool:
        """Return whether it depends on prices which products are meant."""
        return self.is_unreduced or self.from_minor is not None or self.to_minor is not None

    def covers(self, line: CartLineValue) -> bool:
        """Return whether `line` is meant."""
        if self.is_by_price and not self._fits_price(line):
            return False
        if not self.except_category_ids.isdisjoint(line.category_ids):
            return False
        if line.brand_id in self.except_brand_ids or line.variant_id in self.except_variant_ids:
            return False
        if self.variant_ids is not None:
            return line.variant_id in self.variant_ids
        if not (self.product_ids or self.category_ids or self.brand_ids):
            return True
        return (
            line.product_id in self.product_ids
            or line.brand_id in self.brand_ids
            or not self.category_ids.isdisjoint(line.category_ids)
        )

    def _fits_price(self, line: CartLineValue) -> bool:
        price = line.everybodys_minor
        if self.is_unreduced and price < line.list_minor:
            return False
        is_dear = self.from_minor is None or price >= self.from_minor
        return is_dear and (self.to_minor is None or price <= self.to_minor)


EVERYTHING = Scope()
