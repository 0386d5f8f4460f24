"""What looks taught, in words and a drawing: the newest fit, and how elasticities went."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.selectors.look_fits import FitRow
from shop.backoffice.boards import Figure
from shop.backoffice.charts.days import DayChart
from shop.backoffice.charts.drawing import WIDE, Chart, Series
from shop.staff.numbers import show_count, show_number
from shop.staff.place import show_time

REFUSALS: dict[str, str | Promise] = {
    "not_a_number": gettext_lazy("not used: it came out as no number"),
    "too_steep": gettext_lazy("not used: elasticities too large to be true"),
    "wrong_sign": gettext_lazy("not used: too many goods would sell more when dearer"),
}


def list_fit_figures(fits: Sequence[FitRow]) -> list[Figure]:
    """Return the figures of the newest fit of looks, none without one."""
    if not fits:
        return []
    fit = fits[-1]
    told, refusal = fit.figures, REFUSALS.get(fit.refusal)
    memory = told.get("memory", 0.0)
    return [
        Figure(
            _("Elasticity with looks"),
            _show_elasticity(told.get("elasticity"), told.get("elasticity_sd")),
            str(refusal) if refusal else _("prices are made of it"),
            "red" if refusal else "green",
        ),
        Figure(
            _("Elasticity of weekly sales alone"), _show_elasticity(told.get("elasticity_before"))
        ),
        Figure(
            _("Looks and purchases so far"),
            f"{show_count(fit.looks)} / {show_count(round(told.get('purchases', 0)))}",
            _("until %(moment)s; purchases fade by half in 90 days")
            % {"moment": show_time(fit.watermark)},
        ),
        Figure(
            _("Looks at what was sold out"),
            show_count(told.get("sold_out", 0)),
            _("they tell nothing of the price and are left out"),
        ),
        Figure(
            _("Memory for prices"),
            show_number(memory, 1) if memory else _("none found"),
            _("how much of a cut's effect is gone once it is the usual price"),
        ),
    ]


def _show_elasticity(mean: float | None, sd: float | None = None) -> str:
    if mean is None:
        return "–"
    said = f"−{show_number(mean)}"
    return said if sd is None else f"{said} ± {show_number(sd)}"


def draw_fits(fits: Sequence[FitRow]) -> Chart:
    """Return mean elasticities fit by fit: weekly sales alone, and with looks."""

    def column(name: str) -> tuple[float | None, ...]:
        return tuple(fit.figures.get(name) for fit in fits)

    return DayChart(
        title=_("Mean elasticity, night by night"),
        labels=tuple(f"{localtime(fit.at):%m-%d %H:%M}" for fit in fits),
        show=lambda value: f"−{show_number(value)}" if value else show_number(0),
        lines=(
            Series(_("with looks"), column("elasticity"), 1),
            Series(_("weekly sales alone"), column("elasticity_before"), 2),
        ),
        note=_("Over the goods that were looked at, weighted by their looks."),
        label_title=_("Night"),
        width=WIDE,
    ).draw()
