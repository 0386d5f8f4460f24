"""What a shopper has to do with the shop: orders, returns, points, offers, segments."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from orders.reports.api import list_orders_of_shopper, sum_shopper_sales
from orders.returns.api import list_returns_of_shopper
from profiles.accounts.api import StaffShopper
from profiles.segments.api import list_made_rules, name_features
from promotions.campaigns.api import list_targeted
from promotions.loyalty.api import find_balance
from shop.doors.backoffice.shoppers.segment_pages import describe_rule
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.translation import is_chinese
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count
from shop.ground.staff.roles import may_see_cost

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
