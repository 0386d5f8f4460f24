"""Seal status of stored quotes and public price impressions, in one line for staff."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.api import SealFigures, read_seals
from shop.doors.backoffice.formats import is_older, show_age, show_day
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names

# Every sealed day is compared twice a day: after this long the job does not keep up.
LATE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SealLine:
    """A sentence about sealed days, and a color that says whether to worry."""

    tone: str
    text: str


def say_seals(now: datetime) -> SealLine:
    """Return how the sealed days stand. Four queries."""
    found = read_seals()
    if found.broken:
        days = join_names(show_day(day) for day in found.broken_days)
        told = ngettext(
            "%(count)s sealed day is not what was sealed: %(days)s.",
            "%(count)s sealed days are not what was sealed; the newest: %(days)s.",
            found.broken,
        )
        return SealLine("red", told % {"count": show_count(found.broken), "days": days})
    if not found.days:
        return SealLine("gray", _("No day is sealed yet: a day is, a day after its end."))
    return _say_whole(found, now)


def _say_whole(found: SealFigures, now: datetime) -> SealLine:
    checked = found.days - found.unchecked
    if found.oldest_check is None:
        told = _("%(days)s sealed days wait for their first comparison, within half an hour.")
        return SealLine("amber", told % {"days": show_count(found.days)})
    is_late = is_older(found.oldest_check, now, LATE_AFTER)
    told = _(
        "%(checked)s of %(days)s sealed days were compared with their seals, the first of them"
        " %(age)s ago; all are as they were sealed."
    )
    figures = {
        "checked": show_count(checked),
        "days": show_count(found.days),
        "age": show_age(found.oldest_check, now),
    }
    return SealLine("amber" if is_late or found.unchecked else "green", told % figures)
