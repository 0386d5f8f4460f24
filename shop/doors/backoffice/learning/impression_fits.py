"""Fits of the choice model as text and chart: the newest fit and past elasticities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import FitRow
from pricing.optimum.core.signals import SIGNALS
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.learning.model_reports import Figure
from shop.ground.staff.numbers import show_count, show_number, show_percent, show_signed
from shop.ground.staff.region import show_time

REFUSALS: dict[str, str | Promise] = {
    "not_a_number": gettext_lazy("not used: the result is not a number"),
    "too_steep": gettext_lazy("not used: elasticities too large to be true"),
    "wrong_sign": gettext_lazy("not used: too many products would sell more when dearer"),
}


def list_fit_figures(fits: Sequence[FitRow]) -> list[Figure]:
    """Return the figures of the newest fit of impressions, none without one."""
    if not fits:
        return []
    fit = fits[-1]
    told, refusal = fit.figures, REFUSALS.get(fit.refusal)
    return [
        Figure(
            _("Elasticity with impressions"),
            _show_elasticity(told.get("elasticity"), told.get("elasticity_sd")),
            str(refusal) if refusal else _say_use(told),
            "red" if refusal else "green",
        ),
        Figure(
            _("Elasticity of weekly sales alone"), _show_elasticity(told.get("elasticity_before"))
        ),
        Figure(
            _("Impressions and purchases so far"),
            f"{show_count(fit.looks)} / {show_count(round(told.get('purchases', 0)))}",
            _("until %(moment)s; purchases are those of the last half year")
            % {"moment": show_time(fit.watermark)},
        ),
        *_list_sources(told),
        Figure(
            _("Fitting time"),
            _("%(seconds)s s") % {"seconds": show_number(told.get("seconds", 0.0), 1)},
        ),
    ]


def _say_use(told: Mapping[str, Any]) -> str:
    if told.get("slopes_stay"):
        return _("price tests are off: it stays what it was, only levels were fitted")
    return _("prices are made of it")


def _list_sources(told: Mapping[str, Any]) -> list[Figure]:
    """Return what the impressions of a fit were like, and which were left out of it."""
    left_out = told.get("sold_out", 0), told.get("offered", 0)
    return [
        Figure(
            _("Impressions left out"),
            show_count(sum(left_out)),
            _("sold out: %(sold_out)s; a price with an offer on the card: %(offered)s")
            % {"sold_out": show_count(left_out[0]), "offered": show_count(left_out[1])},
        ),
        Figure(
            _("Impressions beside products of the category"),
            show_percent(told.get("together", 0.0)),
            _("pages whose products are not kept as a set: %(pages)s")
            % {"pages": show_count(told.get("left_out_sets", 0))},
        ),
        Figure(
            _("Impressions with a competitor's price"),
            show_percent(told.get("rival", 0.0)),
            _("the lowest that was fresh in that hour"),
        ),
        Figure(_("Response to signals"), *_say_response(told)),
    ]


def _say_response(told: Mapping[str, Any]) -> tuple[str, str]:
    """Return by how much signals raise the response to a price at most, and what they are of."""
    weights = [told.get(f"response_{name}", 0.0) for name in SIGNALS]
    note = _("all signals at full; from %(count)s decisions sold, and what was believed before")
    return show_signed(sum(weights), show_percent), note % {
        "count": show_count(told.get("decided", 0.0))
    }


def _show_elasticity(mean: float | None, sd: float | None = None) -> str:
    if mean is None:
        return "–"
    said = f"−{show_number(mean)}"
    return said if sd is None else f"{said} ± {show_number(sd)}"


def draw_fits(fits: Sequence[FitRow]) -> Chart:
    """Return mean elasticities fit by fit: weekly sales alone, and with impressions."""

    def column(name: str) -> tuple[float | None, ...]:
        return tuple(fit.figures.get(name) for fit in fits)

    return DayChart(
        title=_("Mean elasticity, night by night"),
        labels=tuple(f"{localtime(fit.at):%m-%d %H:%M}" for fit in fits),
        show=lambda value: f"−{show_number(value)}" if value else show_number(0),
        lines=(
            Series(_("with impressions"), column("elasticity"), 1),
            Series(_("weekly sales alone"), column("elasticity_before"), 2),
        ),
        note=_("Over the products that were shown, weighted by their impressions."),
        label_title=_("Night"),
        width=WIDE,
    ).draw()
