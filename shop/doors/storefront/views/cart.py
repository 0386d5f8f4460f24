"""The cart: a page, a drawer, and the acts on both. Every act answers with the whole cart."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from orders.cart.api import (
    accept_price_changes,
    add_to_cart,
    apply_coupon,
    choose_gift,
    remove_coupon,
    set_quantity,
    view_cart,
)
from orders.refusals import CartChanged
from orders.values import CartView
from pricing.base.core.values import QuoteContext
from promotions.coupons.api import TooManyWrongCodes
from promotions.engine.api import normalize_code
from shop.doors.pages.cards import quote_context
from shop.doors.pages.checkout import find_unpaid_order
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import list_cart_offers
from shop.doors.storefront.forms import Change, CodeForm, GiftForm, read_change, read_line
from shop.doors.storefront.limits import ask_to_wait, limited, say_wait, wait_for
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.recording import record_event
from shop.doors.storefront.rendering import is_fragment
from shop.doors.storefront.templatetags.shop_site import draw_add
from shop.doors.storefront.visitors import ensure_shopper, get_visit
from shop.ground.catalog.selectors import list_cards
from shop.ground.jobs.limits import CHANGE, CODES, GUESS
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import format_money
from shop.ground.staff.keys import read_number

Act = Callable[[QuoteContext], CartView]
# What htmx swaps, by the id of its target; everything else is the cart's own page.
PARTS = {"drawer": "storefront/drawer.html", "toast": "storefront/card_change.html"}


@require_safe
def cart(request: HttpRequest) -> HttpResponse:
    """Show the cart, or the drawer if htmx asks for it. `step` in the address puts back what was
    just taken out, once the visitor presses its button."""
    removed = read_change(request.GET)
    return render_cart(request, _view(request), undo="" if removed is None else removed.write())


@require_POST
@limited(CHANGE)
def add(request: HttpRequest) -> HttpResponse:
    """Put a product into the cart, at the price of the token the page carried."""
    line = read_line(request.POST)
    if line is None:
        return refuse_change(request, _("Please choose a product and a quantity from 1 to 99."))
    shopper = ensure_shopper(request)

    def act(context: QuoteContext) -> CartView:
        return add_to_cart(
            context=context,
            shopper=shopper,
            variant_id=line.variant_id,
            quantity=line.quantity,
            token=line.token or None,
        )

    asked = Change(line.variant_id, line.quantity, token=line.token)
    return _change(request, act, ("cart_add", line.variant_id, line.quantity), asked=asked)


@require_POST
@limited(CHANGE)
def change_line(request: HttpRequest) -> HttpResponse:
    """Set a quantity; zero takes the product out and offers to put it back."""
    asked = read_change(request.POST)
    if asked is None:
        return refuse_change(request, _("Please enter a quantity from 0 to 99."))

    def act(context: QuoteContext) -> CartView:
        return set_quantity(context=context, variant_id=asked.variant_id, quantity=asked.quantity)

    event = None
    if asked.quantity < asked.was:
        event = ("cart_remove", asked.variant_id, asked.was - asked.quantity)
    elif asked.quantity > asked.was:
        event = ("cart_add", asked.variant_id, asked.quantity - asked.was)
    return _change(request, act, event, asked=asked)


@require_POST
@limited(CHANGE)
def change_coupon(request: HttpRequest) -> HttpResponse:
    """Enter a code, or take one out. Codes could be guessed: entering them has its own limit."""
    wait = 0 if "remove" in request.POST else wait_for(request, GUESS, CODES)
    if wait:
        return ask_to_wait(refuse_change(request, say_wait(wait), status=429), wait)
    form = CodeForm(request.POST)
    if not form.is_valid():
        return refuse_change(request, _("Please enter a code."))
    code, offer_id = form.cleaned_data["code"], form.cleaned_data["offer"]
    ensure_shopper(request)
    waiting: list[str] = []
    refused: list[str] = []

    def act(context: QuoteContext) -> CartView:
        if form.cleaned_data["remove"]:
            return remove_coupon(context=context, code=code)
        view = apply_coupon(context=context, code=code)
        waiting.extend(one.code for one in view.rejected if one.code in view.coupon_codes)
        lost = [one for one in view.rejected if one.code and one.code not in view.coupon_codes]
        refused.extend(f"{one.code}: {one.message}" for one in lost)
        return view

    response = _change(request, act, None)
    if not is_fragment(request):  # the cart's own page keeps no code that was refused
        for said in refused:
            messages.error(request, said)
    if offer_id is None or normalize_code(code) not in waiting:
        return response
    # The shop offered the code itself: it leads to what the code is for, not to a refusal.
    messages.success(request, _("Your code is in the cart. It counts once it covers a product."))
    return redirect("offer", offer_id)


@require_POST
@limited(CHANGE)
def choose(request: HttpRequest) -> HttpResponse:
    """Choose among the gifts of an offer."""
    form = GiftForm(request.POST)
    if not form.is_valid():
        return refuse_change(request, _("Please choose one of the gifts."))

    def act(context: QuoteContext) -> CartView:
        offer_id, gift = form.cleaned_data["offer"], form.cleaned_data["gift"]
        return choose_gift(context=context, offer_id=offer_id, variant_id=gift)

    return _change(request, act, None)


@require_POST
@limited(CHANGE)
def accept(request: HttpRequest) -> HttpResponse:
    """Agree to the higher prices that the cart shows."""
    version = request.POST.get("version", "")

    def act(context: QuoteContext) -> CartView:
        number = read_number(version) or 0
        return accept_price_changes(context=context, version=number)

    return _change(request, act, None)


def render_cart(
    request: HttpRequest,
    view: CartView,
    *,
    undo: str = "",
    asked: Change | None = None,
    refusal: str = "",
    status: int = 200,
) -> HttpResponse:
    """Return the cart as the page, its inner part, the drawer, or for a card a word about it."""
    visit = get_visit(request)
    visit.remember_count(view.quantity)
    context: dict[str, Any] = {
        "cart": view,
        "undo": undo,
        "refusal": refusal,
        "is_swap": is_fragment(request),
        "needs_consent": any(notice.needs_consent for notice in view.notices),
    }
    target = request.headers.get("HX-Target", "") if is_fragment(request) else ""
    is_whole = target not in PARTS
    context["target"] = "#drawer" if target == "drawer" else "#cart"
    context["own_offers"] = list_cart_offers(visit.ctx, view, visit.visitor) if is_whole else ()
    context["unpaid"] = None if view.lines else find_unpaid_order(visit.ctx)
    context["buttons"] = _draw_buttons(visit.ctx, view, asked)
    if not is_fragment(request):
        return render(request, "storefront/cart.html", context, status=status)
    name = PARTS.get(target, "storefront/cart_body.html")
    response = render(request, name, context, status=status)
    response["HX-Trigger-After-Swap"] = _announce(visit.ctx.locale, view)
    return response


def _change(
    request: HttpRequest,
    act: Act,
    event: tuple[str, int, int] | None,
    *,
    asked: Change | None = None,
) -> HttpResponse:
    context = quote_context(get_visit(request).ctx, "cart")
    try:
        view = act(context)
    except TooManyWrongCodes as error:
        wait = math.ceil(error.detail["retry_after_seconds"])
        return ask_to_wait(refuse_change(request, say_wait(wait), status=429), wait)
    except CartChanged:
        changed = _("Your cart changed meanwhile. This is how it stands now.")
        return refuse_change(request, changed, asked=asked)
    except FairtagError as error:
        return refuse_change(request, say_refusal(error), asked=asked)
    if event is not None:
        kind, variant_id, quantity = event
        record_event(request, kind, variant_id=variant_id, quantity=quantity)
    undo = "" if asked is None else asked.undo()
    if is_fragment(request):
        return render_cart(request, view, undo=undo, asked=asked)
    get_visit(request).remember_count(view.quantity)
    return redirect(reverse("cart", query={"step": undo} if undo else None))


def refuse_change(
    request: HttpRequest, refusal: str, *, asked: Change | None = None, status: int = 422
) -> HttpResponse:
    """Show the cart as it stands, with the reason; with 422, so that nothing counts as done."""
    return render_cart(request, _view(request), asked=asked, refusal=refusal, status=status)


def _draw_buttons(ctx: PageContext, view: CartView, asked: Change | None) -> list[SafeString]:
    """Return the buttons of the card whose product was asked for, as the cart stands now."""
    if asked is None:
        return []
    held = [line for line in view.lines if line.card.variant_id == asked.variant_id]
    quantity = sum(line.quantity for line in held if not line.is_gift)
    cards = [line.card for line in held] or list_cards([asked.variant_id], ctx.language)
    return [
        draw_add(card, asked.token, ctx.language, quantity=quantity, is_swap=True)
        for card in cards[:1]
    ]


def _view(request: HttpRequest) -> CartView:
    return view_cart(context=quote_context(get_visit(request).ctx, "cart"))


def _announce(locale: str, view: CartView) -> str:
    """Return the event that makes a screen reader say the new total, once."""
    total = format_money(view.total_minor, view.currency, locale)
    text = ngettext(
        "Cart: {count} item, {total}", "Cart: {count} items, {total}", view.quantity
    ).format(count=view.quantity, total=total)
    return json.dumps({"announce": {"value": text}})
