"""The permanent holdout of all experiments against everybody else, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from math import isfinite

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from profiles.experiments.api import (
    Comparison,
    HoldoutReading,
    read_experiment_holdout,
)
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_change, show_count, show_percent

NAMES: Mapping[str, str | Promise] = {
    "revenue_per_visit": gettext_lazy("sales a visit, less returns"),
    "margin_per_visit": gettext_lazy("margin a visit, less returns"),
    "revenue_per_shopper": gettext_lazy("sales a shopper, less returns"),
    "margin_per_shopper": gettext_lazy("margin a shopper, less returns"),
}
# What a holdout is judged by: what the shop keeps of a visit.
JUDGED = "margin_per_visit"


@dataclass(frozen=True, slots=True)
class HoldoutLine:
    """One metric of everybody else and of who is held out."""

    metric: str
    others: str
    held: str
    bounds: str
    relative: str


@dataclass(frozen=True, slots=True)
class HoldoutWords:
    """A permanent holdout: what it is, what it says, and the figures behind that."""

    name: str
    told: str
    tone: str
    held: str
    others: str
    lines: tuple[HoldoutLine, ...]


def list_holdouts(today: date) -> list[HoldoutWords]:
    """Return the permanent holdout of all experiments up to a day, [] without one; that of personal
    prices has the lift page. One small query, and one large one once a day."""
    everything = read_experiment_holdout(today)
    return [] if everything is None else [_describe(_("Held out of all experiments"), everything)]


def _describe(name: str, reading: HoldoutReading) -> HoldoutWords:
    told, tone = _judge(reading)
    return HoldoutWords(
        name=name,
        told=told,
        tone=tone,
        held=show_count(reading.held),
        others=show_count(reading.others),
        lines=tuple(_line(code, one) for code, one in reading.metrics.items()),
    )


def _judge(reading: HoldoutReading) -> tuple[str, str]:
    """Return what follows from the margin of a visit as one sentence, and a tone."""
    found, share = reading.metrics[JUDGED], show_percent(reading.share)
    if not isfinite(found.low) or not isfinite(found.relative_low):
        return _(
            "Too few of the %(share)s who are held out came lately: it is too early for a result."
        ) % {"share": share}, "gray"
    words = {
        "share": share,
        "change": show_change(found.relative),
        "low": show_change(found.relative_low),
        "high": show_change(found.relative_high),
    }
    if found.low > 0.0:
        return _(
            "What the shop does pays off: everybody else brings %(change)s margin a visit "
            "compared with the %(share)s who are held out, certainly between %(low)s and "
            "%(high)s."
        ) % words, "green"
    if found.high < 0.0:
        return _(
            "What the shop does loses money: everybody else brings %(change)s margin a visit "
            "compared with the %(share)s who are held out, certainly between %(low)s and "
            "%(high)s."
        ) % words, "red"
    return _(
        "No difference is proven yet: everybody else brings %(change)s margin a visit compared "
        "with the %(share)s who are held out, between %(low)s and %(high)s."
    ) % words, "amber"


def _line(code: str, found: Comparison) -> HoldoutLine:
    is_bound = isfinite(found.low) and isfinite(found.high)
    bounds = f"{show_minor(found.low)} … {show_minor(found.high)}" if is_bound else EMPTY
    return HoldoutLine(
        metric=str(NAMES[code]),
        others=show_minor(found.treated.mean),
        held=show_minor(found.control.mean),
        bounds=bounds,
        relative=show_change(found.relative) if is_bound else EMPTY,
    )
