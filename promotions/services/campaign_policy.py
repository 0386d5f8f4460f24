"""From where on two people are needed: proposed by one person, made active by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from promotions.core.approvals import THRESHOLDS
from promotions.models import CampaignPolicy
from promotions.services.campaign_rows import CampaignRefused
from shop.approvals.services import approve_version, propose_version


def propose_thresholds(
    *, changes: Mapping[str, Any], reason: str, by_id: int | None, now: datetime
) -> int:
    """Store a draft with `changes` and return its version. Raises CampaignRefused."""
    try:
        return propose_version(
            THRESHOLDS, CampaignPolicy, changes=changes, reason=reason, by_id=by_id, now=now
        )
    except ValidationError as error:
        raise CampaignRefused("; ".join(error.messages)) from error


def approve_thresholds(*, policy_id: int, by_id: int, now: datetime) -> None:
    """Make a draft the policy in force. Raises NeedsSecondPerson for its own author, NotWaiting.

    Campaigns released before stay released.
    """
    approve_version(THRESHOLDS, CampaignPolicy, pk=policy_id, by_id=by_id, now=now)
