"""What the pages of segments show: the rule in words, size, value, drift, overlap and a sample."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from orders.reports.api import sum_shopper_sales
from profiles.segments.api import (
    FIELDS,
    LEAST_SHOWN,
    MOST_GROUPS,
    MOST_ROWS,
    Rule,
    RuleRefused,
    SegmentPage,
    Selection,
    name_tags,
    say_rule,
    select_found,
    select_shoppers,
)
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Series
from shop.doors.backoffice.shoppers.drafts import Draft, show_value
from shop.ground.catalog.selectors import get_market, home_market
from shop.ground.staff.columns import show_minor, show_money
from shop.ground.staff.numbers import EMPTY, show_count, show_percent, show_signed, show_units

VALUE_DAYS = 90
MOST_OVERLAPS = 10
SAMPLE_FEATURES = ("orders", "days_since_order", "basket_value", "discount_share")
REFUSALS: Mapping[str, Promise] = {
    "no_name": gettext_lazy("Give the segment a name."),
    "protected_name": gettext_lazy(
        "The name speaks of a protected trait, such as age, sex, health or income. Name what the"
        " shoppers do."
    ),
    "no_condition": gettext_lazy("Add at least one condition to each group."),
    "too_long": gettext_lazy("The rule has too many conditions."),
    "may_not_ask": gettext_lazy("A condition asks for something that segments may not use."),
    "no_value": gettext_lazy("A condition has no value."),
    "changed_meanwhile": gettext_lazy(
        "Somebody changed this segment meanwhile. Reload the page and make your change again."
    ),
    "not_made": gettext_lazy("Only segments with a rule can be changed."),
}


def say_refused(refusal: RuleRefused) -> str:
    """Return why a segment is not saved, for staff."""
    return str(REFUSALS.get(refusal.code, refusal.message))


def describe_rule(rule: Rule, names: Mapping[str, Mapping[str, str]]) -> str:
    """Return a rule in the reader's language."""
    flat = {feature: name for kind in names.values() for feature, name in kind.items()}
    return say_rule(rule, flat, show_value, get_language() or "en")


def list_choices(names: Mapping[str, Mapping[str, str]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return what a row may ask for, by groups of the list."""
    titles = {
        "": _("Behavior"),
        "tag": _("Tags"),
        "segment": _("Found segments"),
        "department": _("Interest in a department"),
    }
    return [(str(titles[kind]), list(known.items())) for kind, known in names.items() if known]


def describe_form(draft: Draft, names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return the rows of the form and what they offer."""
    return {
        "groups": draft,
        "choices": list_choices(names),
        "may_add_group": len(draft) < MOST_GROUPS,
        "most_rows": MOST_ROWS,
    }


def describe_selection(
    selection: Selection,
    names: Mapping[str, Mapping[str, str]],
    own: str,
    now: datetime,
    *,
    with_margin: bool,
) -> dict[str, Any]:
    """Return size, value, overlap and sample of a selection as text. Two queries."""
    share = selection.shopper_count / selection.total if selection.total else 0.0
    shown = {
        "count": show_count(selection.shopper_count),
        "share": show_percent(share),
        "total": show_count(selection.total),
        "is_estimate": selection.is_estimate,
        "least": LEAST_SHOWN,
        "is_small": selection.shopper_count < LEAST_SHOWN,
    }
    if shown["is_small"]:
        return shown
    return shown | {
        "value": _describe_value(selection, now, with_margin=with_margin),
        "overlaps": _list_overlaps(selection, names, own),
        "sample_heads": [names[""][name] for name in SAMPLE_FEATURES],
        "sample": [
            {
                "address": reverse("admin:shopper_overview", args=[one.shopper_id]),
                "pseudonym": one.pseudonym[:8],
                "values": [
                    _show_feature(name, one.features.get(name, 0.0)) for name in SAMPLE_FEATURES
                ],
            }
            for one in selection.sample
        ],
    }


def _show_feature(name: str, value: float) -> str:
    unit = FIELDS[name][1]
    if name == "days_since_order" and value >= 3650:
        return str(_("never"))
    return show_minor(value) if unit == "money" else show_value(unit, round(value, 2))


def _describe_value(
    selection: Selection, now: datetime, *, with_margin: bool
) -> list[tuple[str, str]]:
    """Return sales, and perhaps margin, for each shopper over the last 90 days, in the home
    market."""
    market = get_market(home_market())
    sales = sum_shopper_sales(
        shopper_ids=selection.member_ids,
        since=now - timedelta(days=VALUE_DAYS),
        until=now,
        market_code=market.code,
    )
    of = max(1, sales.shoppers)
    margin = sales.margin_minor / sales.net_minor if sales.net_minor else None
    margins = [
        (_("Margin per shopper"), show_money(round(sales.margin_minor / of), market.currency)),
        (_("Margin"), EMPTY if margin is None else show_percent(margin)),
    ]
    return [
        (_("Ordered in the last 90 days"), show_percent(sales.buyers / of)),
        (_("Orders per shopper"), show_units(round(sales.orders / of, 2))),
        (_("Sales per shopper"), show_money(round(sales.net_minor / of), market.currency)),
        *(margins if with_margin else []),
    ]


def _list_overlaps(
    selection: Selection, names: Mapping[str, Mapping[str, str]], own: str
) -> list[tuple[str, str, str]]:
    found = {key.partition(":")[2]: name for key, name in names["segment"].items()}
    language, rows = get_language() or "en", []
    for one in selection.overlaps:
        named = [found[one.code]] if one.code in found else name_tags((one.code,), language)
        if named and one.code != own:
            share = one.shopper_count / max(1, selection.shopper_count)
            rows.append((named[0], show_count(one.shopper_count), show_percent(min(1.0, share))))
    return rows[:MOST_OVERLAPS]


def describe_segment(
    page: SegmentPage,
    names: Mapping[str, Mapping[str, str]],
    now: datetime,
    *,
    with_margin: bool,
) -> dict[str, Any]:
    """Return a segment in full. Seven queries."""
    rule = select_found(page.code) if page.rule is None else page.rule
    versions = [{"line": one, "said": describe_rule(one.rule, names)} for one in page.revisions]
    return {
        "page": page,
        "said": "" if page.rule is None else describe_rule(page.rule, names),
        "measure": describe_selection(
            select_shoppers(rule), names, page.code, now, with_margin=with_margin
        ),
        "drift": _draw_drift(page),
        "change": _say_drift(page),
        "versions": versions,
    }


def _draw_drift(page: SegmentPage) -> Chart:
    labels = tuple(date_format(day, "j M") for day, _count, _is in page.sizes)
    counts = tuple(float(count) for _day, count, _is in page.sizes)
    return DayChart(
        title=_("Size over the last weeks"),
        labels=labels,
        show=show_count,
        lines=(Series(_("Shoppers"), counts, 1),),
        note=_("Days before the rule was saved are reckoned from a sample of shoppers.")
        if any(is_estimated for _day, _count, is_estimated in page.sizes)
        else "",
    ).draw()


def _say_drift(page: SegmentPage) -> str:
    """Return how the size changed over four weeks; "" where it is not known."""
    if len(page.sizes) < 2:
        return ""
    last_day, last, _is = page.sizes[-1]
    older = [count for day, count, _is in page.sizes if day <= last_day - timedelta(days=28)]
    if not older or not older[-1]:
        return ""
    return _("%(change)s in four weeks") % {"change": show_signed(last - older[-1], show_count)}
