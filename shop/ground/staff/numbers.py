"""The one number format of staff pages: grouped, no exponents, a space before the percent sign."""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isfinite, log10

from babel.numbers import format_decimal
from django.utils.translation import gettext as _

from shop.ground.staff.region import staff_locale

EMPTY = "–"
# A change above this (a share) comes from a base too small to compare with.
MOST_CHANGE = 10.0
# A probability below this is said to be below it.
LEAST_CHANCE = 0.0001


def show_number(number: float, digits: int = 2) -> str:
    """Return a figure with a fixed number of decimals.

    >>> show_number(-1.5), show_number(1234.567, 1), show_number(-0.001)
    ('-1.50', '1,234.6', '0.00')
    """
    pattern = f"#,##0.{'0' * digits}" if digits else "#,##0"
    rounded = round(float(number), digits) + 0.0  # never "-0"
    return str(format_decimal(rounded, format=pattern, locale=staff_locale()))


def show_count(number: float) -> str:
    """Return a count with thousands marked.

    >>> show_count(1234567.4)
    '1,234,567'
    """
    return show_number(number, 0)


class GroupedCount(int):
    """A count that templates of others write with thousands marked."""

    def __str__(self) -> str:
        return show_count(int(self))


def show_percent(number: float) -> str:
    """Return a share (0..1) as a percentage, with one digit below ten.

    >>> show_percent(0.5), show_percent(0.0312), show_percent(0)
    ('50 %', '3.1 %', '0 %')
    """
    is_small = 0 < abs(number) < 0.1
    return f"{show_number(100 * number, 1 if is_small else 0)} %"


def show_units(number: float) -> str:
    """Return a quantity with as many digits as it needs.

    >>> show_units(0.25), show_units(12.0), show_units(5770.4), show_units(0.0000123)
    ('0.25', '12', '5,770', '0.0000123')
    """
    if not number or abs(number) >= 100:
        return show_count(number)
    digits = max(0, 2 - floor(log10(abs(number))))
    text = show_number(number, digits)
    return text.rstrip("0").rstrip(".") if digits else text


def show_chance(number: float) -> str:
    """Return a p-value; one that is close to nothing as below the least that is told.

    >>> show_chance(0.034), show_chance(0.00000002)
    ('0.034', '< 0.0001')
    """
    return f"< {LEAST_CHANCE}" if number < LEAST_CHANCE else show_units(number)


def show_signed(number: float, show: Callable[[float], str]) -> str:
    """Return what `show` makes of a number, with a plus before more than nothing.

    >>> show_signed(1.5, show_number), show_signed(0.001, show_number)
    ('+1.50', '0.00')
    """
    said = show(number)
    return f"+{said}" if number > 0 and said != show(0) else said


def show_change(share: float | None) -> str:
    """Return a relative change with its sign; a dash for none, words for one from a tiny base.

    >>> show_change(0.033), show_change(-0.5), show_change(None)
    ('+3.3 %', '-50 %', '–')
    """
    if share is None:
        return EMPTY
    return _("no comparison") if abs(share) > MOST_CHANGE else show_signed(share, show_percent)


def show_settled(number: float, low: float, high: float, show: Callable[[float], str]) -> str:
    """Return an effect with its sign, or that it must not be read yet: its bounds are unknown, or
    leave its sign open. The one rule for figures that are printed large.

    >>> show_settled(3.0, 1.0, 5.0, show_count), show_settled(3.0, -1.0, 5.0, show_count)
    ('+3', 'not shown yet')
    >>> show_settled(3.0, float("-inf"), float("inf"), show_count)
    'too early to read'
    """
    if not (isfinite(low) and isfinite(high)):
        return _("too early to read")
    return _("not shown yet") if low <= 0.0 <= high else show_signed(number, show)
