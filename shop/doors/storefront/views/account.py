"""The account: what we know, orders, choices."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from profiles.segments.api import name_tags
from profiles.values import Consents
from shop.doors.pages.account import account as account_page
from shop.doors.pages.checkout import orders as orders_page
from shop.doors.storefront.visitors import get_visit
from shop.doors.storefront.wording import describe_counts, list_consents


@require_safe
@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Show what we know about the shopper, in words, with the choices beside it."""
    visit = get_visit(request)
    page = account_page(visit.ctx)
    context = {
        "page": page,
        "tags": name_tags(tuple(page.tags), visit.ctx.language),
        "counts": describe_counts(page.monthly),
        "consent_rows": list_consents(page.shopper.consents if page.shopper else Consents()),
        "section": "account",
    }
    return render(request, "storefront/account.html", context)


@require_safe
@login_required
def orders(request: HttpRequest) -> HttpResponse:
    """List the shopper's orders, newest first."""
    page = orders_page(get_visit(request).ctx, request.GET.get("before", "")[:32] or None)
    context = {"page": page, "section": "orders"}
    return render(request, "storefront/account_orders.html", context)
