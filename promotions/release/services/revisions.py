"""Versions of a campaign: save, roll back, copy. A version once written is never changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    CAMPAIGN,
    DECIDED,
    OFFERS,
    WITHOUT_EFFECT,
    CampaignRefused,
    Note,
    Status,
    add_revision,
    ask_second_person,
    ensure_baseline,
    forget_offer_book,
    goes_further,
    hash_snapshot,
    load_snapshot,
    lock_campaign,
    note_step,
    reach_of,
    take_snapshot,
    write_rows,
)
from promotions.campaigns.models import Campaign, CampaignEvent, CampaignRevision
from promotions.offers.api import record_public_cuts
from promotions.release.selectors import find_gates
from promotions.release.services.preconditions import require_lawful, require_untested
from shop.ground.approvals.services import withdraw_request

Origin = CampaignRevision.Origin
RELEASED = (Status.LIVE, Status.PAUSED)
SHORTEST_WAIT = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Saved:
    """A save: the revision, whether anything changed, and whether it waits for somebody else."""

    campaign_id: int
    revision: int
    is_new: bool = True
    is_waiting: bool = False


@transaction.atomic
def open_for_change(*, campaign_id: int, now: datetime) -> None:
    """Lock a campaign before its rows are edited, and record it if it never was.

    Call `record_change` in the same transaction once the rows are written. Raises
    CampaignRefused for an ended campaign: its end was shown to shoppers.
    """
    campaign = lock_campaign(campaign_id)
    if campaign.status == Status.ENDED:
        raise CampaignRefused(_("This campaign has ended: copy it to run it again."))
    ensure_baseline(campaign, now)


@transaction.atomic
def record_change(  # who, why, when and from what: the columns of a revision
    *,
    campaign_id: int,
    reason: str,
    by_id: int | None,
    now: datetime,
    origin: str = Origin.SAVED,
    source: str = "",
) -> Saved:
    """Keep what the rows say now as a revision, and decide whether it may hold already.

    A draft just changes; one that was handed in goes back to draft. A released campaign must
    stay lawful; where the change goes further than what was agreed and needs two people, the
    rows get back what they said and the new version waits for `approve_campaign`.
    """
    campaign = lock_campaign(campaign_id)
    snapshot = take_snapshot(campaign_id)
    agreed = load_snapshot(campaign_id, campaign.revision) if campaign.revision else None
    if agreed is not None and hash_snapshot(snapshot) == hash_snapshot(agreed):
        return Saved(campaign_id, campaign.revision, is_new=False)
    row = add_revision(campaign, origin=origin, reason=reason, by_id=by_id, now=now, source=source)
    is_waiting = campaign.status in RELEASED and _must_wait(campaign, snapshot, agreed, now)
    was = campaign.status
    if was in RELEASED:
        require_untested(campaign)
        require_lawful(campaign_id=campaign_id, now=now)
    if is_waiting and agreed is not None:
        campaign = write_rows(campaign=campaign, snapshot=agreed)
        campaign.pending_revision = row.number
    else:
        campaign.revision, campaign.pending_revision = row.number, None
        campaign.status = Status.DRAFT if was == Status.SCHEDULED else was
        if campaign.promised_ends_at is not None:
            campaign.promised_ends_at = min(campaign.promised_ends_at, campaign.ends_at)
    _note_change(campaign, was, row, now)
    campaign.save(update_fields=DECIDED)
    record_public_cuts(campaign_id=campaign_id, now=now)
    if is_waiting:
        ask_second_person(campaign, number=row.number, reason=reason, by_id=by_id, now=now)
    else:
        withdraw_request(CAMPAIGN, campaign_id, by_id=by_id, reason=reason, now=now)
    forget_offer_book()
    return Saved(campaign_id, row.number, is_waiting=is_waiting)


@transaction.atomic
def save_campaign(
    *, snapshot: Mapping[str, Any], reason: str, by_id: int | None, now: datetime, **origin: str
) -> Saved:
    """Create the campaign that `snapshot` names by its code, as a draft, or change it.

    Raises CampaignRefused with place and reason, LawBroken for a released one that would become
    illegal. `origin` and `source` say where it came from.
    """
    campaign = Campaign.objects.filter(code=snapshot.get("code", "")).first()
    if campaign is not None:
        open_for_change(campaign_id=campaign.pk, now=now)
        campaign.refresh_from_db()
    campaign = write_rows(campaign=campaign or Campaign(), snapshot=snapshot)
    return record_change(campaign_id=campaign.pk, reason=reason, by_id=by_id, now=now, **origin)


@transaction.atomic
def roll_back(
    *, campaign_id: int, number: int, reason: str, by_id: int | None, now: datetime
) -> Saved:
    """Make a released campaign say again what revision `number` said when it was in force, and a
    draft what any version of it said.

    That is a new revision. It holds at once, unless it goes further than what holds now and is
    of a size for two people: then it waits. An end that shoppers were told of is not moved back.
    Raises CampaignRefused for a version that was never in force.
    """
    campaign = lock_campaign(campaign_id)
    held = CampaignEvent.objects.filter(
        campaign_id=campaign_id, revision=number, to_status=Status.LIVE
    )
    may_return = held.exclude(step__in=WITHOUT_EFFECT).exists()
    if campaign.status == Status.DRAFT:
        may_return = CampaignRevision.objects.filter(campaign=campaign, number=number).exists()
    if not may_return:
        raise CampaignRefused(_("Only a version that was in force can be brought back."))
    open_for_change(campaign_id=campaign_id, now=now)
    campaign = Campaign.objects.get(pk=campaign_id)
    said = dict(load_snapshot(campaign_id, number))
    told = campaign.promised_ends_at
    if told is not None and datetime.fromisoformat(said["ends_at"]) > told:
        said["ends_at"] = told.isoformat()
    write_rows(campaign=campaign, snapshot=said)
    return record_change(
        campaign_id=campaign_id,
        reason=reason,
        by_id=by_id,
        now=now,
        origin=Origin.ROLLBACK,
        source=str(number),
    )


@transaction.atomic
def clone_campaign(*, campaign_id: int, by_id: int | None, now: datetime) -> int:
    """Copy a campaign with its offers into a new draft; return its id. Codes are not copied.

    A window that has begun is moved to the same length from tomorrow on.
    """
    said = take_snapshot(campaign_id)
    source, code = said["code"], _free_code(said["code"])
    starts, ends = (datetime.fromisoformat(said[name]) for name in ("starts_at", "ends_at"))
    moved = max(now + SHORTEST_WAIT - starts, timedelta(0)) if starts <= now else timedelta(0)
    said |= {"code": code, "name": _copy_name(said["name"])}
    said |= {"starts_at": (starts + moved).isoformat(), "ends_at": (ends + moved).isoformat()}
    said[OFFERS] = [
        {**offer, "code": _offer_code(offer["code"], source, code)} for offer in said[OFFERS]
    ]
    saved = save_campaign(
        snapshot=said, reason="", by_id=by_id, now=now, origin=Origin.CLONE, source=source
    )
    return saved.campaign_id


def _must_wait(
    campaign: Campaign, snapshot: Mapping[str, Any], agreed: Mapping[str, Any] | None, now: datetime
) -> bool:
    is_further = agreed is None or goes_further(reach_of(snapshot), reach_of(agreed))
    return is_further and bool(find_gates(campaign.pk, snapshot, now=now))


def _note_change(campaign: Campaign, was: str, row: CampaignRevision, now: datetime) -> None:
    """Drafts change without a step: their versions say it all."""
    if was != Status.DRAFT:
        is_waiting = campaign.pending_revision == row.number
        note_step(
            campaign,
            step=Note.PROPOSE if is_waiting else Note.REVISE,
            was=was,
            becomes=campaign.status,
            reason=row.reason,
            by_id=row.by_id,
            now=now,
            revision=row.number,
        )


def _free_code(code: str) -> str:
    known = set(Campaign.objects.filter(code__startswith=code).values_list("code", flat=True))
    stem = code[:55]
    return next(name for n in range(2, 10_000) if (name := f"{stem}-{n}") not in known)


def _offer_code(code: str, source: str, copy: str) -> str:
    renamed = code.replace(source, copy, 1) if code.startswith(source) else f"{copy}-{code}"
    return renamed[:80]


def _copy_name(name: str) -> str:
    return _("%(name)s (copy)") % {"name": name[:110]}
