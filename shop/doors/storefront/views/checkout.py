"""One page from cart to order: guest first, nothing asked twice, prices frozen meanwhile."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from orders.cart.api import remember_contact, use_points
from orders.checkout.api import find_placed_order, place_order
from orders.order.api import renew_link
from orders.payments.api import start_payment
from orders.terms.api import find_method, list_regions, list_served
from orders.values import CheckoutView, OrderView
from shop.doors.pages.cards import quote_context
from shop.doors.pages.checkout import checkout as checkout_page
from shop.doors.pages.checkout import last_contact, prove_email
from shop.doors.storefront.forms import CheckoutForm, CheckoutTerms
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.points_words import say_less
from shop.doors.storefront.recording import record_event
from shop.doors.storefront.rendering import is_fragment
from shop.doors.storefront.views.orders import go_to_payment
from shop.doors.storefront.visitors import get_visit
from shop.ground.catalog.selectors import get_market
from shop.ground.jobs.limits import MONEY
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@limited(MONEY)
def checkout(request: HttpRequest) -> HttpResponse:
    """Show the checkout, refresh its sums for another delivery, or place the order.

    What is sent by form holds the stock; looking at the page does not.
    """
    visit = get_visit(request)
    given = request.POST if request.method == "POST" else request.GET
    if visit.ctx.shopper_pseudonym is None:
        return redirect("cart")
    note = _use_points(request) if "use_points" in request.POST else ""
    try:
        holds = request.method == "POST"
        view = checkout_page(visit.ctx, given.get("delivery") or None, holds=holds)
    except FairtagError as error:
        return _leave(request, error)
    if "start" in request.POST:
        return redirect("checkout")
    if is_fragment(request) and "place" not in given:
        shown = {"checkout": view, "points_note": note}
        return render(request, "storefront/checkout_sums.html", shown)
    if request.method != "POST":
        record_event(request, "checkout")
        return _render(request, view, _make_form(view, initial=_known(request)))
    form = _make_form(view, request.POST)
    if "place" not in request.POST:
        form = _make_form(view, initial=_kept(request))
        return _render(request, view, form, points_note=note)
    if not form.is_valid():
        return _render(request, view, form, status=422)
    return _place(request, view, form)


def _use_points(request: HttpRequest) -> str:
    """Pay with as many points as the form says; return why it is fewer, or ""."""
    number = read_number(request.POST.get("points", ""))
    if request.POST["use_points"] == "none":
        number = 0
    if number is None:
        return _("Please enter a whole number of points.")
    context = quote_context(get_visit(request).ctx, "checkout")
    try:
        view = use_points(context=context, points=number)
    except FairtagError as error:
        return say_refusal(error)
    return say_less(view.points.reason) if view.points else ""


def _place(request: HttpRequest, view: CheckoutView, form: CheckoutForm) -> HttpResponse:
    key = _read_key(request)
    shown = request.POST.get("shown_total", "")
    context = quote_context(get_visit(request).ctx, "checkout")
    try:
        shopper = remember_contact(context=context, contact=form.contact())
        order = place_order(
            context=context,
            idempotency_key=key,
            contact=form.contact(),
            delivery_method=form.cleaned_data["delivery"],
            shown_total_minor=read_number(shown) or 0,
            is_of_age=bool(form.cleaned_data.get("is_of_age")),
            address=get_visit(request).ctx.address,
            shopper=shopper,
        )
    except FairtagError as error:
        return _refuse(request, form, error)
    get_visit(request).remember_count(0)
    if get_visit(request).ctx.account_id is None:
        get_visit(request).prove_order(order.number)  # the address was given a moment ago
    return _pay(request, order, form.cleaned_data["method"], key)


def _refuse(request: HttpRequest, form: CheckoutForm, error: FairtagError) -> HttpResponse:
    """Show the form again with what stood in the way; leave it if the cart became an order."""
    try:
        view = checkout_page(get_visit(request).ctx, form.cleaned_data["delivery"], holds=True)
    except FairtagError as changed:
        return _leave(request, changed)
    if error.code == "idempotency_mismatch":
        return _leave(request, error)
    form.add_error(None, say_refusal(error))
    return _render(request, view, form, status=422)


def _leave(request: HttpRequest, error: FairtagError) -> HttpResponse:
    """Go to the order that this form placed before, else to the cart, which shows how to go on.

    A guest who sends the order's e-mail address with it has proven it, as with the first press.
    """
    visit = get_visit(request)
    context = quote_context(visit.ctx, "checkout")
    placed = find_placed_order(context=context, idempotency_key=_read_key(request))
    if placed is None:
        if error.code == "no_payment_provider":
            messages.error(request, say_refusal(error))
        return redirect("cart")
    token = renew_link(order_id=placed.order_id, now=visit.ctx.now)
    if visit.ctx.account_id is None:
        number = prove_email(visit.ctx, token, request.POST.get("email", ""))
        if number:
            visit.prove_order(number)
    return redirect("order", token=token)


def _pay(request: HttpRequest, order: OrderView, method: str, key: str) -> HttpResponse:
    try:
        step = start_payment(
            order_id=order.order_id,
            method=method,
            idempotency_key=f"{key}:pay",
            now=utc_now(),
            language=get_visit(request).ctx.language,
        )
    except FairtagError:
        return redirect("order", token=order.token)  # the order page offers to try again
    return go_to_payment(order.token, step)


def _make_form(view: CheckoutView, given: Any = None, initial: Any = None) -> CheckoutForm:
    chosen = view.cart.delivery
    return CheckoutForm(
        given,
        initial={
            "delivery": chosen.code if chosen else "",
            "method": view.methods[0].code if view.methods else "",
            **(initial or {}),
        },
        terms=_read_terms(view),
    )


def _read_terms(view: CheckoutView) -> CheckoutTerms:
    """Return what the form may choose from: only countries that something is delivered to."""
    market = get_market(settings.MARKET_CODE)
    where: dict[str, Any] = {"market_code": market.code, "day": utc_now().date()}
    language = get_language() or "en"
    countries = list_served(**where, country=market.country, language=language)
    is_single = len(countries) == 1
    return CheckoutTerms(
        country=countries[0][0] if countries else market.country,
        deliveries={one.code: find_method(**where, code=one.code) for one in view.options},
        methods=[method.code for method in view.methods],
        countries=countries,
        regions=list_regions(countries[0][0]) if is_single else (),
        minimum_age=view.minimum_age,
    )


def _render(
    request: HttpRequest,
    view: CheckoutView,
    form: CheckoutForm,
    status: int = 200,
    *,
    points_note: str = "",
) -> HttpResponse:
    context = {
        "checkout": view,
        "form": form,
        "key": _read_key(request),
        "points_note": points_note,
    }
    return render(request, "storefront/checkout.html", context, status=status)


def _known(request: HttpRequest) -> dict[str, str]:
    """Return what a signed-in shopper need not type again: the account's address, the last order's
    contact."""
    ctx = get_visit(request).ctx
    if ctx.account_id is None:
        return {}
    contact = last_contact(ctx)
    known = {} if contact is None else asdict(contact)
    return {**known, "email": getattr(request.user, "email", "") or known.get("email", "")}


def _kept(request: HttpRequest) -> dict[str, str]:
    return {name: str(request.POST.get(name, "")) for name in CheckoutForm.base_fields}


def _read_key(request: HttpRequest) -> str:
    """Return the form's own key, so that a second press of the button places nothing twice."""
    try:
        return str(UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid4())
