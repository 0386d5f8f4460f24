"""Campaigns on their way to shoppers, and the people who take them there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from promotions.core.workflow import Step
from promotions.models import Campaign, Offer
from promotions.services.campaigns import move_campaign

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
REASON = "agreed in the weekly meeting"


def make_person(name: str) -> int:
    """Return the id of a member of staff."""
    return int(get_user_model().objects.create_user(f"{name}@staff.example", is_staff=True).pk)


def make_draft(
    code: str = "autumn",
    *,
    percent: str = "10",
    label: str = "Autumn offer",
    offer: Any = None,
    **fields: Any,
) -> Campaign:
    """Store a draft of one percentage offer that begins in an hour and runs ten days."""
    known: dict[str, Any] = {
        "name": f"Campaign {code}",
        "kind": "price_cut",
        "starts_at": NOON + timedelta(hours=1),
        "ends_at": NOON + timedelta(days=10),
    }
    campaign = Campaign.objects.create(code=code, **(known | fields))
    Offer.objects.create(
        campaign=campaign,
        code=f"{code}-offer",
        name=label,
        benefit_kind="percentage",
        target="line",
        percent=Decimal(percent),
        **(offer or {}),
    )
    return campaign


def step(campaign: Campaign, name: Step, by_id: int | None, now: datetime = NOON) -> str:
    """Take a step and return the status after it."""
    return move_campaign(campaign_id=campaign.pk, step=name, reason=REASON, by_id=by_id, now=now)
