"""Revisions and steps recorded with each change of a campaign; both are append-only."""

from __future__ import annotations

from datetime import datetime

from promotions.campaigns.core.revisions import hash_snapshot
from promotions.campaigns.core.workflow import CAMPAIGN
from promotions.campaigns.models import Campaign, CampaignEvent, CampaignRevision
from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.campaigns.selectors.named_snapshots import name_snapshot
from shop.ground.approvals.services import ask_approval

FIRST = 1
# What people decide; the rest of the row is written with its snapshot or by orders.
DECIDED = ("status", "revision", "pending_revision", "promised_ends_at", "changed_at")


def lock_campaign(campaign_id: int) -> Campaign:
    """Return the campaign, its row locked until the transaction ends.

    Orders that spend its budget wait; redemptions that only point at it do not.
    """
    return Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)


def ensure_baseline(campaign: Campaign, now: datetime) -> None:
    """Record a campaign that was never recorded as its first revision, as it was found."""
    if campaign.revision:
        return
    add_revision(campaign, origin=CampaignRevision.Origin.FOUND, reason="", by_id=None, now=now)
    campaign.revision = FIRST
    Campaign.objects.filter(pk=campaign.pk).update(revision=FIRST)
    if campaign.status == Campaign.Status.LIVE:
        note_step(campaign, step="found", was=campaign.status, reason="", by_id=None, now=now)


def add_revision(
    campaign: Campaign,
    *,
    origin: str,
    reason: str,
    by_id: int | None,
    now: datetime,
    source: str = "",
) -> CampaignRevision:
    """Append what the rows say now as the next revision and return it. Ten queries at most."""
    snapshot = name_snapshot(take_snapshot(campaign.pk))
    newest = CampaignRevision.objects.filter(campaign=campaign).order_by("-number").first()
    return CampaignRevision.objects.create(
        campaign=campaign,
        number=FIRST if newest is None else newest.number + 1,
        origin=origin,
        source=source,
        snapshot=snapshot,
        content_hash=hash_snapshot(snapshot),
        reason=reason,
        by_id=by_id,
        at=now,
    )


def note_step(  # one row of the trail has that many columns
    campaign: Campaign,
    *,
    step: str,
    was: str,
    becomes: str | None = None,
    reason: str,
    by_id: int | None,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Append a step to the trail of `campaign`."""
    CampaignEvent.objects.create(
        campaign=campaign,
        step=step,
        from_status=was,
        to_status=was if becomes is None else becomes,
        revision=campaign.revision if revision is None else revision,
        reason=reason,
        by_id=by_id,
        at=now,
    )


def ask_second_person(
    campaign: Campaign, *, number: int, reason: str, by_id: int | None, now: datetime
) -> None:
    """Ask for the approval of version `number`: neither its author nor who hands it in decides."""
    revision = CampaignRevision.objects.filter(campaign=campaign, number=number)
    ask_approval(
        CAMPAIGN,
        campaign.pk,
        name=campaign.name,
        reason=reason,
        by_id=by_id,
        now=now,
        authors=revision.values_list("by_id", flat=True),
        deadline=campaign.starts_at if campaign.starts_at > now else campaign.ends_at,
    )
