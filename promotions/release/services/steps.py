"""The steps of a campaign: schedule, approve, withdraw, pause, resume, end. Each leaves a trace."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    CAMPAIGN,
    DECIDED,
    STEPS,
    THRESHOLDS,
    CampaignRefused,
    Note,
    Status,
    Step,
    ask_second_person,
    ensure_baseline,
    forget_offer_book,
    load_snapshot,
    lock_campaign,
    may_step,
    note_step,
    write_rows,
)
from promotions.campaigns.models import Campaign, CampaignPolicy, Offer
from promotions.law.api import PROMISES
from promotions.offers.api import record_public_cuts
from promotions.release.selectors import find_gates
from promotions.release.services.preconditions import require_lawful, require_untested
from shop.ground.approvals.services import (
    approve_request,
    approve_version,
    propose_version,
    send_back_request,
    withdraw_request,
)


@transaction.atomic
def move_campaign(
    *, campaign_id: int, step: str, reason: str, by_id: int | None, now: datetime
) -> str:
    """Take a step of promotions.campaigns.core.workflow with a campaign; return its new status.

    `schedule` hands a draft in: it is released at once when one person is enough for its budget
    and depth, else it waits for `approve` by somebody else. What is released applies between its
    dates, judged when read. An ended campaign stays ended: its end was shown to shoppers.
    Raises CampaignRefused, NeedsSecondPerson, NotWaiting, and LawBroken naming each rule. Locks the
    campaign.
    """
    if step == Step.APPROVE:
        return approve_campaign(campaign_id=campaign_id, reason=reason, by_id=by_id, now=now)
    campaign = lock_campaign(campaign_id)
    _require_step(campaign, Step(step))
    ensure_baseline(campaign, now)
    wanted = STEPS[Step(step)][1]
    if step == Step.SCHEDULE:
        said = load_snapshot(campaign.pk, campaign.revision)
        wanted = wanted if find_gates(campaign_id, said, now=now) else Status.LIVE
    if wanted in (Status.LIVE, Status.SCHEDULED):
        _require_promise(campaign, now)
    _keep_promise(campaign, wanted)
    note_step(
        campaign,
        step=step,
        was=campaign.status,
        becomes=wanted,
        reason=reason,
        by_id=by_id,
        now=now,
    )
    campaign.status = wanted
    if step == Step.END:
        campaign.pending_revision = None
    campaign.save(update_fields=DECIDED)
    record_public_cuts(campaign_id=campaign_id, now=now)
    if wanted == Status.SCHEDULED:
        ask_second_person(campaign, number=campaign.revision, reason=reason, by_id=by_id, now=now)
    elif step in (Step.WITHDRAW, Step.END):
        withdraw_request(CAMPAIGN, campaign_id, by_id=by_id, reason=reason, now=now)
    forget_offer_book()
    return campaign.status


@transaction.atomic
def approve_campaign(*, campaign_id: int, reason: str, by_id: int | None, now: datetime) -> str:
    """Release a campaign that waits, or the change of a live one that waits; return the status.

    Neither the author of that version nor whoever handed it in may approve it. The law is asked
    again: a day may have passed. Raises NotWaiting, NeedsSecondPerson, CampaignRefused. Locks the
    campaign.
    """
    campaign = lock_campaign(campaign_id)
    waiting = campaign.pending_revision
    if waiting is None:
        _require_step(campaign, Step.APPROVE)
    approve_request(CAMPAIGN, campaign_id, by_id=by_id, reason=reason, now=now)
    if waiting is not None:
        write_rows(campaign=campaign, snapshot=load_snapshot(campaign.pk, waiting))
        campaign.revision, campaign.pending_revision = waiting, None
    _require_promise(campaign, now)
    was, becomes = campaign.status, Status.LIVE if waiting is None else Status(campaign.status)
    _keep_promise(campaign, becomes)
    note_step(
        campaign, step=Step.APPROVE, was=was, becomes=becomes, reason=reason, by_id=by_id, now=now
    )
    campaign.status = becomes
    campaign.save(update_fields=DECIDED)
    record_public_cuts(campaign_id=campaign_id, now=now)
    forget_offer_book()
    return becomes


@transaction.atomic
def send_back_campaign(*, campaign_id: int, reason: str, by_id: int | None, now: datetime) -> None:
    """Say no to what waits: a campaign becomes a draft again, a released one keeps what it says.

    Raises CampaignRefused where nothing waits. Locks the campaign.
    """
    campaign = lock_campaign(campaign_id)
    was, waiting = campaign.status, campaign.pending_revision
    if waiting is None and was != Status.SCHEDULED:
        raise CampaignRefused(_("Nothing of this campaign waits for a second person."))
    send_back_request(CAMPAIGN, campaign_id, by_id=by_id, reason=reason, now=now)
    campaign.status = was if waiting is not None else Status.DRAFT
    campaign.pending_revision = None
    note_step(
        campaign,
        step=Note.REFUSE,
        was=was,
        becomes=campaign.status,
        reason=reason,
        by_id=by_id,
        now=now,
        revision=waiting,
    )
    campaign.save(update_fields=DECIDED)


@transaction.atomic
def release_agreed(*, campaign_id: int, now: datetime, except_rules: Collection[str] = ()) -> None:
    """Release a draft that was agreed elsewhere: another system's, or the demo's.

    The law is asked as at every release, a second person is not, nor whether price floors let its
    offers keep their promises: that was agreed elsewhere, too. Raises CampaignRefused, LawBroken
    naming each rule but `except_rules`. Locks the campaign.
    """
    campaign = lock_campaign(campaign_id)
    _require_step(campaign, Step.SCHEDULE)
    _require_promise(campaign, now, except_rules=PROMISES.union(except_rules))
    campaign.status = Status.LIVE
    _keep_promise(campaign, Status.LIVE)
    ensure_baseline(campaign, now)
    campaign.save(update_fields=DECIDED)
    record_public_cuts(campaign_id=campaign_id, now=now)
    forget_offer_book()


def _keep_promise(campaign: Campaign, becomes: Status) -> None:
    """Fix the end shoppers are told of: it may come sooner, never later."""
    if becomes == Status.LIVE:
        told = campaign.promised_ends_at
        campaign.promised_ends_at = (
            campaign.ends_at if told is None else min(told, campaign.ends_at)
        )


def _require_step(campaign: Campaign, step: Step) -> None:
    if not may_step(step, campaign.status):
        raise CampaignRefused(
            _("A campaign in the state “%(was)s” cannot take the step “%(step)s”.")
            % {"was": campaign.get_status_display(), "step": say_step(step)},
            was=campaign.status,
            step=step,
        )


def say_step(step: str) -> str:
    """Return the name of a step in the reader's language."""
    names: dict[str, str] = {
        Step.SCHEDULE: _("schedule"),
        Step.APPROVE: _("approve"),
        Step.WITHDRAW: _("take back"),
        Step.PAUSE: _("pause"),
        Step.RESUME: _("resume"),
        Step.END: _("end"),
        Note.REVISE: _("change while released"),
        Note.PROPOSE: _("propose a change"),
        Note.EXPLORE: _("changed how many shoppers new offers are tried on"),
        Note.REFUSE: _("send back"),
        Note.CODES: _("change codes"),
        Note.FOUND: _("found as it was"),
    }
    return names.get(step, step)


def say_origin(origin: str) -> str:
    """Return where a version came from, in the reader's language."""
    names: dict[str, str] = {
        "found": _("as it was found"),
        "saved": _("saved by staff"),
        "rollback": _("rolled back"),
        "clone": _("copied from another campaign"),
        "import": _("imported"),
    }
    return names[origin]


def _require_promise(campaign: Campaign, now: datetime, except_rules: Collection[str] = ()) -> None:
    """There is something to promise, it is still to come, and the law allows it."""
    offers = campaign.offers.filter(is_active=True)
    if not offers.exists():
        raise CampaignRefused(_("Add an active offer first: there is nothing to promise yet."))
    if offers.exclude(benefit_kind__in=Offer.Benefit.values).exists():
        raise CampaignRefused(
            _("An offer has a formula, which is no longer computed: use spend or quantity tiers.")
        )
    if campaign.ends_at <= now:
        raise CampaignRefused(_("Its end is past: nobody would ever see it."))
    require_untested(campaign)
    require_lawful(campaign_id=campaign.pk, now=now, except_rules=except_rules)


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
