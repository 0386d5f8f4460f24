"""When a campaign holds, on the clock of its market: its form types and stores UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from promotions.models import Campaign
from shop.catalog.selectors import MarketNotFound, get_market
from shop.staff.columns import EMPTY

WHEN: dict[str, Any] = {
    "fields": [("starts_at", "ends_at"), "on_clock", "market_code"],
    "description": _("Dates are typed here in UTC; the builder types them on the market's clock."),
}


def read_clock(row: Campaign) -> str:
    """Return the time zone of the campaign's market; UTC for all markets or one there is not."""
    try:
        return get_market(row.market_code).time_zone if row.market_code else "UTC"
    except MarketNotFound:
        return "UTC"


class CampaignDates:
    """Columns that say begin and end as the builder and the storefront do."""

    @admin.display(description=_("Begins"), ordering="starts_at")
    def begins(self, row: Campaign) -> str:
        """The first moment, on the market's clock."""
        return _say(row.starts_at, read_clock(row))

    @admin.display(description=_("Ends"), ordering="ends_at")
    def ends(self, row: Campaign) -> str:
        """The first moment it is over, on the market's clock."""
        return _say(row.ends_at, read_clock(row))

    @admin.display(description=_("On the market's clock"))
    def on_clock(self, row: Campaign) -> str:
        """Both, with the clock they are on."""
        if not row.pk:  # the form to add one
            return EMPTY
        zone = read_clock(row)
        return f"{_say(row.starts_at, zone)} – {_say(row.ends_at, zone)} {zone}"


def _say(at: datetime, zone: str) -> str:
    return f"{at.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
