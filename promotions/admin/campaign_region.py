"""The market whose currency and time zone a campaign's form uses."""

from __future__ import annotations

from collections.abc import Mapping

from promotions.campaigns.models import Campaign
from shop.ground.catalog.selectors import find_place
from shop.ground.staff.keys import read_number
from shop.ground.staff.region import StaffRegion


def region_of_campaign(campaign_id: int | None, asked: Mapping[str, str]) -> StaffRegion:
    """Return the place of a campaign's market; one chosen in the form goes before."""
    chosen = read_number(asked.get("campaign", "")) or campaign_id
    rows = Campaign.objects.filter(pk=chosen or 0)
    return find_place(rows.values_list("market_code", flat=True).first() or "")
