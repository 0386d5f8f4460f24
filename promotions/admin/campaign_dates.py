"""When a campaign holds, on the clock of its market."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from promotions.models import Campaign
from shop.catalog.selectors import find_place
from shop.staff.numbers import EMPTY
from shop.staff.place import StaffPlace, show_moment, show_time

WHEN: dict[str, Any] = {
    "fields": [("starts_at", "ends_at"), "on_clock", "market_code"],
    "description": _("Money and dates are those of the market, or of the shop's own without one."),
}


def read_clock(row: Campaign) -> str:
    """Return the time zone of the campaign's market; the page's for all markets."""
    return find_place(row.market_code).time_zone


class CampaignDates:
    """Columns that say begin and end as the builder and the storefront do."""

    def place_for(self, row: Campaign | None, asked: Mapping[str, str]) -> StaffPlace:
        """Return the place of its market."""
        return find_place(asked.get("market_code", "" if row is None else row.market_code))

    @admin.display(description=_("Begins"), ordering="starts_at")
    def begins(self, row: Campaign) -> str:
        """The first moment, on the market's clock."""
        return show_time(row.starts_at, read_clock(row))

    @admin.display(description=_("Ends"), ordering="ends_at")
    def ends(self, row: Campaign) -> str:
        """The first moment it is over, on the market's clock."""
        return show_time(row.ends_at, read_clock(row))

    @admin.display(description=_("On the market's clock"))
    def on_clock(self, row: Campaign) -> str:
        """Both, with the clock they are on."""
        if not row.pk:  # the form to add one
            return EMPTY
        zone = read_clock(row)
        begins = show_moment(row.starts_at, zone).removesuffix(zone)
        return f"{begins}– {show_moment(row.ends_at, zone)}"
