"""Checkout and orders: thin names over the orders room, so that both doors say the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from orders.cart.api import add_to_cart
from orders.checkout.api import (
    CANCEL_REQUESTED,
    may_ask_to_cancel,
    start_checkout,
    view_checkout,
)
from orders.fulfilment.api import show_progress
from orders.order.api import (
    TOKEN_SIGNS,
    find_last_contact,
    get_order,
    get_order_by_token,
    is_order_email,
    list_orders,
    owns_order,
)
from orders.refusals import CartRefused
from orders.returns.api import show_returns
from orders.satisfaction.api import Rating, find_rating, is_rateable
from orders.values import CheckoutView, Contact, OrderSummary, OrderView
from profiles.accounts.api import find_customer_fields
from profiles.shoppers.api import find_shopper
from promotions.campaigns.api import name_offers
from shop.doors.pages.cards import quote_context
from shop.doors.pages.context import PageContext
from shop.doors.pages.values import OrderPage, OrdersPage
from shop.ground.kernel.translation import is_chinese


def checkout(ctx: PageContext, delivery: str | None = None, *, holds: bool = False) -> CheckoutView:
    """Return what there is to fill in and pay; `delivery` None is the cheapest way.

    With `holds` the cart's stock is held and its prices are frozen, as often as it is asked for.
    Raises CartRefused, PriceConsentNeeded, OutOfStock.
    """
    context = quote_context(ctx, "checkout")
    if not holds:
        return view_checkout(context=context, delivery_method=delivery)
    return start_checkout(context=context, delivery_method=delivery, address=ctx.address)


def last_contact(ctx: PageContext) -> Contact | None:
    """Return where the signed-in shopper's last online order went, else the address that a list of
    customers gave; None for guests. Three queries at most.

    A guest's browser may be shared: what was typed in it before is shown to nobody.
    """
    shopper_id = _signed_in_shopper(ctx)
    if shopper_id is None:
        return None
    return find_last_contact(shopper_id=shopper_id) or _find_listed_contact(shopper_id)


def _find_listed_contact(shopper_id: int) -> Contact | None:
    said = find_customer_fields(shopper_id)
    if said is None:
        return None
    names = [field.name for field in fields(Contact) if field.name != "email"]
    return Contact(email="", **{name: said[name] for name in names})


def order(ctx: PageContext, ref: str, *, proven: Collection[str] = ()) -> OrderPage:
    """Return an order by its secret link or, for its signed-in owner, by its number.

    A link may be passed on: name and address are there for the owner, and for whoever named the
    order's e-mail address before (`proven`: numbers). Why a price was quoted is for the visitor
    alone who got the quote. Raises OrderNotFound.
    """
    visitor = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    is_signed_in = visitor is not None and ctx.account_id is not None
    if visitor is not None and is_signed_in and len(ref) < TOKEN_SIGNS:
        own = get_order(number=ref, shopper_id=visitor.id, language=ctx.language)
        return _page(ctx, own, ref, is_known=True)
    found = get_order_by_token(token=ref, now=ctx.now, language=ctx.language)
    is_own = visitor is not None and owns_order(order_id=found.order_id, shopper_id=visitor.id)
    if not is_own:
        found = replace(
            found,
            lines=tuple(
                replace(one, quote_id=None, price=replace(one.price, quote_id=None))
                for one in found.lines
            ),
        )
    if (is_own and is_signed_in) or found.number in proven:
        return _page(ctx, found, ref, is_known=True)
    return _page(ctx, replace(found, contact=NOBODY), ref, is_known=False)


def _page(ctx: PageContext, order: OrderView, ref: str, *, is_known: bool) -> OrderPage:
    progress = show_progress(shown=order, language=ctx.language)
    returns = show_returns(order_id=order.order_id, now=ctx.now, language=ctx.language)
    states = {parcel.state for parcel in progress.parcels}
    can_rate = is_rateable(order.status, states)
    can_ask = may_ask_to_cancel(order.status, order.channel, states)
    return OrderPage(
        order=order,
        ref=ref,
        is_known=is_known,
        progress=progress,
        returns=returns,
        is_rateable=can_rate,
        rating=_read_rating(order.order_id, is_known=is_known) if can_rate else None,
        may_ask_to_cancel=can_ask,
        is_cancel_requested=can_ask
        and any(entry.kind == CANCEL_REQUESTED for entry in order.timeline),
        names=_name_today(order, ctx.language),
    )


def _name_today(order: OrderView, language: str) -> dict[str, str]:
    """Return the names of products and offers in the reader's language, by what the order calls
    them; nothing if that is the same language. One query if there are offers."""
    if is_chinese(order.language) == is_chinese(language):
        return {}
    labels = {cut.label: cut.offer_id for cut in order.delivery_cuts}
    labels |= {part.label: part.offer_id for line in order.lines for part in line.adjustments}
    offers = name_offers({*labels.values()}, language)
    named = {label: offers.get(offer_id, label) for label, offer_id in labels.items()}
    return named | {line.name: line.card.title for line in order.lines}


def find_unpaid_order(ctx: PageContext) -> OrderSummary | None:
    """Return this visitor's newest order if it waits for its payment. Two queries."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    newest = [] if shopper is None else list_orders(shopper_id=shopper.id, limit=1)
    return next((one for one in newest if one.status == "awaiting_payment"), None)


@dataclass(frozen=True, slots=True)
class OrderedAgain:
    """How many pieces of an order went into the cart, and the names of what is not to be had, or
    only in part."""

    added: int
    missing: tuple[str, ...]


def order_again(ctx: PageContext, order: OrderView) -> OrderedAgain:
    """Put what an order had into the cart at today's prices, as far as it is in stock; gifts are
    left out. Some queries a line. Raises CartRefused (too_many_lines, bad_quantity)."""
    context, added, missing = quote_context(ctx, "cart"), 0, []
    for line in order.lines:
        if line.is_gift:
            continue
        pieces = max(0, min(line.quantity, line.card.available))
        try:
            if pieces:
                add_to_cart(context=context, variant_id=line.variant_id, quantity=pieces)
                added += pieces
        except CartRefused as refusal:
            if refusal.code != "not_for_sale":
                raise
            pieces = 0
        if pieces < line.quantity:
            missing.append(line.name)
    return OrderedAgain(added, tuple(missing))


def _read_rating(order_id: int, *, is_known: bool) -> Rating | None:
    found = find_rating(order_id)
    return found if found is None or is_known else replace(found, words="")


def prove_email(ctx: PageContext, ref: str, email: str) -> str:
    """Return the number of the order behind a link if it was made with `email`, else "".

    The door limits how often; every wrong address gets the same answer. Raises OrderNotFound.
    """
    found = get_order_by_token(token=ref, now=ctx.now, language=ctx.language)
    return found.number if is_order_email(order_id=found.order_id, email=email) else ""


def _signed_in_shopper(ctx: PageContext) -> int | None:
    if ctx.account_id is None or ctx.shopper_pseudonym is None:
        return None
    shopper = find_shopper(ctx.shopper_pseudonym)
    return None if shopper is None else shopper.id


def orders(ctx: PageContext, before: str | None = None) -> OrdersPage:
    """Return a page of the signed-in shopper's orders, newest first."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    found = (
        list_orders(shopper_id=shopper.id, limit=ORDERS + 1, before=before, language=ctx.language)
        if shopper
        else []
    )
    shown = tuple(found[:ORDERS])
    return OrdersPage(orders=shown, next_before=shown[-1].number if len(found) > ORDERS else None)


ORDERS = 20
NOBODY = Contact(email="", name="")
