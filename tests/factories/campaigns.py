"""Campaigns on their way to shoppers, and the people who take them there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model

from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, Offer
from promotions.release.services.steps import move_campaign

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
BEFORE = NOON - timedelta(hours=2)
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


def release(
    code: str,
    *,
    at: datetime = BEFORE,
    is_recorded: bool = True,
    deeper: int | None = None,
    **fields: Any,
) -> int:
    """Make a campaign with one offer (a tenth off) live, by its own steps; return its id.

    With `deeper` it has a second one, "deep", of so many percent.
    """
    own = ("audience", "budget_minor", "holdout_percent")
    campaign = Campaign.objects.create(
        code=code,
        name=code,
        kind="price_cut",
        market_code="us",
        starts_at=NOON - timedelta(days=1),
        ends_at=fields.pop("ends_at", NOON + timedelta(days=6)),
        **{name: fields.pop(name) for name in own if name in fields},
    )
    known: dict[str, Any] = {"benefit_kind": "percentage", "target": "line", "percent": 10}
    if "benefit_kind" in fields:
        known = {}
    offer = Offer(campaign=campaign, code=code, name=code, **(known | fields))
    offer.full_clean()
    offer.save()
    if deeper is not None:
        second = known | {"code": "deep", "name": "deep", "percent": deeper}
        Offer.objects.create(campaign=campaign, **second)
    if is_recorded:
        step(campaign, Step.SCHEDULE, None, at)
        if Campaign.objects.get(pk=campaign.pk).status != "live":
            step(campaign, Step.APPROVE, make_person(f"approver-{code}"), at)
    else:
        Campaign.objects.filter(pk=campaign.pk).update(status="live")
    forget_offer_book()
    return campaign.pk
