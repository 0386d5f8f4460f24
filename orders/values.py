"""Carts, checkouts and orders as pages and the API show them; amounts are minor units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from pricing.base.core.values import PriceView
from promotions.engine.api import Adjustment, AppliedOffer, DeliveryCut, Hint, Rejection
from shop.ground.catalog.core.values import CatalogCard


@dataclass(frozen=True, slots=True)
class GiftOption:
    """Something an offer gives, and what the pieces would cost (minor units)."""

    card: CatalogCard
    worth_minor: int


@dataclass(frozen=True, slots=True)
class GiftChoice:
    """An offer of which the shopper takes one of several gifts; those that are gone are not there.

    `variant_id` is what is given now, of the shopper's choice or (`is_chosen` False) the first.
    """

    offer_id: int
    label: str
    quantity: int
    variant_id: int
    is_chosen: bool
    options: tuple[GiftOption, ...]
    law_label: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """Something about the cart that the shopper must be told, in words.

    Codes: price_fell, price_rose (`needs_consent`: accept before checkout), price_kept (a personal
    price holds `until` then, though these are off), sold_out, only_left (`quantity` pieces),
    unavailable (not sold), gift_gone (of `offer_id`: choose again; `instead` is given then, if
    any), offer_at_floor (the price floor cut it), offer_partly (limits leave `quantity` pieces).
    """

    code: str
    message: str
    line_id: str | None = None
    was_minor: int | None = None
    now_minor: int | None = None
    quantity: int | None = None
    needs_consent: bool = False
    blocks_checkout: bool = False
    offer_id: int | None = None
    instead: int | None = None
    until: datetime | None = None


class _LoweredLine:
    """What a line costs after its own offers, which is what shoppers read beside it."""

    __slots__ = ()
    subtotal_minor: int
    adjustments: tuple[Adjustment, ...]
    price: PriceView
    quantity: int

    @property
    def kept_minor(self) -> int:
        """Return what an earlier public price takes off, kept while everybody pays more."""
        price = self.price
        return (price.public_minor - price.quoted_minor) * self.quantity if price.is_kept else 0

    @property
    def own_adjustments(self) -> tuple[Adjustment, ...]:
        """Return what offers on products took off; not the shares of discounts on the order."""
        return tuple(part for part in self.adjustments if not part.is_on_order)

    @property
    def goods_minor(self) -> int:
        """Return what the line costs before what comes off the order: such discounts, points."""
        return self.subtotal_minor + sum(part.amount_minor for part in self.own_adjustments)


def _sum_order_cuts(lines: Sequence[_LoweredLine]) -> tuple[Adjustment, ...]:
    found: dict[int, Adjustment] = {}
    for part in (part for line in lines for part in line.adjustments if part.is_on_order):
        sofar = found.get(part.offer_id, replace(part, amount_minor=0, line_id=""))
        found[part.offer_id] = replace(
            sofar,
            amount_minor=sofar.amount_minor + part.amount_minor,
            capped_at=sofar.capped_at or part.capped_at,
        )
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class CartLineView(_LoweredLine):
    """A line with every price stage.

    `price` has list, public and quoted price of one unit, label and reasons; `subtotal_minor` is
    quoted times quantity, `total_minor` what is left after `adjustments`.
    """

    line_id: str
    card: CatalogCard
    quantity: int
    price: PriceView
    subtotal_minor: int
    discount_minor: int
    total_minor: int
    tax_minor: int
    adjustments: tuple[Adjustment, ...] = ()
    notices: tuple[Notice, ...] = ()
    is_gift: bool = False

    @property
    def everyone_minor(self) -> int:
        """Return what the line costs everybody, before offers."""
        return max(self.subtotal_minor, self.price.public_minor * self.quantity)


@dataclass(frozen=True, slots=True)
class DeliveryOption:
    """A way of delivery with its price for this very cart. `missing_minor`: more products until
    free.

    `tax_minor` is the tax in (or, `tax_added_minor`, on top of) the price. `cuts` are what offers
    took off `before_minor`.
    """

    code: str
    name: str
    price_minor: int
    regular_minor: int
    free_from_minor: int | None
    missing_minor: int
    min_days: int
    max_days: int
    needs_address: bool
    tax_minor: int = 0
    tax_added_minor: int = 0
    before_minor: int = 0
    cuts: tuple[DeliveryCut, ...] = ()

    @property
    def reached_minor(self) -> int:
        """Return how much of what makes delivery free is in the cart."""
        return (self.free_from_minor or 0) - self.missing_minor


@dataclass(frozen=True, slots=True)
class CartPoints:
    """Loyalty points in a cart: what it earns, and what points pay of it.

    `available` and `pending` are the member's, `usable` (worth `usable_minor`) is the most this
    cart takes. `reason` says why fewer than wanted are used (see `promotions.loyalty.core.points`).
    `by_line` holds (points, minor units) by line id.
    """

    is_member: bool
    earns: int
    available: int = 0
    pending: int = 0
    least: int = 1
    usable: int = 0
    usable_minor: int = 0
    used: int = 0
    used_minor: int = 0
    reason: str = ""
    by_line: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CartView:
    """A cart as every door shows it. `cart_id` is None for a shopper who has none yet.

    total = everyone - personal - kept - discount + tax_added + delivery; `subtotal_minor` is
    everyone less personal and kept. `offers_minor` is what offers took off products and delivery;
    `tax_minor` is all tax, included or added.
    `delivery` is the cheapest way unless the checkout chose one. `points` is None where there is no
    points programme; what points pay is part of the discount. `quantity` counts the pieces that the
    shopper put in; `can_check_out` says that nothing stands in the way of a checkout.
    """

    cart_id: UUID | None
    version: int
    currency: str
    lines: tuple[CartLineView, ...]
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    tax_added_minor: int
    delivery: DeliveryOption | None
    total_minor: int
    offers: tuple[AppliedOffer, ...] = ()
    coupon_codes: tuple[str, ...] = ()
    rejected: tuple[Rejection, ...] = ()
    hints: tuple[Hint, ...] = ()
    notices: tuple[Notice, ...] = ()
    has_personal_price: bool = False
    label: str = ""
    points: CartPoints | None = None
    gift_choices: tuple[GiftChoice, ...] = ()
    quantity: int = field(init=False)
    can_check_out: bool = field(init=False)

    def __post_init__(self) -> None:
        pieces = sum(line.quantity for line in self.lines if not line.is_gift)
        blocked = any(notice.blocks_checkout for notice in self.notices)
        object.__setattr__(self, "quantity", pieces)
        object.__setattr__(self, "can_check_out", bool(self.lines) and not blocked)

    @property
    def everyone_minor(self) -> int:
        """Return what the products cost everybody, before offers."""
        return sum(line.everyone_minor for line in self.lines)

    @property
    def personal_minor(self) -> int:
        """Return what personal prices take off."""
        return self.everyone_minor - self.subtotal_minor - self.kept_minor

    @property
    def kept_minor(self) -> int:
        """Return what public prices of before take off."""
        return sum(line.kept_minor for line in self.lines)

    @property
    def order_cuts(self) -> tuple[Adjustment, ...]:
        """Return what comes off the order as a whole, one for each offer."""
        return _sum_order_cuts(self.lines)

    @property
    def offers_minor(self) -> int:
        """Return what offers take off products and delivery."""
        return sum(offer.amount_minor for offer in self.offers)


@dataclass(frozen=True, slots=True)
class PaymentMethod:
    """A way to pay. `code` goes into `start_payment`; `is_sandbox` methods move no money."""

    code: str
    name: str
    is_sandbox: bool


@dataclass(frozen=True, slots=True)
class CheckoutView:
    """The cart, its stock held and its prices frozen until `expires_at`; the age to confirm.

    Without `expires_at` nothing is held.
    """

    cart: CartView
    options: tuple[DeliveryOption, ...]
    methods: tuple[PaymentMethod, ...]
    expires_at: datetime | None
    minimum_age: int | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """Who gets the products and the receipt. Address fields may be empty for a pick-up."""

    email: str
    name: str
    phone: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    region: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class OrderLineView(_LoweredLine):
    """A frozen line; unit prices list, public, quoted; the rest is for the whole line.

    `card` is the product as it is today, for its picture; all else is as it was sold. `price` says
    the unit prices once more, with the price of a measure, as price blocks want it.
    """

    line_id: int
    variant_id: int
    card: CatalogCard
    sku: str
    name: str
    quantity: int
    list_minor: int
    public_minor: int
    quoted_minor: int
    subtotal_minor: int
    discount_minor: int
    tax_minor: int
    total_minor: int
    is_personal: bool
    label_code: str
    label: str
    quote_id: UUID | None
    price: PriceView
    adjustments: tuple[Adjustment, ...]
    refunded_quantity: int
    refunded_minor: int
    points_minor: int = 0
    is_gift: bool = False

    @property
    def everyone_minor(self) -> int:
        """Return what the line cost everybody, before offers."""
        return max(self.subtotal_minor, self.public_minor * self.quantity)


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step of an order, in words."""

    kind: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment attempt as the shopper may see it."""

    payment_id: UUID
    method: str
    amount_minor: int
    state: str
    reason_code: str
    message: str


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as pages, e-mails and the API show it. `token` is the secret part of its link;
    `language` is what it was placed in, and what products and offers are named in."""

    order_id: int
    number: str
    channel: str
    token: str
    status: str
    status_text: str
    currency: str
    lines: tuple[OrderLineView, ...]
    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    delivery_name: str
    tax_minor: int
    tax_added_minor: int
    total_minor: int
    refunded_minor: int
    coupon_codes: tuple[str, ...]
    placed_at: datetime
    pay_until: datetime | None
    paid_at: datetime | None
    contact: Contact
    payments: tuple[PaymentView, ...] = ()
    timeline: tuple[TimelineEntry, ...] = ()
    is_payable: bool = False
    is_cancellable: bool = False
    has_personal_price: bool = False
    label: str = ""
    points_spent: int = 0
    points_minor: int = 0
    points_earned: int = 0
    delivery_cuts: tuple[DeliveryCut, ...] = ()
    language: str = "en"

    @property
    def everyone_minor(self) -> int:
        """Return what the products cost everybody, before offers."""
        return sum(line.everyone_minor for line in self.lines)

    @property
    def personal_minor(self) -> int:
        """Return what personal prices took off."""
        return self.everyone_minor - self.subtotal_minor - self.kept_minor

    @property
    def kept_minor(self) -> int:
        """Return what public prices of before took off."""
        return sum(line.kept_minor for line in self.lines)

    @property
    def offers_minor(self) -> int:
        """Return what offers took off: the discount without what points paid."""
        return self.discount_minor - self.points_minor

    @property
    def order_cuts(self) -> tuple[Adjustment, ...]:
        """Return what came off the order as a whole, one for each offer."""
        return _sum_order_cuts(self.lines)


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in a list."""

    number: str
    channel: str
    status: str
    status_text: str
    placed_at: datetime
    currency: str
    total_minor: int
    quantity: int
