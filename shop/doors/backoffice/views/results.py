"""The results of a campaign on its page, and the same figures as a file."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from orders.order.api import status_text
from orders.reports.api import CampaignDelivery
from profiles.experiments.api import LEAST_CLUSTERS
from promotions.campaigns.api import CampaignView
from promotions.planning.api import HoldoutLift
from shop.doors.backoffice.campaigns.goals import find_goal
from shop.doors.backoffice.campaigns.plots import draw_results
from shop.doors.backoffice.campaigns.results import CostedLine, Results, Totals, find_results
from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.labels import say
from shop.doors.backoffice.views.campaigns import CAN_SEE, require_campaign
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.sheets import sheet_lines
from shop.ground.staff.columns import show_minor, show_money
from shop.ground.staff.numbers import show_count, show_settled
from shop.ground.staff.roles import may_see_cost

MOST_DIFFERING = 10
COLUMNS = (
    *("day", "order_state", "what", "variant_id", "delivery_method", "orders", "units"),
    *("sales_minor", "net_minor", "refunded_minor"),
    *("discount_minor", "returned_minor", "unit_cost_minor", "cost_minor"),
)


def describe_results(
    campaign: CampaignView,
    found: Results,
    ghost: Sequence[dict[str, Any]] = (),
    *,
    with_cost: bool,
) -> dict[str, Any]:
    """Return what a campaign brought, tied to orders and read against its goal; `ghost` are the
    days that its rehearsal foresaw. Margin and what was given away only `with_cost`. At most three
    queries."""
    now = utc_now()
    return {
        "goal": find_goal(campaign, found, now=now)
        if with_cost or campaign.goal != "margin"
        else None,
        "charts": draw_results(campaign, found, ghost, now=now, with_cost=with_cost),
        **describe(found, with_cost=with_cost),
        "lift": None if found.lift is None else describe_lift(found.lift),
        "why_no_lift": say_why_no_lift(campaign),
        "may_switch_back": campaign.audience == "public",
    }


def describe(found: Results, *, with_cost: bool) -> dict[str, Any]:
    """Return figures, ties and days as text."""
    return {
        "figures": list_figures(found, with_cost=with_cost),
        "uses": [
            (say(one.label), one.uses, show_money(one.amount_minor)) for one in found.uses.states
        ],
        "orderless": _say_orderless(found),
        "ties": found.ties,
        "counted": show_money(found.ties.counted_minor),
        "on_lines": show_money(sum(one.lines_minor for one in found.taken.values())),
        "on_delivery": show_money(sum(one.delivery_minor for one in found.taken.values())),
        "states": _sum_by_state(found),
        "differing": _list_differing(found),
    }


@needs(CAN_SEE)
def export_results(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Hand out what is behind the figures as CSV: it sums to the page, to the cent.

    Rows of products, gifts and delivery ("what"); cost of a delivery row: the fee not taken, net.
    """
    campaign = require_campaign(campaign_id)
    found = find_results(campaign, now=utc_now())
    shown = len(COLUMNS) if may_see_cost(request.user) else COLUMNS.index("discount_minor")
    rows = [
        COLUMNS,
        *(_line_cells(one) for one in found.lines),
        *(_delivery_cells(one) for one in found.deliveries),
    ]
    answer = HttpResponse(
        sheet_lines(row[:shown] for row in rows), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="{campaign.code}-results.csv"'
    return answer


def _line_cells(one: CostedLine) -> list[object]:
    line = one.line
    return [
        *(line.day.isoformat(), line.status, "gift" if line.is_gift else "goods"),
        *(line.variant_id, "", line.orders, line.units, line.sales_minor, line.net_minor),
        *(line.refunded_minor, line.discount_minor, line.returned_minor),
        *(line.unit_cost_minor, one.cost_minor),
    ]


def _delivery_cells(one: CampaignDelivery) -> list[object]:
    return [
        *(one.day.isoformat(), one.status, "delivery", "", one.method, one.orders, 0, 0, 0),
        *(0, one.discount_minor, one.returned_minor, None, one.net_minor),
    ]


def list_figures(found: Results, *, with_cost: bool) -> list[tuple[str, str, str]]:
    """Return (title, figure, note) of the sums over paid orders; what the campaign cost only
    `with_cost`."""
    totals = found.totals
    margin_note = _("at the cost when they were bought, less gifts and delivery")
    if totals.uncosted_units:
        margin_note = _("%(n)d units of unknown cost left out") % {"n": totals.uncosted_units}
    costs = [
        (
            _("Discount cost"),
            show_money(totals.discount_minor),
            _("on paid orders; %(back)s went back with returns")
            % {"back": show_money(totals.returned_minor)},
        ),
        (_("Margin"), show_money(totals.margin_minor), margin_note),
    ]
    return [
        (
            _("Sales of the products it lowered"),
            show_money(totals.sales_minor),
            _("after discounts"),
        ),
        *(costs if with_cost else ()),
        (_("Units"), str(totals.units), _("refunded ones taken off")),
        (_("Refunded"), show_money(totals.refunded_minor), _("of these lines")),
        *(_list_given(totals) if with_cost else ()),
    ]


def _list_given(totals: Totals) -> list[tuple[str, str, str]]:
    """Return the figures of gifts and delivery, where the campaign gives such."""
    given = []
    if totals.gift_minor:
        note = _("%(n)d pieces, at their price then; they cost %(cost)s") % {
            "n": totals.gift_units,
            "cost": show_money(totals.gift_cost_minor),
        }
        given.append((_("Gifts"), show_money(totals.gift_minor), note))
    if totals.delivery_minor:
        note = _("of %(n)d orders; %(net)s without tax and what went back") % {
            "n": totals.delivery_orders,
            "net": show_money(totals.delivery_net_minor),
        }
        given.append((_("Off the delivery"), show_money(totals.delivery_minor), note))
    return given


def describe_lift(lift: HoldoutLift) -> dict[str, Any]:
    """Return the lift over the holdout as text."""
    if isnan(lift.low):
        verdict = _("Too early: each group needs %(least)s shoppers.") % {
            "least": show_count(LEAST_CLUSTERS)
        }
    elif lift.is_clear:
        verdict = _("The campaign changed sales: the interval leaves zero out.")
    else:
        verdict = _("It cannot be distinguished from chance.")
    return {
        "treated": lift.treated,
        "held_out": lift.held_out,
        "treated_mean": _show(lift.treated_mean),
        "held_out_mean": _show(lift.held_out_mean),
        "difference": show_settled(lift.difference, lift.low, lift.high, show_minor),
        "bounds": "" if isnan(lift.low) else f"{_show(lift.low)} … {_show(lift.high)}",
        "verdict": verdict,
    }


def say_why_no_lift(campaign: CampaignView) -> str:
    """Return, truly, why there is no lift to show."""
    if campaign.audience == "public":
        return _(
            "A public offer is for everybody: nobody can be held out, so what it caused is not "
            "known. To learn that, run it as a switchback: clusters of products that are bought "
            "together take turns with it and without it."
        )
    return _("Nobody was held out: give the next one a share.")


def _sum_by_state(found: Results) -> list[tuple[str, int, str]]:
    """Return what was taken off by the state the order is in: name, orders, amount."""
    sums: dict[str, list[int]] = {}
    for one in found.taken.values():
        kept = sums.setdefault(one.status, [0, 0])
        kept[0] += 1
        kept[1] += one.amount_minor
    return [
        (_say_state(state), orders, show_money(minor)) for state, (orders, minor) in sums.items()
    ]


def _say_orderless(found: Results) -> str:
    """Return how many uses name orders that are not here, which the figures leave out; "" for
    none."""
    gone = [number for number in found.ties.differing if number not in found.states]
    count = sum(found.uses.uses_of.get(number, 0) for number in gone)
    said = ngettext(
        "%(n)s use of %(amount)s names an order that this shop does not have, as uses do that were"
        " taken over from another system. It counts as a use and in the list of campaigns, but not"
        " in the figures above.",
        "%(n)s uses of %(amount)s in all name orders that this shop does not have, as uses do that"
        " were taken over from another system. They count as uses and in the list of campaigns, but"
        " not in the figures above.",
        count,
    )
    amount = sum(found.uses.minor_of.get(number, 0) for number in gone)
    return said % {"n": show_count(count), "amount": show_money(amount)} if count else ""


def _list_differing(found: Results) -> list[tuple[str, str, str, str]]:
    """Return number, state, what was counted and what stands on the order, of the first few."""
    return [
        (
            number,
            _say_state(found.states[number]) if number in found.states else _("no such order"),
            show_money(counted),
            show_money(on_order),
        )
        for number, (counted, on_order) in list(found.ties.differing.items())[:MOST_DIFFERING]
    ]


def _say_state(status: str) -> str:
    return status_text(status, get_language() or "en")


def _show(minor: float) -> str:
    return "–" if isnan(minor) else show_minor(minor)
