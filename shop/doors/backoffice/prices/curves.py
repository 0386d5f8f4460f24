"""A variant's demand as staff see it: the drawings, and what a price would do."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from django.utils.translation import gettext as _

from pricing.base.core.values import DemandCurve
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.planes import Band, Curve, Marker, PlaneChart, Point
from shop.ground.kernel.money import BadAmount, read_amount, write_amount
from shop.ground.staff.columns import show_minor, show_money
from shop.ground.staff.numbers import EMPTY, show_number, show_units
from shop.ground.staff.phrases import name_value
from shop.ground.staff.region import staff_currency

NORMAL_95 = 1.96
# As many places as a slider of a few hundred pixels can tell apart.
SLIDER_STEPS = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the model expects of a price in a week, as text; `refused` says why it cannot."""

    name: str
    price: str
    units: str = EMPTY
    band: str = EMPTY
    revenue: str = EMPTY
    profit: str = EMPTY
    change: str = EMPTY
    tone: str = "gray"
    refused: str = ""
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class Slider:
    """The range of a price slider in major units, as HTML numbers."""

    low: str
    high: str
    step: str
    value: str


def show_interval(curve: DemandCurve) -> tuple[str, str, str]:
    """Return the elasticity with the ends of its 95 % interval; the prior allows none above 0."""
    half = NORMAL_95 * curve.elasticity_sd
    low, high = curve.elasticity - half, min(curve.elasticity + half, 0.0)
    return show_number(curve.elasticity), show_number(low), show_number(high)


def read_price(text: str) -> int | None:
    """Return a price typed in major units as minor ones; None for no such price."""
    try:
        price = int(read_amount(text, staff_currency()))
    except BadAmount:
        return None
    return price if price > 0 else None


def make_slider(curve: DemandCurve, price: int | None) -> Slider:
    """Return a slider over the prices the model knows, at `price` or today's."""
    low, high = int(curve.price_minor[0]), int(curve.price_minor[-1])
    at = min(max(price or curve.current_minor, low), high)
    step = max(1, round((high - low) / SLIDER_STEPS))
    return Slider(*(_major(minor) for minor in (low, high, step, at)))


def compare_prices(curve: DemandCurve, asked: int | None) -> list[Outcome]:
    """Return what today's price, the suggested one and the one asked about would do."""
    outcomes = [weigh_price(curve, price, name) for name, price in _name_prices(curve).items()]
    if asked is not None:
        outcomes.append(replace(weigh_price(curve, asked, _("what if")), is_asked=True))
    return outcomes


def weigh_price(curve: DemandCurve, price: int, name: str) -> Outcome:
    """Return what the model expects of `price`, and its profit against today's price."""
    grid = curve.price_minor
    if not grid[0] <= price <= grid[-1]:
        return Outcome(name, show_money(price), refused=_("outside the prices the model knows"))
    units = _at(curve, price, curve.mean)
    profit = _at(curve, price, curve.profit_minor)
    gain = profit - _at(curve, curve.current_minor, curve.profit_minor)
    low, high = _at(curve, price, curve.low), _at(curve, price, curve.high)
    is_moved = abs(gain) >= 0.5
    return Outcome(
        name=name,
        price=show_money(price),
        units=show_units(units),
        band=f"{show_units(low)} – {show_units(high)}",
        revenue=show_minor(units * price),
        profit=show_minor(profit),
        change=_signed(gain) if is_moved else EMPTY,
        tone=("green" if gain > 0 else "red") if is_moved else "gray",
    )


def draw_demand(curve: DemandCurve, floor: int | None, asked: int | None = None) -> Chart:
    """Return weekly units against price: weeks seen, fitted curve, band, marked prices."""
    grid = curve.price_minor.tolist()
    return PlaneChart(
        title=_("Units a week by price"),
        x_title=_("Price"),
        y_title=_("Units a week"),
        show_x=show_minor,
        show_y=show_units,
        points=tuple(
            Point(price, units, name_value(show_minor(price), show_units(units)))
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
        markers=_markers(curve, floor, asked),
        note=_("Each point is a week of real sales."),
    ).draw()


def draw_profit(curve: DemandCurve, floor: int | None, asked: int | None = None) -> Chart:
    """Return expected revenue and profit a week against price."""
    grid = curve.price_minor
    profit = zip(grid.tolist(), curve.profit_minor.tolist(), strict=True)
    revenue = zip(grid.tolist(), (grid * curve.mean).tolist(), strict=True)
    return PlaneChart(
        title=_("Expected revenue and profit a week by price"),
        x_title=_("Price"),
        y_title=_("Money a week"),
        show_x=show_minor,
        show_y=show_minor,
        curves=(
            Curve(_("expected revenue"), tuple(revenue), 2),
            Curve(_("expected profit"), tuple(profit), 3),
        ),
        markers=_markers(curve, floor, asked),
    ).draw()


def _markers(curve: DemandCurve, floor: int | None, asked: int | None) -> tuple[Marker, ...]:
    markers = [
        Marker(name, price, tone)
        for tone, (name, price) in enumerate(_name_prices(curve).items(), start=1)
    ]
    if floor is not None:
        markers.append(Marker(_("floor"), floor, 3))
    if asked is not None and curve.price_minor[0] <= asked <= curve.price_minor[-1]:
        markers.append(Marker(_("what if"), asked, 4))
    return tuple(markers)


def _name_prices(curve: DemandCurve) -> dict[str, int]:
    """Return the prices worth a look by name; one where the model would not change it."""
    if curve.suggested_minor == curve.current_minor:
        return {_("public price now, none better"): curve.current_minor}
    return {_("public price now"): curve.current_minor, _("suggested"): curve.suggested_minor}


def _at(curve: DemandCurve, price: int, values: np.ndarray) -> float:
    return float(np.interp(price, curve.price_minor, values))


def _signed(minor: float) -> str:
    return f"+{show_minor(minor)}" if minor > 0 else show_minor(minor)


def _major(minor: int) -> str:
    return write_amount(minor, staff_currency())
