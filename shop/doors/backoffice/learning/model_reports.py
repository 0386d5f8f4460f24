"""Figures of demand models as staff read them: the leaderboard and the versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import WMAPE_ALL, WMAPE_BEST, name_family, say_verdict, say_wait
from pricing.base.core.values import ModelVersionRow
from shop.ground.staff.numbers import EMPTY, show_chance, show_count, show_percent, show_signed
from shop.ground.staff.numbers import show_number as staff_number

type Text = str | Promise

MOST_ALIGNED = 3  # figures of more digits stand alone and need no column
STATUSES: dict[str, tuple[Text, str]] = {
    "active": (gettext_lazy("in use"), "green"),
    "candidate": (gettext_lazy("candidate"), "blue"),
    "retired": (gettext_lazy("retired"), "gray"),
    "refused": (gettext_lazy("refused by a gate"), "red"),
}


@dataclass(frozen=True, slots=True)
class FamilyLine:
    """One model family on the leaderboard: its figures, and whether it may take the slot."""

    name: Text
    is_own: bool  # the family of the version that was trained
    is_champion: bool
    may_take: bool
    wmape: str
    wmape_all: str
    deviance: str
    ece: str
    coverage: str
    wrong_signs: str
    factor: str  # what its elasticities should be multiplied by, with the standard deviation
    p_value: str
    gain: str  # over the champion's, a day, with the interval
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One trained version in a list."""

    id: int
    kind: Text
    status: Text
    tone: str
    trained_at: datetime
    window: str
    wmape: str
    deviance: str
    sd: str
    factor: str
    refusal: str
    has_board: bool


@dataclass(frozen=True, slots=True)
class Figure:
    """A named figure with what it should be."""

    title: Text
    figure: str
    note: Text = ""
    tone: str = "gray"


def _own_row(version: ModelVersionRow) -> Mapping[str, Any]:
    """Return the leaderboard's row of a version's own family, {} without one."""
    rows: Sequence[Mapping[str, Any]] = version.metrics.get("leaderboard") or ()
    return next((row for row in rows if row.get("name") == version.kind), {})


def list_families(version: ModelVersionRow) -> tuple[FamilyLine, ...]:
    """Return the families compared when `version` was trained, best first as ranked then."""
    return tuple(_family(row, version) for row in version.metrics.get("leaderboard") or ())


def _family(row: Mapping[str, Any], version: ModelVersionRow) -> FamilyLine:
    name = str(row.get("name", ""))
    is_own = name == version.kind
    # The others were fitted on the best-sold products only.
    on_all = version.metrics.get("wmape") if is_own else None
    return FamilyLine(
        name=name_family(name),
        is_own=is_own,
        is_champion=bool(row.get("is_champion")),
        may_take=bool(row.get("may_take")),
        wmape=show_number(row.get("wmape"), 3),
        wmape_all=show_number(on_all, 3),
        deviance=show_number(row.get("deviance"), 2),
        ece=show_share(row.get("ece")),
        coverage=show_share(row.get("coverage_90")),
        wrong_signs=show_share(row.get("wrong_sign_share")),
        factor=_say_factor(row),
        p_value=show_chance(row["slope_p_value"]) if "slope_p_value" in row else EMPTY,
        gain=_say_gain(row, is_champion=bool(row.get("is_champion"))),
        reasons=tuple(say_verdict(one) for one in row.get("reasons") or ()),
    )


def _say_factor(row: Mapping[str, Any]) -> str:
    """Return by what a family's elasticities should be multiplied, "–" where nothing tells.

    >>> _say_factor({"slope_factor": 1.1, "slope_sd": 0.2}), _say_factor({})
    ('1.10 ± 0.20', '–')
    """
    if "slope_factor" not in row:
        return EMPTY
    return f"{show_number(row['slope_factor'], 2)} ± {show_number(row['slope_sd'], 2)}"


def _say_gain(row: Mapping[str, Any], *, is_champion: bool) -> str:
    """Return what a family gains over the champion on randomised prices, with the interval.

    >>> row = {"slope_gain": 0.5, "slope_low": -0.25, "slope_high": 1.25}
    >>> _say_gain(row, is_champion=False), _say_gain(row, is_champion=True)
    ('+0.50 (-0.25 – +1.25)', '–')
    """
    if is_champion or row.get("slope_low") is None:
        return EMPTY
    gain, low, high = (
        show_signed(row[f"slope_{name}"], staff_number) for name in ("gain", "low", "high")
    )
    return f"{gain} ({low} – {high})"


def say_drawn(version: ModelVersionRow) -> str:
    """Return what the elasticities of a board are judged by, in a sentence: the purchases at
    randomised prices, or that there are too few."""
    rows = version.metrics.get("leaderboard") or ()
    told = next((row for row in rows if "slope_bought" in row), None)
    if told is None:
        return _(
            "Too few purchases at randomized prices were logged in the compared weeks: nothing"
            " tells whose elasticities are right, and the champion stays. Price tests and personal"
            " prices that draw make some."
        )
    return _(
        "Elasticities are judged by %(bought)s purchases at randomized prices on %(days)s days"
        " that no family had learned from."
    ) % {"bought": show_count(told["slope_bought"]), "days": show_count(told["slope_days"])}


def list_version_lines(rows: Sequence[ModelVersionRow]) -> list[VersionLine]:
    """Return trained versions in words."""
    return [describe_version(row) for row in rows]


def describe_version(row: ModelVersionRow) -> VersionLine:
    """Return one trained version in words."""
    status, tone = STATUSES.get(row.status, (row.status, "gray"))
    return VersionLine(
        id=row.id,
        kind=name_family(row.kind),
        status=status,
        tone=tone,
        trained_at=row.trained_at,
        window=f"{row.window_start} – {row.window_end}",
        wmape=show_number(row.metrics.get("wmape"), 3),
        deviance=show_number(row.metrics.get("deviance"), 2),
        sd=show_number(row.metrics.get("elasticity_sd"), 2),
        factor=_say_factor(_own_row(row)),
        refusal=say_wait(row.status, row.metrics),
        has_board=bool(row.metrics.get("leaderboard")),
    )


def list_figures(version: ModelVersionRow) -> list[Figure]:
    """Return the figures of a version, with a tone where there is a goal."""
    metrics = version.metrics
    size = metrics.get("size") or {}
    return [
        *_list_errors(version),
        Figure(_("Poisson deviance"), show_number(metrics.get("deviance"), 2)),
        Figure(_("Calibration error"), show_share(metrics.get("ece"))),
        _near(_("80 % intervals hold"), metrics.get("coverage_80"), 0.80),
        _near(_("90 % intervals hold"), metrics.get("coverage_90"), 0.90),
        Figure(
            _("Negative elasticities"),
            show_share(metrics.get("negative_share")),
            _("goal: at least 99 %"),
            _tone(metrics.get("negative_share"), lambda share: share >= 0.99),
        ),
        Figure(
            _("Factor of its elasticities"),
            _say_factor(_own_row(version)),
            _("what randomized prices say they should be multiplied by: 1 is right"),
        ),
        Figure(_("Items"), show_whole(metrics.get("items"))),
        Figure(
            _("Serving arrays"),
            show_bytes(size.get("bytes_after")),
            _("%(before)s before compression; largest relative loss %(loss)s")
            % {
                "before": show_bytes(size.get("bytes_before")),
                "loss": show_number(size.get("largest_relative_loss"), 9),
            }
            if size
            else "",
        ),
        *_list_losses(metrics.get("compression") or {}),
    ]


def _list_errors(version: ModelVersionRow) -> list[Figure]:
    """Return the forecast error on each set it was measured on, as the leaderboard shows it."""
    found = [
        Figure(
            WMAPE_ALL,
            show_number(version.metrics.get("wmape"), 3),
            _("sum of absolute errors as a share of sales, products that sell little included"),
        )
    ]
    own = next((one for one in list_families(version) if one.is_own), None)
    if own is not None:
        note = _("the same measure on the products all families are compared on")
        found.append(Figure(WMAPE_BEST, own.wmape, note))
    return found


def _list_losses(lost: Mapping[str, Any]) -> list[Figure]:
    """Return what a challenger loses where one elasticity stands for its curve; [] for others."""
    if not lost:
        return []
    note = _("its own price response: %(own)s; its curve is %(error)s away on average") % {
        "own": show_number(lost.get("deviance_whole"), 3),
        "error": show_share(lost.get("curve_error")),
    }
    return [
        Figure(_("Deviance as it serves"), show_number(lost.get("deviance_served"), 3), note),
    ]


def _near(title: Text, share: Any, goal: float) -> Figure:
    note = _("goal: %(goal)s, within 5 points") % {"goal": show_percent(goal)}
    return Figure(title, show_share(share), note, _tone(share, lambda it: abs(it - goal) <= 0.05))


def _tone(share: Any, is_good: Any) -> str:
    if not isinstance(share, int | float):
        return "gray"
    return "green" if is_good(share) else "amber"


def show_number(number: Any, digits: int) -> str:
    """Return a figure with `digits` digits, a dash for none; long ones without zeros at the end.

    >>> show_number(0.25, 3), show_number(None, 3), show_number(2.3e-7, 9)
    ('0.250', '–', '0.00000023')
    """
    if not isinstance(number, int | float):
        return EMPTY
    text = f"{number:.{digits}f}"
    return text.rstrip("0").rstrip(".") if digits > MOST_ALIGNED else text


def show_share(share: Any) -> str:
    """Return a share as a percentage; a dash for none."""
    return show_percent(share) if isinstance(share, int | float) else EMPTY


def show_whole(count: Any) -> str:
    """Return a count; a dash for none."""
    return show_count(count) if isinstance(count, int | float) else EMPTY


def show_bytes(size: Any) -> str:
    """Return a size in kB; a dash for none.

    >>> show_bytes(192_419)
    '192 kB'
    """
    return f"{show_count(size / 1000)} kB" if isinstance(size, int | float) else EMPTY
