"""The results page of a campaign, and the same figures as a file."""

from __future__ import annotations

import csv
from math import isnan
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from promotions.core.results import HoldoutLift
from promotions.selectors.campaigns import CampaignView
from shop.backoffice.frame import needs, render_page
from shop.backoffice.results import Results, find_results
from shop.backoffice.views.campaigns import CAN_SEE, require_campaign
from shop.kernel.clock import utc_now
from shop.staff.columns import show_minor, show_money

MOST_DIFFERING = 10
COLUMNS = (
    *("day", "order_state", "variant_id", "orders", "units", "sales_minor", "net_minor"),
    *("discount_minor", "refunded_minor"),
)


@needs(CAN_SEE)
def show_results(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what a campaign brought, tied to orders. Six queries, ten with a holdout."""
    campaign = require_campaign(campaign_id)
    found = find_results(campaign, now=utc_now())
    context = {
        "campaign": campaign,
        "figures": list_figures(found),
        "uses": [(one.state, one.uses, show_money(one.amount_minor)) for one in found.uses],
        "ties": found.ties,
        "counted": show_money(found.ties.counted_minor),
        "on_lines": show_money(found.ties.on_lines_minor),
        "differing": [
            (number, show_money(counted), show_money(on_lines))
            for number, (counted, on_lines) in list(found.ties.differing.items())[:MOST_DIFFERING]
        ],
        "lift": None if found.lift is None else describe_lift(found.lift),
        "why_no_lift": say_why_no_lift(campaign),
        "days": _sum_by_day(found),
    }
    title = _("Results of “%(name)s”") % {"name": campaign.name}
    return render_page(request, "admin/campaign_results.html", title, context)


@needs(CAN_SEE)
def export_results(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Hand out the lines behind the figures as CSV: they sum to the page, to the cent."""
    campaign = require_campaign(campaign_id)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{campaign.code}-results.csv"'
    rows = csv.writer(answer)
    rows.writerow(COLUMNS)
    for line in find_results(campaign, now=utc_now()).lines:
        rows.writerow(
            [
                *(line.day.isoformat(), line.status, line.variant_id, line.orders, line.units),
                *(line.sales_minor, line.net_minor, line.discount_minor, line.refunded_minor),
            ]
        )
    return answer


def list_figures(found: Results) -> list[tuple[str, str, str]]:
    """Return (title, figure, note) of the sums over paid orders."""
    totals = found.totals
    return [
        (_("Sales of the goods it lowered"), show_money(totals.sales_minor), _("after discounts")),
        (_("Discount cost"), show_money(totals.discount_minor), _("on paid orders")),
        (_("Margin"), show_money(totals.margin_minor), _("at the cost known today")),
        (_("Units"), str(totals.units), _("refunded ones taken off")),
        (_("Refunded"), show_money(totals.refunded_minor), _("of these lines")),
    ]


def describe_lift(lift: HoldoutLift) -> dict[str, Any]:
    """Return the lift over the holdout as text."""
    if lift.is_clear:
        verdict = _("The campaign changed sales: the interval leaves zero out.")
    else:
        verdict = _("It cannot be told from chance.")
    return {
        "treated": lift.treated,
        "held_out": lift.held_out,
        "treated_mean": _show(lift.treated_mean),
        "held_out_mean": _show(lift.held_out_mean),
        "difference": _show(lift.difference),
        "bounds": f"{_show(lift.low)} … {_show(lift.high)}",
        "verdict": verdict,
    }


def say_why_no_lift(campaign: CampaignView) -> str:
    """Return, truly, why there is no lift to show."""
    if campaign.audience == "public":
        return _(
            "A public offer is for everybody: there is no holdout, so what it caused is not known."
            " Run it as a switchback to learn that."
        )
    if campaign.audience == "members":
        return _("Lift is shown for personal campaigns: members come and go while it runs.")
    return _("Nobody was held out: give the next one a share.")


def _sum_by_day(found: Results) -> list[dict[str, Any]]:
    days: dict[Any, dict[str, int]] = {}
    for line in found.lines:
        if line.is_sold:
            day = days.setdefault(line.day, {"units": 0, "sales": 0, "discount": 0})
            day["units"] += line.units
            day["sales"] += line.sales_minor
            day["discount"] += line.discount_minor
    return [
        {
            "day": day,
            "units": sums["units"],
            "sales": show_money(sums["sales"]),
            "discount": show_money(sums["discount"]),
        }
        for day, sums in sorted(days.items(), reverse=True)
    ]


def _show(minor: float) -> str:
    return "–" if isnan(minor) else show_minor(minor)
