"""Everything about one shopper on one page, masked by role."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.reports.api import list_orders_of_shopper, sum_shopper_sales
from orders.returns.api import list_returns_of_shopper
from pricing.api import list_quotes_of_shopper
from profiles.accounts.api import (
    ShopperUnknown,
    StaffShopper,
    list_consent_answers,
    list_recent_events,
    read_shopper,
)
from profiles.segments.api import list_made_rules, name_features
from profiles.shoppers.api import list_audit_traits
from promotions.campaigns.api import list_targeted
from promotions.loyalty.api import find_balance
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.shoppers.segment_pages import describe_rule
from shop.ground.catalog.selectors import get_market, list_cards
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import is_chinese
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count, show_percent
from shop.ground.staff.roles import is_auditor, mask_email, may_see_cost, may_see_personal

VALUE_DAYS = 90


def describe_dealings(
    shopper: StaffShopper, account: Any, now: datetime, language: str
) -> dict[str, Any]:
    """Return what the reader may see of a shopper's dealings. At most seven queries."""
    may, key = account.has_perm, shopper.shopper_id
    sees_orders = may("orders.view_order")
    orders = list_orders_of_shopper(shopper_id=key) if sees_orders else []
    return {
        "figures": _list_figures(shopper, account, now) if sees_orders else [],
        "orders": [(order, show_money(order.total_minor, order.currency)) for order in orders],
        "returns": list_returns_of_shopper(shopper_id=key) if may("orders.view_return") else [],
        "points": find_balance(shopper_id=key, now=now)
        if may("promotions.view_pointsaccount")
        else None,
        "offers": _list_offers(key, now, language) if may("promotions.view_campaign") else [],
        "segments": _list_segments(shopper, language, is_open=may("profiles.view_segment")),
        "actions": _list_actions(shopper, account),
    }


def _list_figures(shopper: StaffShopper, account: Any, now: datetime) -> list[tuple[str, str]]:
    """Return what the last 90 days brought in the shopper's market."""
    market = get_market(shopper.market_code)
    sales = sum_shopper_sales(
        shopper_ids=[shopper.shopper_id],
        since=now - timedelta(days=VALUE_DAYS),
        until=now,
        market_code=market.code,
    )
    margin = (_("Margin"), show_money(sales.margin_minor, market.currency))
    return [
        (_("Orders in 90 days"), show_count(sales.orders)),
        (_("Sales"), show_money(sales.net_minor, market.currency)),
        *([margin] if may_see_cost(account) else []),
    ]


def _list_offers(shopper_id: int, now: datetime, language: str) -> list[dict[str, Any]]:
    in_chinese = is_chinese(language)
    return [
        {
            "name": (in_chinese and one.name_zh) or one.name,
            "address": reverse("admin:promotions_campaign_change", args=[one.campaign_id]),
            "ends_at": one.ends_at,
            "by": _("chosen by the shop's model") if one.reason else _("addressed by staff"),
        }
        for one in list_targeted(shopper_id=shopper_id, now=now)
    ]


def _list_segments(shopper: StaffShopper, language: str, *, is_open: bool) -> list[dict[str, str]]:
    """Return the segments of a shopper, each with why: the found one, then those of staff."""

    def link(code: str) -> str:
        return reverse("admin:segment", args=[code]) if is_open else ""

    rows = []
    if shopper.segment:
        why = shopper.segment_note
        rows.append({"name": shopper.segment, "address": link(shopper.segment_code), "why": why})
    made = [one for one in list_made_rules() if one.code in shopper.tag_codes]
    names = name_features(language) if made else {}
    in_chinese = is_chinese(language)
    return rows + [
        {
            "name": (in_chinese and one.name_zh) or one.name,
            "address": link(one.code),
            "why": describe_rule(one.rule, names),
        }
        for one in made
    ]


def _list_actions(shopper: StaffShopper, account: Any) -> list[tuple[str, str]]:
    """Return what the reader may do from here: label and address."""
    pseudonym = shopper.pseudonym
    known = [
        (_("All orders"), "orders.view_order", "orders_order_changelist"),
        (_("All quotes"), "pricing.view_quote", "pricing_quote_changelist"),
        (_("Consent log"), "profiles.view_consentrecord", "profiles_consentrecord_changelist"),
        (_("All events"), "profiles.view_event", "profiles_event_changelist"),
    ]
    links = [
        (str(label), f"{reverse(f'admin:{name}')}?q={pseudonym}")
        for label, permission, name in known
        if account.has_perm(permission)
    ]
    if account.has_perm("promotions.add_pointsadjustment"):
        accounts = reverse("admin:promotions_pointsaccount_changelist")
        links.append((_("Adjust points"), f"{accounts}?q={shopper.shopper_id}"))
    record = reverse("admin:profiles_shopper_change", args=[shopper.shopper_id])
    return [*links, (_("Record"), record)]


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
