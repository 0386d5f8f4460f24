"""Currency, time zone and language of a staff page, from the market and the reader."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils import timezone
from django.utils.translation import get_language

from shop.ground.kernel.translation import locale_of

MOMENT = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class StaffRegion:
    """The currency and the time zone of a market."""

    currency: str = "USD"
    time_zone: str = "UTC"


NOWHERE = StaffRegion()
_place: ContextVar[StaffRegion] = ContextVar("staff_region", default=NOWHERE)


@contextmanager
def in_region(place: StaffRegion) -> Iterator[None]:
    """Show money and times of `place`: its currency, and its clock as Django's current one."""
    token = _place.set(place)
    try:
        with timezone.override(ZoneInfo(place.time_zone)):
            yield
    finally:
        _place.reset(token)


def staff_region() -> StaffRegion:
    """Return the place of the shop's market."""
    return _place.get()


def staff_currency() -> str:
    """Return the currency of amounts whose row names none."""
    return _place.get().currency


def staff_zone() -> str:
    """Return the name of the time zone that staff pages show times in."""
    return _place.get().time_zone


def staff_locale() -> str:
    """Return the CLDR locale of the reader's language."""
    return locale_of(get_language() or "en")


def show_moment(moment: datetime, zone: str = "") -> str:
    """Return a moment on the clock of `zone`, or of the shop's market, with the zone's name."""
    name = zone or staff_zone()
    return f"{moment.astimezone(ZoneInfo(name)):{MOMENT}} {name}"


def show_time(moment: datetime, zone: str = "") -> str:
    """Return a moment on the clock of `zone`, named only where the page's clock is another."""
    at = show_moment(moment, zone)
    return at.removesuffix(f" {staff_zone()}")
