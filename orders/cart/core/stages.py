"""Rules that set the price of a cart line: the promised price or the newer one.

Rules: a lower price wins by itself; while a checkout has the prices frozen only where everybody's
is lower, since a personal one would reach the order without having been shown and labelled. A
higher one waits until the promise ends (the quote runs out and no checkout is under way) and then
needs the shopper's consent. So nobody ever pays more than was shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pricing.base.core.values import PriceView
from shop.ground.catalog.core.values import CatalogCard


@dataclass(frozen=True, slots=True)
class Promise:
    """The price stages a cart line was shown, and until when they hold (None: not promised)."""

    list_minor: int
    public_minor: int
    quoted_minor: int
    is_personal: bool = False
    label_code: str = ""
    quote_id: UUID | None = None
    token: str = ""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The price that holds now. `change` is "", "fell" or "rose"; `was_minor` the earlier price.

    `is_new` says that the line's stored promise should be replaced (never when it rose: that
    takes consent). `kept_until`: until when a lower personal price holds that was promised before
    the shopper switched personal prices off; `was_minor` is then what it costs now.
    """

    promise: Promise
    change: str = ""
    was_minor: int | None = None
    is_new: bool = False
    kept_until: datetime | None = None


def settle_price(
    kept: Promise, current: Promise, *, now: datetime, frozen_until: datetime | None = None
) -> Settled:
    """Return which of both prices holds at `now`.

    >>> from datetime import UTC, timedelta
    >>> noon = datetime(2026, 11, 25, 12, tzinfo=UTC)
    >>> kept = Promise(300, 300, 280, expires_at=noon + timedelta(minutes=5))
    >>> settle_price(kept, Promise(300, 300, 290), now=noon).promise.quoted_minor
    280
    >>> settle_price(kept, Promise(300, 300, 290), now=noon + timedelta(minutes=6)).change
    'rose'
    >>> fallen = Promise(300, 300, 270, is_personal=True)
    >>> settle_price(kept, fallen, now=noon, frozen_until=noon + timedelta(minutes=9)).change
    ''
    """
    is_frozen = frozen_until is not None and now < frozen_until
    is_unshown = is_frozen and current.is_personal and current.public_minor >= kept.quoted_minor
    if current.quoted_minor < kept.quoted_minor and not is_unshown:
        return Settled(current, "fell", kept.quoted_minor, is_new=True)
    if is_frozen or (kept.expires_at is not None and now < kept.expires_at):
        return Settled(kept)
    if current.quoted_minor == kept.quoted_minor:
        return Settled(current, is_new=True)
    return Settled(current, "rose", kept.quoted_minor)


def note_kept(
    settled: Settled, current: PriceView, *, frozen_until: datetime | None = None
) -> Settled:
    """Return `settled` with until when its promise keeps a personal price lower than `current`."""
    promise = settled.promise
    is_kept = not settled.change and promise.is_personal and not current.is_personal
    ends = [at for at in (promise.expires_at, frozen_until) if at is not None]
    if not is_kept or not ends or promise.quoted_minor >= current.quoted_minor:
        return settled
    return replace(settled, was_minor=current.quoted_minor, kept_until=max(ends))


def promise_of(price: PriceView) -> Promise:
    """Return what `price` promises."""
    return Promise(
        list_minor=price.list_minor,
        public_minor=price.public_minor,
        quoted_minor=price.quoted_minor,
        is_personal=price.is_personal,
        label_code=price.label_code,
        quote_id=price.quote_id,
        token=price.token or "",
        expires_at=price.expires_at,
    )


def show_promise(
    promise: Promise, current: PriceView, label: str, *, is_frozen: bool = False
) -> PriceView:
    """Return `current` with the stages of `promise`: what the page shows for the line.

    `label` is the text of the promise's label. The sentences of another quote are not this one's:
    "why this price" reads them from the promise's own quote. What everybody pays is that of now,
    but while a checkout has the prices frozen.
    """
    if promise.quote_id == current.quote_id and promise.quoted_minor == current.quoted_minor:
        return current
    public_minor = promise.public_minor if is_frozen else current.public_minor
    # At what everybody pays by now it is no personal price any more.
    is_same = promise.is_personal and promise.quoted_minor >= public_minor
    return replace(
        current,
        list_minor=promise.list_minor,
        public_minor=public_minor,
        quoted_minor=promise.quoted_minor,
        is_personal=promise.is_personal and not is_same,
        label_code="" if is_same else promise.label_code,
        label="" if is_same else label,
        quote_id=promise.quote_id,
        token=promise.token or None,
        expires_at=promise.expires_at,
        rung="personal" if promise.is_personal and not is_same else "public",
        reasons=(),
        unit_minor=_rescale(current, promise.quoted_minor),
    )


def _rescale(current: PriceView, quoted_minor: int) -> int | None:
    """Return the price per measure at `quoted_minor`, by the ratio `current` has it in."""
    if current.unit_minor is None or not current.quoted_minor:
        return None
    numerator = current.unit_minor * quoted_minor
    return (2 * numerator + current.quoted_minor) // (2 * current.quoted_minor)


def gift_line_id(variant_id: int) -> str:
    """Return the id of the line of what is given away.

    >>> gift_line_id(7)
    'gift-7'
    """
    return f"gift-{variant_id}"


@dataclass(frozen=True, slots=True)
class SettledLine:
    """A line with the price that holds for it. `is_sold` False: the product is off sale.

    `free` is how many pieces this cart may have: what is available and what it holds itself.
    """

    card: CatalogCard
    quantity: int
    price: PriceView
    settled: Settled
    free: int
    is_sold: bool = True
    is_gift: bool = False

    @property
    def line_id(self) -> str:
        """A cart has one line per variant, and one more if it is given away."""
        return gift_line_id(self.card.variant_id) if self.is_gift else str(self.card.variant_id)

    @property
    def subtotal_minor(self) -> int:
        """Return the line at its quoted price; what is off sale costs nothing."""
        return self.price.quoted_minor * self.quantity if self.is_sold else 0

    @property
    def full_minor(self) -> int:
        """Return the line at the price for everybody; what is given away counts for nothing."""
        return self.price.public_minor * self.quantity if self.is_sold and not self.is_gift else 0


@dataclass(frozen=True, slots=True)
class CartHead:
    """What a cart is, besides its lines."""

    cart_id: UUID | None
    version: int
    currency: str
    coupon_codes: tuple[str, ...]
    language: str
    time_zone: str = "UTC"
