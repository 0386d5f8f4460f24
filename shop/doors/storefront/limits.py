"""Rate limits of visitors for all doors, and the messages when one is reached."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import Client, Policy

View = Callable[..., HttpResponse]
SIGN_IN_SECONDS = 60  # the account pages' own limits count by the minute and do not say more
FAILED_LOGIN_SECONDS = 300  # the window of `login_failed` in ACCOUNT_RATE_LIMITS


def wait_for(request: HttpRequest, *policies: Policy) -> int:
    """Take one request from each bucket; return the seconds to wait, 0 if it may pass."""
    ctx = get_visit(request).ctx
    client = Client(ctx.account_id, ctx.shopper_pseudonym, ctx.address)
    for policy in policies:
        verdict = client.take(policy)
        if not verdict.is_allowed:
            return math.ceil(verdict.retry_seconds)
    return 0


def limited(*policies: Policy) -> Callable[[View], View]:
    """Count what a view is sent by form; over the limit the visitor is told when to come back."""

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
            wait = wait_for(request, *policies) if request.method == "POST" else 0
            if wait:
                return refuse_page(request, wait)
            return view(request, *args, **kwargs)

        return wrapped

    return decorate


def refuse_page(request: HttpRequest, wait: int) -> HttpResponse:
    """Return the page that says so. For htmx it replaces the page's content, wherever it aimed."""
    response = render(request, "429.html", {"explanation": say_wait(wait)}, status=429)
    response["HX-Retarget"] = "#main"
    response["HX-Reselect"] = "#main > *"
    response["HX-Reswap"] = "innerHTML"
    return ask_to_wait(response, wait)


def ask_to_wait(response: HttpResponse, wait: int) -> HttpResponse:
    """Say the same to machines."""
    response["Retry-After"] = str(wait)
    return response


def say_wait(seconds: int) -> str:
    """Return when to come back, in words, rounded up."""
    if seconds < 60:
        return _("Too many requests in a short time. Please wait a moment, then try again.")
    minutes = math.ceil(seconds / 60)
    return ngettext(
        "Too many tries in a short time. Please come back in {count} minute.",
        "Too many tries in a short time. Please come back in {count} minutes.",
        minutes,
    ).format(count=minutes)


def too_many_sign_ins(request: HttpRequest) -> HttpResponse:
    """The account pages' answer to too many requests from one address (`handler429`)."""
    return refuse_page(request, SIGN_IN_SECONDS)
