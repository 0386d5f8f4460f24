"""The page with a payment provider's own form, and what a browser may load there."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.csp import csp_override

from orders.payments.api import PaymentStep
from orders.values import OrderView
from shop.doors.storefront.middleware import PERMISSIONS
from shop.doors.storefront.visitors import get_visit
from shop.ground.kernel.money import format_money

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
