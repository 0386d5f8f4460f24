"""Everything about one shopper on one page, masked by role."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import list_quotes_of_shopper
from profiles.accounts.api import (
    ShopperUnknown,
    StaffShopper,
    list_consent_answers,
    list_recent_events,
    read_shopper,
)
from profiles.shoppers.api import list_audit_traits
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.shoppers.dealings import describe_dealings
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_percent
from shop.ground.staff.roles import is_auditor, mask_email, may_see_personal


@needs("profiles.view_shopper")
def show_shopper(request: HttpRequest, shopper_id: int) -> HttpResponse:
    """Show a shopper: who, what they agreed to, what we derived, what they did and were quoted.

    Audit-only traits appear for auditors alone: this page shows prices too. About fifteen queries.
    """
    language, now, account = get_language() or "en", utc_now(), request.user
    try:
        shopper = read_shopper(shopper_id=shopper_id, language=language)
    except ShopperUnknown as unknown:
        raise Http404(str(unknown)) from unknown
    events = list_recent_events(shopper_id=shopper_id)
    may_see_quotes = account.has_perm("pricing.view_quote")
    quotes = list_quotes_of_shopper(shopper_id=shopper_id) if may_see_quotes else []
    names = name_variants(
        [*(e.variant_id for e in events), *(q.variant_id for q in quotes)], language
    )
    sees_personal = may_see_personal(account)
    context = {
        "shopper": shopper,
        "heading": _heading(shopper, sees_personal),
        "email": shopper.email if sees_personal else mask_email(shopper.email),
        "chances": [(line, show_percent(line.chance)) for line in shopper.chances],
        "answers": list_consent_answers(shopper_id=shopper_id),
        "events": [(event, names.get(event.variant_id or 0, "")) for event in events],
        "quotes": [_quote_line(quote, names) for quote in quotes],
        "may_see_quotes": may_see_quotes,
        "traits": list_audit_traits(shopper_id=shopper_id) if is_auditor(account) else [],
        **describe_dealings(shopper, account, now, language),
    }
    return render_page(request, "admin/shopper.html", _("Shopper overview"), context)


def name_variants(variant_ids: Iterable[int | None], language: str) -> dict[int, str]:
    """Return product name and size by variant id. One query."""
    wanted = sorted({variant_id for variant_id in variant_ids if variant_id})
    if not wanted:
        return {}
    cards = list_cards(wanted, language)
    return {card.variant_id: f"{card.name} {card.size_label}".strip() for card in cards}


def _heading(shopper: StaffShopper, sees_personal: bool) -> str:
    if shopper.email:
        return shopper.email if sees_personal else mask_email(shopper.email)
    return shopper.external_ref or str(shopper.pseudonym)[:8]


def _quote_line(quote: Any, names: dict[int, str]) -> dict[str, Any]:
    saved = quote.public_minor - quote.quoted_minor
    return {
        "quote": quote,
        "name": names.get(quote.variant_id, quote.variant_id),
        "public": show_money(quote.public_minor, quote.currency),
        "quoted": show_money(quote.quoted_minor, quote.currency),
        "saved": show_money(saved, quote.currency) if saved else "",
    }
