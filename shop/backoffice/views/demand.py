"""The demand curve of a product: what was seen, what the model makes of it, what a price does."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.core.values import DemandCurve, PricePoint
from pricing.selectors import demand_curve, floor_minor, list_price_history
from shop.backoffice.charts.days import DayChart
from shop.backoffice.charts.drawing import Chart, Series
from shop.backoffice.charts.planes import Band, Curve, Marker, PlaneChart, Point
from shop.backoffice.formats import show_day, show_minor, show_units
from shop.backoffice.frame import needs, render_page
from shop.catalog.selectors import list_cards
from shop.kernel.clock import utc_now
from shop.kernel.errors import FairtagError
from shop.kernel.money import to_minor
from shop.staff.columns import CURRENCY, show_money

NORMAL_95 = 1.96
HISTORY_DAYS = 182


@needs("pricing.view_demandmodelversion")
def show_demand_curve(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Show a variant's demand, profit and price history; `?price=` asks what a price would do."""
    now = utc_now()
    cards = list_cards([variant_id], get_language() or "en")
    if not cards:
        raise Http404(_("No variant has this number."))
    try:
        curve = demand_curve(variant_id=variant_id)
    except FairtagError as refusal:
        curve, refused = None, str(refusal)
    else:
        refused = ""
    floor = floor_minor(variant_ids=[variant_id], now=now).get(variant_id)
    history = list_price_history(variant_id=variant_id)
    context: dict[str, Any] = {
        "card": cards[0],
        "refused": refused,
        "curve": curve,
        "floor": show_money(floor),
        "history": draw_history(history, now.date()),
        "may_see_product": request.user.has_perm("shop.view_variant"),
    }
    if curve is not None:
        context |= {
            "demand": draw_demand(curve, floor),
            "profit": draw_profit(curve, floor),
            "current": show_money(curve.current_minor),
            "suggested": show_money(curve.suggested_minor),
            "interval": _interval(curve),
            "asked": request.GET.get("price", ""),
            "answer": ask_price(curve, request.GET.get("price", "")),
        }
    return render_page(request, "admin/demand_curve.html", _("Demand curve"), context)


def _interval(curve: DemandCurve) -> tuple[str, str, str]:
    """Elasticity with its 95 % interval."""
    half = NORMAL_95 * curve.elasticity_sd
    low, high = curve.elasticity - half, curve.elasticity + half
    return f"{curve.elasticity:.2f}", f"{low:.2f}", f"{high:.2f}"


def draw_demand(curve: DemandCurve, floor: int | None) -> Chart:
    """Return weekly units against price: weeks seen, fitted curve, band, today's price, floor."""
    grid = curve.price_minor.tolist()
    return PlaneChart(
        title=_("Units a week by price"),
        x_title=_("Price"),
        y_title=_("Units a week"),
        show_x=show_minor,
        show_y=show_units,
        points=tuple(
            Point(price, units, f"{show_minor(price)}: {show_units(units)}")
            for price, units in zip(
                curve.seen_price_minor.tolist(), curve.seen_units.tolist(), strict=True
            )
        ),
        points_name=_("weeks seen"),
        curves=(Curve(_("expected"), tuple(zip(grid, curve.mean.tolist(), strict=True)), 1),),
        band=Band(
            _("90 % band"),
            tuple(zip(grid, curve.low.tolist(), curve.high.tolist(), strict=True)),
        ),
        markers=_markers(curve, floor),
        note=_("Each point is a week of real sales."),
    ).draw()


def draw_profit(curve: DemandCurve, floor: int | None) -> Chart:
    """Return expected profit a week against price."""
    points = zip(curve.price_minor.tolist(), curve.profit_minor.tolist(), strict=True)
    return PlaneChart(
        title=_("Expected profit a week by price"),
        x_title=_("Price"),
        y_title=_("Profit a week"),
        show_x=show_minor,
        show_y=show_minor,
        curves=(Curve(_("expected profit"), tuple(points), 3),),
        markers=_markers(curve, floor),
    ).draw()


def _markers(curve: DemandCurve, floor: int | None) -> tuple[Marker, ...]:
    markers = [
        Marker(_("public price now"), curve.current_minor, 1),
        Marker(_("suggested"), curve.suggested_minor, 2),
    ]
    if floor is not None:
        markers.append(Marker(_("floor"), floor, 3))
    return tuple(markers)


def ask_price(curve: DemandCurve, text: str) -> dict[str, str] | None:
    """Return what the model expects at a price typed in major units; None for no such price."""
    try:
        price = to_minor(text, CURRENCY)
    except ArithmeticError:
        return None
    grid = curve.price_minor
    if not grid[0] <= price <= grid[-1]:
        return {"price": show_money(price), "refused": _("outside the prices the model knows")}
    return {
        "price": show_money(price),
        "units": show_units(float(np.interp(price, grid, curve.mean))),
        "low": show_units(float(np.interp(price, grid, curve.low))),
        "high": show_units(float(np.interp(price, grid, curve.high))),
        "profit": show_minor(float(np.interp(price, grid, curve.profit_minor))),
    }


def draw_history(points: list[PricePoint], today: date) -> Chart:
    """Return list and public price on each of the last `HISTORY_DAYS` days (the day's last)."""
    days = [today - timedelta(days=ago) for ago in reversed(range(HISTORY_DAYS))]
    return DayChart(
        title=_("Price history"),
        labels=tuple(show_day(day) for day in days),
        show=show_minor,
        lines=(
            Series(_("list price"), _daily(points, "list", days), 2),
            Series(_("public price"), _daily(points, "public", days), 1),
        ),
        note=_("From the append-only ledger; days in %(zone)s.") % {"zone": settings.TIME_ZONE},
        label_title=_("Day"),
    ).draw()


def _daily(points: list[PricePoint], kind: str, days: list[date]) -> tuple[float | None, ...]:
    """The price that held at the end of each day; None before the first."""
    series = [point for point in points if point.kind == kind]
    daily: list[float | None] = []
    held: float | None = None
    at = 0
    for day in days:
        while at < len(series) and series[at].valid_from.date() <= day:
            held = series[at].amount_minor
            at += 1
        daily.append(held)
    return tuple(daily)
