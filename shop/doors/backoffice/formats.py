"""Formats of days, ages and axis amounts on charts and cards."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from babel.dates import format_skeleton
from babel.numbers import format_compact_currency
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.ground.kernel.money import exponent
from shop.ground.staff.region import staff_currency, staff_locale


def show_short_money(number: float) -> str:
    """Return minor units as a short tick, as the reader's language shortens: $1.2K, $3M."""
    currency = staff_currency()
    major = number / 10 ** exponent(currency)
    digits = 0 if abs(major) >= 100_000 and abs(major) % 1_000 == 0 else 1
    said = format_compact_currency(major, currency, locale=staff_locale(), fraction_digits=digits)
    return str(said)


def show_day(day: date) -> str:
    """Return a day of the last year as the reader writes it: Nov 24, 11月24日."""
    return str(format_skeleton("MMMd", day, locale=staff_locale()))


def show_month(day: date) -> str:
    """Return the month of a day as the reader writes it: Nov 2026, 2026年11月."""
    return str(format_skeleton("yMMM", day, locale=staff_locale()))


def show_age(moment: datetime | None, now: datetime) -> str:
    """Return how long ago `moment` was in one unit; a word for never."""
    if moment is None:
        return _("never")
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < 60:
        return ngettext("%(n)d second", "%(n)d seconds", seconds) % {"n": seconds}
    if seconds < 3600:
        minutes = seconds // 60
        return ngettext("%(n)d minute", "%(n)d minutes", minutes) % {"n": minutes}
    if seconds < 48 * 3600:
        hours = seconds // 3600
        return ngettext("%(n)d hour", "%(n)d hours", hours) % {"n": hours}
    days = seconds // 86400
    return ngettext("%(n)d day", "%(n)d days", days) % {"n": days}


def is_older(moment: datetime | None, now: datetime, limit: timedelta) -> bool:
    """Whether `moment` is missing or further back than `limit`."""
    return moment is None or now - moment > limit
