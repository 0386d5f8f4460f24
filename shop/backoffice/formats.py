"""How staff read numbers on charts and cards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from math import floor, log10

from babel.dates import format_skeleton
from babel.numbers import format_compact_currency, format_decimal
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shop.kernel.money import exponent
from shop.staff.columns import EMPTY, staff_locale
from shop.staff.place import staff_currency

# A change above this (a share) comes from a base too small to compare with.
MOST_CHANGE = 10.0


def show_short_money(number: float) -> str:
    """Return minor units as a short tick, as the reader's language shortens: $1.2K, $3M."""
    currency = staff_currency()
    major = number / 10 ** exponent(currency)
    digits = 0 if abs(major) >= 100_000 and abs(major) % 1_000 == 0 else 1
    said = format_compact_currency(major, currency, locale=staff_locale(), fraction_digits=digits)
    return str(said)


def show_percent(number: float) -> str:
    """Return a share (0..1) as a percentage with one digit where it matters."""
    is_small = 0 < abs(number) < 0.1
    return f"{_group(100 * number, 1 if is_small else 0)} %"


def show_change(share: float | None) -> str:
    """Return a relative change with its sign; a dash for none, words for one from a tiny base.

    >>> show_change(0.033), show_change(-0.5), show_change(None)
    ('+3.3 %', '-50 %', '–')
    """
    if share is None:
        return EMPTY
    if abs(share) > MOST_CHANGE:
        return _("no comparison")
    return f"{'+' if share > 0 else ''}{show_percent(share)}"


def show_day(day: date) -> str:
    """Return a day of the last year as the reader writes it: Nov 24, 11月24日."""
    return str(format_skeleton("MMMd", day, locale=staff_locale()))


def show_count(number: float) -> str:
    """Return a count with thousands marked."""
    return _group(number, 0)


def show_units(number: float) -> str:
    """Return a quantity with as many digits as it needs.

    >>> show_units(0.25), show_units(12.0), show_units(5770.4), show_units(0.0000123)
    ('0.25', '12', '5,770', '0.0000123')
    """
    if not number or abs(number) >= 100:
        return _group(number, 0)
    digits = max(0, 2 - floor(log10(abs(number))))
    text = _group(number, digits)
    return text.rstrip("0").rstrip(".") if digits else text


def _group(number: float, digits: int) -> str:
    """Return a number with `digits` decimals and grouped as the reader's language does."""
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    rounded = round(number, digits) + 0.0  # never "-0"
    return str(format_decimal(rounded, format=pattern, locale=staff_locale()))


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
