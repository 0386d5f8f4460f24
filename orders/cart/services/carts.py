"""The cart. Every function returns the whole cart as it now stands, so doors ask only once.

The cart belongs to the shopper of `context`; doors make a guest before the first act. Each change
locks the cart row, checks `version` when the caller gives one, and counts it up. A change while a
checkout is under way keeps the frozen prices; the checkout then holds the new quantities.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from django.db import transaction

from orders.cart.core.cart_view import MAX_LINES, MAX_POINTS, MAX_QUANTITY
from orders.cart.core.stages import Promise, promise_of, settle_price
from orders.cart.models import CartLine
from orders.cart.services.cart_rows import (
    PROMISE_FIELDS,
    OpenCart,
    count_version,
    lock_cart,
    lock_or_create_cart,
    promise_on,
    read_cart,
    update_row,
    write_promise,
)
from orders.cart.services.evaluation_input import quote_lines
from orders.cart.services.valuation import Valuation, value_cart
from orders.metrics import cart_changes_total
from orders.refusals import CartRefused
from orders.values import CartView
from pricing.api import QuoteRefused, read_token, store_quotes, verify_quote
from pricing.base.core.values import PriceView, QuoteContext, VerifiedQuote
from profiles.values import ShopperValue
from promotions.coupons.api import MAX_CODES, check_space, count_wrong_code
from promotions.engine.api import normalize_code
from promotions.metrics import codes_refused_total
from shop.ground.inventory.services import release_reservation
from shop.ground.kernel.translation import gettext_noop

MOST_CHOICES = 20


def view_cart(*, context: QuoteContext) -> CartView:
    """Return the cart; lower prices are taken over at once, higher ones ask for consent."""
    return value_cart(read_cart(context), context).valued.view


@transaction.atomic
def add_to_cart(
    *,
    context: QuoteContext,
    variant_id: int,
    quantity: int = 1,
    token: str | None = None,
    version: int | None = None,
    shopper: ShopperValue | None = None,
) -> CartView:
    """Put `quantity` more of a variant into the cart, at the price `token` promises if valid.

    `shopper` is that of `context` for who has read it already.
    Raises CartRefused (unknown_shopper, bad_quantity, too_many_lines, not_for_sale), CartChanged.
    """
    _check_quantity(quantity, least=1)
    opened = lock_or_create_cart(context, version=version, shopper=shopper)
    prices = quote_lines(opened, context, variant_id)
    promise = _find_promise(context, variant_id, prices, token)
    line = opened.find_line(variant_id)
    if line is None:
        _insert_line(opened, variant_id, quantity, promise, context)
    else:
        _check_quantity(line.quantity + quantity, least=1)
        line.quantity += quantity
        settled = settle_price(promise_on(line), promise, now=context.now)
        if settled.is_new:
            write_promise(line, settled.promise)
        update_row(line, ["quantity", *PROMISE_FIELDS])
    if promise.token:
        store_quotes(tokens=[promise.token])
    return _finish(opened, context, "add", prices)


@transaction.atomic
def set_quantity(
    *, context: QuoteContext, variant_id: int, quantity: int, version: int | None = None
) -> CartView:
    """Set how many of a variant are in the cart; 0 removes it.

    A variant that is not (or, in another tab, no longer) in the cart is put in: so undo works.
    Raises CartRefused, CartChanged.
    """
    _check_quantity(quantity, least=0)
    opened = lock_or_create_cart(context, version=version)
    prices = quote_lines(opened, context, variant_id)
    line = opened.find_line(variant_id)
    if line is None and quantity:
        promise = _find_promise(context, variant_id, prices, None)
        _insert_line(opened, variant_id, quantity, promise, context)
    elif line is not None and quantity == 0:
        _delete_line(opened, line)
    elif line is not None:
        line.quantity = quantity
        update_row(line, ["quantity"])
    return _finish(opened, context, "set", prices)


@transaction.atomic
def remove_line(*, context: QuoteContext, variant_id: int, version: int | None = None) -> CartView:
    """Take a variant out of the cart; not there is fine."""
    opened = lock_cart(context, version=version)
    line = opened.find_line(variant_id)
    if line is None:
        return value_cart(opened, context).valued.view
    _delete_line(opened, line)
    return _finish(opened, context, "remove")


@transaction.atomic
def apply_coupon(*, context: QuoteContext, code: str, version: int | None = None) -> CartView:
    """Enter a code. A code nobody knows is refused and not kept: `rejected` says why.

    A known one stays entered even where it does not apply yet, with its true reason. Raises
    CartRefused (too_many_codes), TooManyWrongCodes, CartChanged.
    """
    entered = normalize_code(code)
    if not entered:
        raise CartRefused(gettext_noop("Please enter a code."), code="code_missing")
    check_space(entered)
    opened = lock_or_create_cart(context, version=version)
    if opened.cart is None or entered in opened.cart.coupon_codes:
        return value_cart(opened, context).valued.view
    if len(opened.cart.coupon_codes) >= MAX_CODES:
        raise CartRefused(f"A cart takes at most {MAX_CODES} codes.", code="too_many_codes")
    opened.cart.coupon_codes = [*opened.cart.coupon_codes, entered]
    valuation = value_cart(opened, context)
    refused = {each.code: each.reason_code for each in valuation.evaluation.rejected}
    if entered in refused:
        codes_refused_total.labels(reason=refused[entered]).inc()
    if refused.get(entered) == "unknown_code":
        count_wrong_code(entered)
        opened.cart.coupon_codes.remove(entered)
        return replace(valuation.valued.view, coupon_codes=tuple(opened.cart.coupon_codes))
    count_version(opened, context.now)
    cart_changes_total.labels(kind="coupon").inc()
    return replace(valuation.valued.view, version=opened.cart.version)


@transaction.atomic
def remove_coupon(*, context: QuoteContext, code: str, version: int | None = None) -> CartView:
    """Take a code out; not there is fine."""
    entered = normalize_code(code)
    opened = lock_cart(context, version=version)
    if opened.cart is None or entered not in opened.cart.coupon_codes:
        return value_cart(opened, context).valued.view
    opened.cart.coupon_codes = [each for each in opened.cart.coupon_codes if each != entered]
    return _finish(opened, context, "coupon")


@transaction.atomic
def use_points(*, context: QuoteContext, points: int, version: int | None = None) -> CartView:
    """Pay with up to `points` loyalty points; 0 pays without. The cart says how many it takes.

    Raises CartRefused (bad_points), CartChanged.
    """
    if not 0 <= points <= MAX_POINTS:
        raise CartRefused(f"Please choose from 0 to {MAX_POINTS} points.", code="bad_points")
    opened = lock_or_create_cart(context, version=version)
    if opened.cart is not None:
        opened.cart.points_wanted = points
    return _finish(opened, context, "points")


@transaction.atomic
def accept_price_changes(*, context: QuoteContext, version: int) -> CartView:
    """Agree to every higher price the cart showed at `version`.

    Consent covers what was seen: a price that rose once more since then is asked for again.
    """
    opened = lock_cart(context, version=version)
    seen = {row.variant_id: row.offered_minor for row in opened.lines}
    valuation = value_cart(opened, context)
    agreed = {
        line.card.variant_id: line.settled.promise
        for line in valuation.risen
        if line.price.quoted_minor <= (seen[line.card.variant_id] or 0)
    }
    rows = [row for row in opened.lines if row.variant_id in agreed]
    if not rows:
        return valuation.valued.view
    for row in rows:
        write_promise(row, agreed[row.variant_id])
    CartLine.objects.bulk_update(rows, PROMISE_FIELDS)
    return _finish(opened, context, "accept")


@transaction.atomic
def choose_gift(
    *, context: QuoteContext, offer_id: int, variant_id: int | None, version: int | None = None
) -> CartView:
    """Take this variant of the gifts of an offer; None: whatever the offer gives first.

    The choice is kept while the cart lives and holds again whenever the cart earns the gift.
    Raises CartRefused (no_such_gift: the offer gives nothing with this cart; gift_gone: it gives
    something, but not this any more), CartChanged.
    """
    opened = lock_cart(context, version=version)
    if opened.cart is None:
        raise CartRefused(gettext_noop("The cart is empty."), code="cart_empty")
    kept = {key: each for key, each in opened.cart.gift_choices.items() if key != str(offer_id)}
    if variant_id is not None:
        kept = dict(list(kept.items())[1 - MOST_CHOICES :]) | {str(offer_id): variant_id}
    if kept == opened.cart.gift_choices:
        return value_cart(opened, context).valued.view
    opened.cart.gift_choices = kept
    valuation = value_cart(opened, context)
    if variant_id is not None:
        _check_given(valuation, offer_id, variant_id)
    count_version(opened, context.now)
    cart_changes_total.labels(kind="gift").inc()
    return replace(valuation.valued.view, version=opened.cart.version)


def _finish(
    opened: OpenCart,
    context: QuoteContext,
    kind: str,
    prices: Mapping[int, PriceView] | None = None,
) -> CartView:
    if opened.cart is not None and not opened.lines and opened.cart.frozen_until is not None:
        release_reservation(holder=opened.holder)  # an emptied cart holds nothing back from others
        opened.cart.frozen_until = None
    count_version(opened, context.now)
    cart_changes_total.labels(kind=kind).inc()
    return value_cart(opened, context, prices=prices).valued.view


def _find_promise(
    context: QuoteContext, variant_id: int, prices: Mapping[int, PriceView], token: str | None
) -> Promise:
    """Return the price stages to put on a new line: what the token promises, or less. No query."""
    price = prices.get(variant_id)
    if price is None:
        raise CartRefused("This product is not sold at the moment.", code="not_for_sale")
    current = promise_of(price)
    promised = _read_token(context, variant_id, token)
    if promised is None:
        return current
    settled = settle_price(promised, current, now=context.now)
    return promised if settled.change == "rose" else settled.promise


def _read_token(context: QuoteContext, variant_id: int, token: str | None) -> Promise | None:
    """Return what a token of this very shopper, market and channel promises, or promised.

    A promise that ran out still says what the shopper was shown: if the price is higher by now,
    the line asks for consent instead of quietly costing more.
    """
    quote = _verify(context, variant_id, token) if token else None
    if quote is None or (quote.market, quote.channel) != (context.market, context.channel):
        return None
    return Promise(
        list_minor=quote.list_minor,
        public_minor=quote.public_minor,
        quoted_minor=quote.quoted_minor,
        is_personal=quote.is_personal,
        label_code=quote.label_code,
        quote_id=quote.quote_id,
        token=token or "",
        expires_at=quote.expires_at,
    )


def _verify(context: QuoteContext, variant_id: int, token: str) -> VerifiedQuote | None:
    try:
        return verify_quote(
            token=token,
            shopper_pseudonym=context.shopper_pseudonym,
            variant_id=variant_id,
            now=context.now,
        )
    except QuoteRefused as refusal:
        # Expiry is looked at last: the token is ours, this shopper's and for this variant
        return read_token(token) if refusal.code == "quote_expired" else None


def _insert_line(
    opened: OpenCart, variant_id: int, quantity: int, promise: Promise, context: QuoteContext
) -> None:
    if len(opened.lines) >= MAX_LINES:
        raise CartRefused(f"A cart takes at most {MAX_LINES} products.", code="too_many_lines")
    line = CartLine(
        cart=opened.cart, variant_id=variant_id, quantity=quantity, added_at=context.now
    )
    write_promise(line, promise)
    line.save(force_insert=True)
    opened.lines.append(line)


def _delete_line(opened: OpenCart, line: CartLine) -> None:
    line.delete()
    opened.lines = [each for each in opened.lines if each is not line]


def _check_quantity(quantity: int, *, least: int) -> None:
    if not least <= quantity <= MAX_QUANTITY:
        raise CartRefused(
            f"Please choose a quantity from {least} to {MAX_QUANTITY}.",
            code="bad_quantity",
            least=least,
            most=MAX_QUANTITY,
        )


def _check_given(valuation: Valuation, offer_id: int, variant_id: int) -> None:
    given = {gift.offer_id: gift.variant_id for gift in valuation.evaluation.gifts}
    if offer_id not in given:
        raise CartRefused(
            gettext_noop("This offer gives nothing with what is in your cart now."),
            code="no_such_gift",
        )
    if given[offer_id] != variant_id:
        raise CartRefused(
            gettext_noop("A gift you chose is gone. Please choose again."),
            code="gift_gone",
            offer_ids=[offer_id],
        )
