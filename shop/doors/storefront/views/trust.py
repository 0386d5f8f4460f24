"""Explanation of a price, the pricing rules, and privacy choices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pricing.api import ContestRefused
from pricing.ledger.core.record import PUBLIC_TEST, is_test_code, label_text
from profiles.consent.api import set_consent
from profiles.shoppers.api import find_shopper
from profiles.values import PURPOSES
from shop.doors.pages.regions import name_region
from shop.doors.pages.trust import pricing_rules as rules_page
from shop.doors.pages.trust import privacy as privacy_page
from shop.doors.pages.trust import question_price, read_contest
from shop.doors.pages.trust import why as why_page
from shop.doors.pages.trust import why_product as why_product_page
from shop.doors.storefront.limits import limited
from shop.doors.storefront.messages import say_refusal
from shop.doors.storefront.rendering import (
    came_from,
    contact_address,
    go_back,
    is_fragment,
    may_be_missing,
)
from shop.doors.storefront.visitors import (
    CHOICE_COOKIE,
    CHOICE_SECONDS,
    Visit,
    ensure_shopper,
    get_visit,
)
from shop.doors.storefront.wording import describe_features, list_consents
from shop.ground.jobs.limits import MONEY
from shop.ground.staff.keys import read_number

# Choices about personal data, kept where they hold: the consent log, or a cookie of a stranger.

TEXT_VERSION = "2026-11"


def change_consents(request: HttpRequest, purposes: Sequence[str], *, is_on: bool) -> None:
    """Grant or withdraw purposes, effective on the next quote.

    A stranger who says no stays a stranger: the answer is a cookie without an identity.
    """
    visit = get_visit(request)
    if "price" in purposes:
        _remember_choice(visit, is_on=is_on)
    pseudonym = visit.ctx.shopper_pseudonym
    known = find_shopper(pseudonym) if pseudonym else None
    if known is None:
        if not is_on:
            return
        known = ensure_shopper(request)
    for purpose in purposes:
        set_consent(
            shopper_id=known.id,
            purpose=purpose,
            granted=is_on,
            how="storefront",
            locale=visit.ctx.locale,
            text_version=TEXT_VERSION,
            now=visit.ctx.now,
        )


def _remember_choice(visit: Visit, *, is_on: bool) -> None:
    visit.choice = "on" if is_on else "off"
    visit.cookies[CHOICE_COOKIE] = (visit.choice, CHOICE_SECONDS, True)


@require_http_methods(["GET", "HEAD", "POST"])
@may_be_missing
@limited(MONEY)
def why(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """Explain one price to the shopper it was made for, and let them question it; htmx gets it
    for a dialog.
    """
    refusal = ""
    if request.method == "POST":
        refusal = _question(request, quote_id)
        if not refusal:
            messages.success(request, _("Thank you. A person answers within 72 hours."))
            return HttpResponseRedirect(reverse("why", args=[quote_id]))
    visit = get_visit(request)
    ctx, asked = visit.ctx, request.GET.get("variant", "")
    variant_id = read_number(asked) if asked else None
    page = why_page(ctx, quote_id, variant_id=variant_id, visitor=visit.visitor)
    context = {
        "page": page,
        "contest": read_contest(ctx, quote_id),
        "refusal": refusal,
        "is_test": page.trace is not None and is_test_code(page.trace.label_code),
        "return_to": came_from(request),
    }
    return render(request, _find_template(request), context, status=422 if refusal else 200)


@require_safe
@may_be_missing
@limited(MONEY)
def why_product(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Explain the price of a product with an account or in a group; htmx gets it for a dialog."""
    visit = get_visit(request)
    page = why_product_page(visit.ctx, variant_id, visitor=visit.visitor)
    return render(request, _find_template(request), {"page": page})


def _find_template(request: HttpRequest) -> str:
    return "storefront/why_sheet.html" if is_fragment(request) else "storefront/why.html"


def _question(request: HttpRequest, quote_id: UUID) -> str:
    """Keep the question about a price; return why it is not kept."""
    ensure_shopper(request)
    email, text = request.POST.get("email", ""), request.POST.get("text", "")
    try:
        question_price(get_visit(request).ctx, quote_id, email=email, text=text)
    except ContestRefused as refusal:
        return say_refusal(refusal)
    return ""


@require_safe
def pricing_rules(request: HttpRequest) -> HttpResponse:
    """Show how prices are made, from the live configuration."""
    ctx = get_visit(request).ctx
    page = rules_page(ctx)
    context = {
        "page": page,
        "features": describe_features(page.features),
        "cap_percent": round(page.personal_cap * 100),
        "region_name": name_region(ctx.jurisdiction_code, ctx.language),
        "label": page.rule.label(ctx.language),
        "test_label": page.rule.label(ctx.language, is_test=True),
        "public_test_label": label_text(page.rule, PUBLIC_TEST, ctx.language),
        "percent": {
            field.name: f"{100.0 * getattr(page.drawn, field.name):.3g}"
            for field in fields(page.drawn)
            if getattr(page.drawn, field.name)
        },
        "contact": contact_address(),
    }
    return render(request, "storefront/rules.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """Show what is kept and let everybody, also without an account, decide by purpose."""
    visit = get_visit(request)
    page = privacy_page(visit.ctx)
    consents = page.consents or visit.default_consents()
    context = {"page": page, "consent_rows": list_consents(consents)}
    return render(request, "storefront/privacy.html", context)


@require_POST
def choices(request: HttpRequest) -> HttpResponse:
    """Switch personal prices (`personal`) or one purpose (`purpose`, `granted`) on or off."""
    personal = request.POST.get("personal", "")
    purpose = request.POST.get("purpose", "")
    if personal in ("on", "off"):
        change_consents(request, ("price", "recommendations"), is_on=personal == "on")
        messages.success(request, _said(is_on=personal == "on", gpc=get_visit(request).ctx.gpc))
    elif purpose in PURPOSES:
        change_consents(request, (purpose,), is_on=request.POST.get("granted") == "on")
        messages.success(request, _("Saved. It counts from now on."))
    return go_back(request)


def _said(*, is_on: bool, gpc: bool) -> str:
    if not is_on:
        return _("Personal prices are off. Offers with an account and for your groups still count.")
    if gpc:
        return _("Your browser asks for privacy (GPC), so personal prices stay off.")
    return _("Personal prices are on. They are never higher than the price for everyone.")
