"""An order by its secret link: follow it, pay it, cancel it; or find it by number and e-mail."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from orders.checkout.api import ask_to_cancel
from orders.order.api import find_order_for_guest, renew_link
from orders.payments.api import (
    PaymentStep,
    confirm_payment,
    continue_payment,
    list_payment_methods,
    start_payment,
)
from orders.refusals import PaymentRefused
from orders.values import OrderView
from shop.doors.pages.checkout import order as order_page
from shop.doors.pages.checkout import order_again, prove_email
from shop.doors.storefront.forms import EmailForm, TrackForm
from shop.doors.storefront.limits import ask_to_wait, limited, say_wait, wait_for
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.middleware import PERMISSIONS
from shop.doors.storefront.rendering import may_be_missing
from shop.doors.storefront.views.ratings import FACES
from shop.doors.storefront.visitors import ensure_shopper, get_visit
from shop.ground.jobs.limits import CHANGE, GUESS, MONEY
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import format_money

# The page with a payment provider's own form, and what a browser may load there.

# What Stripe's form needs: https://docs.stripe.com/security/guide#content-security-policy
FRAMES = ("https://js.stripe.com", "https://*.js.stripe.com", "https://hooks.stripe.com")
API = "https://api.stripe.com"


def show_payment_form(
    request: HttpRequest, token: str, order: OrderView, step: PaymentStep
) -> HttpResponse:
    """Show the provider's form. Only here may its scripts and frames be loaded."""
    back = reverse("order_paid", args=[token, step.payment_id])
    context = {
        "order": order,
        "ref": token,
        "step": step,
        "amount": format_money(order.total_minor, order.currency, get_visit(request).ctx.locale),
        "is_sandbox": "_test_" in step.publishable_key,
        "js_url": settings.STRIPE.js_url,
        "return_url": request.build_absolute_uri(back),
        "language": "zh" if (get_language() or "").startswith("zh") else "en",
    }
    show = csp_override(build_policy())(render)
    response: HttpResponse = show(request, "storefront/pay.html", context)
    allowed = f'payment=(self "{_origin(settings.STRIPE.js_url)}")'
    response["Permissions-Policy"] = PERMISSIONS.replace("payment=()", allowed)
    return response


def build_policy() -> dict[str, list[str]]:
    """Return the shop's content policy with what Stripe's form needs, and nothing else."""
    script = _origin(settings.STRIPE.js_url)
    api = settings.STRIPE.api_url or API
    added = {
        "script-src": [script, "https://*.js.stripe.com"],
        "frame-src": list(dict.fromkeys([script, *FRAMES])),
        "connect-src": [api],
    }
    policy = {name: list(sources) for name, sources in settings.SECURE_CSP.items()}
    for name, sources in added.items():
        policy[name] = [*policy.get(name, []), *sources]
    return policy


def _origin(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


# The shopper approved at the provider, who is asked; there is nothing to hand on.
NOTHING_TYPED = ""


@sensitive_post_parameters("email")
@require_http_methods(["GET", "HEAD", "POST"])
@limited(GUESS)
@may_be_missing
def order(request: HttpRequest, token: str) -> HttpResponse:
    """Show an order as it stands; a posted e-mail address opens name and address to a guest."""
    visit = get_visit(request)
    form = EmailForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        number = prove_email(visit.ctx, token, form.cleaned_data["email"])
        if number:
            visit.prove_order(number)
            return redirect("order", token=token)
        form.add_error("email", _("This is not the e-mail address the order was placed with."))
    page = order_page(visit.ctx, token, proven=visit.proven_orders)
    methods = list_payment_methods(language=visit.ctx.language) if page.order.is_payable else []
    waiting = [each for each in page.order.payments if each.state == "needs_action"]
    context = {"order": page.order, "page": page, "methods": methods, "waiting": waiting}
    context |= {"form": form, "key": str(uuid4()), "faces": FACES}
    status = 422 if form.errors else 200
    return render(request, "storefront/order.html", context, status=status)


@require_POST
@limited(MONEY)
@may_be_missing
def pay(request: HttpRequest, token: str) -> HttpResponse:
    """Try to pay an order that is not paid yet, or go on with the attempt that is open."""
    found = order_page(get_visit(request).ctx, token).order
    try:
        step = _pay(request, found)
    except FairtagError as error:
        messages.error(request, say_refusal(error))
        return redirect("order", token=token)
    return go_to_payment(token, step)


def _pay(request: HttpRequest, found: OrderView) -> PaymentStep:
    """Start an attempt; or go on with the one that waits for the shopper; or give it up."""
    ctx = get_visit(request).ctx
    asked = request.POST.get("payment", "")
    if not asked:
        key = request.POST.get("key", "")[:80] or str(uuid4())
        return start_payment(
            order_id=found.order_id,
            method=request.POST.get("method", "")[:40],
            idempotency_key=f"{found.number}:{key}",
            now=ctx.now,
            language=ctx.language,
        )
    payment_id = next((p.payment_id for p in found.payments if str(p.payment_id) == asked), None)
    if payment_id is None:
        raise PaymentRefused("This order has no such payment.", code="payment_not_found")
    if "give_up" not in request.POST:
        return continue_payment(payment_id=payment_id, language=ctx.language)
    given = request.POST.get("action", "")[:400]  # needed by an approval only
    return confirm_payment(
        payment_id=payment_id,
        action_token=given,
        approved=False,
        now=ctx.now,
        language=ctx.language,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@limited(MONEY)
@may_be_missing
def confirm(request: HttpRequest, token: str, payment_id: UUID) -> HttpResponse:
    """Show the provider's form; or the sandbox's page: what a bank would ask, without a bank."""
    ctx = get_visit(request).ctx
    found = order_page(ctx, token).order
    if all(payment.payment_id != payment_id for payment in found.payments):
        return redirect("order", token=token)
    if request.method != "POST":
        return _show_confirmation(request, token, found, payment_id)
    try:
        step = confirm_payment(
            payment_id=payment_id,
            action_token=request.POST.get("action", "")[:400],
            approved=request.POST.get("answer") == "approve",
            now=ctx.now,
            language=ctx.language,
        )
    except FairtagError as error:
        messages.error(request, say_refusal(error))
        return redirect("order", token=token)
    return go_to_payment(token, step)


def _show_confirmation(
    request: HttpRequest, token: str, found: OrderView, payment_id: UUID
) -> HttpResponse:
    try:
        step = continue_payment(payment_id=payment_id, language=get_visit(request).ctx.language)
    except FairtagError as error:
        messages.error(request, say_refusal(error))
        return redirect("order", token=token)
    if step.state != "needs_action":
        return redirect("order", token=token)
    if step.publishable_key:
        return show_payment_form(request, token, found, step)
    context = {"order": found, "action": request.GET.get("action", "")[:400]}
    return render(request, "storefront/confirm.html", context)


@require_safe
@limited(MONEY)
@may_be_missing
def paid(request: HttpRequest, token: str, payment_id: UUID) -> HttpResponse:
    """Come back from the provider's form or a bank's page: ask the provider how it went."""
    ctx = get_visit(request).ctx
    found = order_page(ctx, token).order
    if all(payment.payment_id != payment_id for payment in found.payments):
        return redirect("order", token=token)
    try:
        step = confirm_payment(
            payment_id=payment_id,
            action_token=NOTHING_TYPED,
            approved=True,
            now=ctx.now,
            language=ctx.language,
        )
    except FairtagError as error:
        messages.error(request, say_refusal(error))
        return redirect("order", token=token)
    if step.reason_code == "processing":
        messages.info(request, step.message)
        return redirect("order", token=token)
    return go_to_payment(token, step)


@require_POST
@limited(MONEY)
@may_be_missing
def cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Cancel an order of whoever knows its e-mail address; what was paid comes back."""
    visit = get_visit(request)
    ctx = visit.ctx
    page = order_page(ctx, token, proven=visit.proven_orders)
    if not page.is_known:
        messages.error(request, _("Enter the e-mail address of the order first."))
        return redirect("order", token=token)
    try:
        is_done = ask_to_cancel(order_id=page.order.order_id, now=ctx.now, language=ctx.language)
    except FairtagError as error:
        messages.error(request, say_refusal(error))
    else:
        said = _("The order is canceled. Nothing was charged.")
        if page.order.paid_at:
            said = _("The order is canceled. What you paid comes back to you.")
        if not is_done:
            said = _("We have your request. You get an e-mail when the order is canceled.")
        messages.success(request, said)
    return redirect("order", token=token)


@require_POST
@limited(CHANGE)
@may_be_missing
def again(request: HttpRequest, token: str) -> HttpResponse:
    """Put what an order had into the cart, and say what is not to be had."""
    page = order_page(get_visit(request).ctx, token)
    ensure_shopper(request)
    try:
        done = order_again(get_visit(request).ctx, page.order)
    except FairtagError as error:
        messages.error(request, say_refusal(error))
        return redirect("cart")
    if done.added:
        said = ngettext(
            "%(n)d item is in your cart at today's price.",
            "%(n)d items are in your cart at today's prices.",
            done.added,
        )
        messages.success(request, said % {"n": done.added})
    if done.missing:
        said = _("Not available in the quantity you ordered: %(names)s.")
        messages.warning(request, said % {"names": ", ".join(done.missing)})
    return redirect("cart")


@sensitive_post_parameters("email")
@require_http_methods(["GET", "HEAD", "POST"])
def track(request: HttpRequest) -> HttpResponse:
    """Find an order. A wrong number and a wrong e-mail address get the very same answer."""
    visit = get_visit(request)
    known = {"number": request.GET.get("number", "")}
    form = TrackForm(request.POST if request.method == "POST" else None, initial=known)
    wait = wait_for(request, GUESS) if request.method == "POST" else 0
    if wait:
        form.add_error(None, say_wait(wait))
        response = render(request, "storefront/track.html", {"form": form}, status=429)
        return ask_to_wait(response, wait)
    if request.method == "POST" and form.is_valid():
        found = find_order_for_guest(
            number=form.cleaned_data["number"].strip().upper(),
            email=form.cleaned_data["email"],
            language=visit.ctx.language,
        )
        if found is not None:
            visit.prove_order(found.number)
            return redirect("order", token=renew_link(order_id=found.order_id, now=visit.ctx.now))
        form.add_error(None, _("We found no order with this number and e-mail address."))
    status = 422 if form.errors else 200
    return render(request, "storefront/track.html", {"form": form}, status=status)


def go_to_payment(token: str, step: PaymentStep) -> HttpResponseRedirect:
    """Return the next stop: a confirmation that is still needed, or the order."""
    if step.state != "needs_action":
        return HttpResponseRedirect(reverse("order", args=[token]))
    if step.action_url:
        return HttpResponseRedirect(step.action_url)
    address = reverse("order_confirm", args=[token, step.payment_id])
    if step.publishable_key:  # the form's secret is fetched there and stands in no address
        return HttpResponseRedirect(address)
    return HttpResponseRedirect(f"{address}?{urlencode({'action': step.action_token})}")
