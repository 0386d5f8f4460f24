"""Public cuts are recorded in the price history, where reference prices count them."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from pricing.api import find_outdated_cuts, forget_cuts, list_recorded_campaigns, record_cuts
from promotions.campaigns.api import lock_campaign
from promotions.offers.selectors.public_cuts import find_public_cuts, list_recent_campaigns

logger = logging.getLogger(__name__)


@transaction.atomic
def record_public_cuts(*, campaign_id: int, now: datetime) -> bool:
    """Record what anybody could get by a campaign, in the transaction that changes the campaign.

    Return whether that is new. Locks the campaign.
    """
    found = find_public_cuts([lock_campaign(campaign_id)], now)
    return record_cuts(campaign_id=campaign_id, cuts=found[campaign_id])


def refresh_public_cuts(*, now: datetime) -> int:
    """Record the public cuts of all campaigns anew; return of how many that was needed.

    A scope covers other products once the catalogue changed, and a law may begin to count members.
    Each is recorded by itself: a fault in one is logged and keeps no other from being recorded.
    """
    known = list_recorded_campaigns()  # first: what is released from here on is recorded, and new
    found = find_public_cuts(list_recent_campaigns(now), now)
    forget_cuts(known - found.keys())
    count = 0
    for one in find_outdated_cuts(found):
        try:
            count += record_public_cuts(campaign_id=one, now=now)
        except Exception:  # one campaign's fault must not leave the cuts of the others outdated
            logger.exception("public cuts of campaign %s could not be recorded", one)
    return count
