"""Questions about a campaign that take a worker: asked once, begun, told how far, ended.

Two workers answer them (see `shop/doors/backoffice/tasks.py`) and hold a lock on the check they
answer, so one that is marked as running and that nobody holds belongs to a worker that died: it is
begun again. So is one whose campaign was saved anew meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import IntegrityError, transaction
from django.db.models import Case, F, When
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from pricing.api import refuse_far_arms
from profiles.experiments.api import ExperimentDraft, get_experiment, save_draft, start_experiment
from promotions.campaigns.api import CampaignRefused, live_campaigns
from promotions.campaigns.models import Campaign
from promotions.release.models import CampaignCheck
from promotions.release.services.preconditions import PublicUnderExperiment
from promotions.targeting.api import refuse_unallocated
from shop.ground.jobs.tasks import exclusive
from shop.ground.staff.log import write_act

Kind, State = CampaignCheck.Kind, CampaignCheck.State
OPEN = (State.WAITING, State.RUNNING)
KEPT = 10
MOST_TRIES = 3
DIED, TOO_LONG, BROKEN, REFUSED = "died", "too_long", "broken", "refused"


@dataclass(frozen=True, slots=True)
class CheckTask:
    """A check whose answer is being made; products that `rule` names are to be taken out first."""

    check_id: int
    campaign_id: int
    kind: str
    depth: int
    rule: str = ""


class CheckStopped(Exception):
    """Somebody stopped the check: its answer is not wanted any more."""


def ask_check(
    *,
    campaign_id: int,
    kind: str,
    by_id: int | None,
    now: datetime,
    depth: int = 50,
    goods_of: tuple[int, str] | None = None,
) -> bool:
    """Ask once for a rehearsal of a campaign or for what the law says of it.

    With `goods_of` (an answer of the law, and a rule that is broken in it) the products that the
    rule names are taken out of the draft first. Return whether this is a new question; while one is
    open it is not asked again. Noted in the trail of what staff did.
    """
    asked: dict[str, Any] = {"asked_by_id": by_id, "asked_at": now, "depth": depth}
    if goods_of is not None:
        asked |= {"about_id": goods_of[0], "rule": goods_of[1]}
    try:
        with transaction.atomic():
            CampaignCheck.objects.create(campaign_id=campaign_id, kind=kind, **asked)
    except IntegrityError:
        return False
    said = _("A worker was asked: %(what)s.")
    if goods_of is not None:
        said = _("Products that break a rule were taken out.")
    _note(campaign_id, by_id, said, kind)
    return True


def ask_law_of_running(*, now: datetime) -> int:
    """Ask what the law says of each campaign that is live: laws, products and prices change after
    a release. Return how many questions are new.
    """
    asked = [
        ask_check(campaign_id=one.pk, kind=Kind.LAW, by_id=None, now=now)
        for one in live_campaigns(now)
    ]
    return sum(asked)


def stop_check(*, campaign_id: int, kind: str, by_id: int | None, now: datetime) -> bool:
    """Stop the open question of a kind; return whether there was one."""
    opened = CampaignCheck.objects.filter(campaign_id=campaign_id, kind=kind, state__in=OPEN)
    stopped = opened.update(state=State.STOPPED, ended_at=now, stopped_by_id=by_id)
    if stopped:
        _note(campaign_id, by_id, _("The question to a worker was stopped: %(what)s."), kind)
    return bool(stopped)


@contextmanager
def begin_next_check(*, now: datetime) -> Iterator[CheckTask | None]:
    """Begin the oldest open question that nobody answers, about the law before rehearsals, and
    hold it for the body; None when there is none.

    Without the answer of the law nobody can release. One at which workers died three times is given
    up.
    """
    opened = CampaignCheck.objects.filter(state__in=OPEN)
    order = Case(When(kind=Kind.LAW, then=0), default=1), "pk"
    with ExitStack() as held:
        for check_id in opened.order_by(*order).values_list("pk", flat=True):
            is_mine = held.enter_context(exclusive(f"campaign check {check_id}"))
            if is_mine and (task := _begin(check_id, now)):
                yield task
                return
        yield None


@transaction.atomic
def _begin(check_id: int, now: datetime) -> CheckTask | None:
    """Begin a question that this process holds, unless it has just ended or is given up."""
    opened = CampaignCheck.objects.select_for_update().filter(state__in=OPEN, pk=check_id)
    check = opened.first()
    if check is None:
        return None
    if check.tries >= MOST_TRIES:
        fail_check(check_id=check.pk, failure=DIED, now=now)
        return None
    revision = Campaign.objects.values_list("revision", flat=True).get(pk=check.campaign_id)
    CampaignCheck.objects.filter(pk=check.pk).update(
        state=State.RUNNING,
        tries=check.tries + 1,
        revision=revision,
        step="",
        percent=0,
        begun_at=now,
    )
    return CheckTask(check.pk, check.campaign_id, check.kind, check.depth, check.rule)


def advance_check(*, check_id: int, step: str, percent: int) -> None:
    """Show how far the answer is. Raises CheckStopped once nobody waits for it: it was stopped, or
    its campaign was saved anew, of which it then waits to be asked. Two statements at most."""
    wanted = _running(check_id).filter(campaign__revision=F("revision"))
    if not wanted.update(step=step, percent=percent):
        _running(check_id).update(state=State.WAITING, tries=0)
        raise CheckStopped


def finish_check(*, check_id: int, answer: dict[str, Any], now: datetime) -> None:
    """Keep the answer, and of this campaign and kind the newest ten questions that ended."""
    _running(check_id).update(state=State.DONE, percent=100, answer=answer, ended_at=now)
    check = CampaignCheck.objects.defer("answer").get(pk=check_id)
    ended = CampaignCheck.objects.filter(campaign_id=check.campaign_id, kind=check.kind).exclude(
        state__in=OPEN
    )
    kept = list(ended.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    ended.exclude(pk__in=kept).delete()


def fail_check(
    *, check_id: int, failure: str, now: datetime, answer: dict[str, Any] | None = None
) -> None:
    """Keep why there is no answer: "died", "too_long", "broken", or "refused" and in `answer`
    why, by language."""
    opened = CampaignCheck.objects.filter(pk=check_id, state__in=OPEN)
    opened.update(state=State.FAILED, failure=failure, ended_at=now, answer=answer)


def _running(check_id: int) -> Any:
    return CampaignCheck.objects.filter(pk=check_id, state=State.RUNNING)


def _note(campaign_id: int, by_id: int | None, said: Promise, kind: str) -> None:
    if by_id is not None:
        act = write_act(said, what=str(Kind(kind).label))
        LogEntry.objects.log_actions(
            by_id, Campaign.objects.filter(pk=campaign_id), CHANGE, act, single_object=True
        )


@transaction.atomic
def save_experiment(*, draft: ExperimentDraft, by_id: int | None, now: datetime) -> int:
    """Save a new draft of an experiment; return its id.

    Raises BadExperiment for what could not be run or read, and what stands against it where its
    subject belongs: PublicUnderExperiment, CampaignRefused, ArmTooLow.
    """
    found = save_draft(draft=draft, by_id=by_id, now=now)
    _require_allowed(draft.subject, draft.subject_ref, [arm.price_factor for arm in draft.arms])
    return found


@transaction.atomic
def launch_experiment(*, experiment_id: int, now: datetime, by_id: int | None = None) -> None:
    """Start an experiment as `start_experiment` does, if its subject still allows it.

    Raises what that raises, PublicUnderExperiment, CampaignRefused and ArmTooLow.
    """
    start_experiment(experiment_id=experiment_id, now=now, by_id=by_id)
    row = get_experiment(experiment_id)
    if row is not None:
        _require_allowed(row.subject, row.subject_ref, [arm.price_factor for arm in row.arms])


def _require_allowed(subject: str, subject_ref: str, price_factors: Sequence[float]) -> None:
    """Raise what stands against an experiment about `subject`. One query at most."""
    match subject:
        case "offers":
            _refuse_public(subject_ref)
        case "allocator":
            refuse_unallocated(subject_ref)
        case "public_prices":
            refuse_far_arms(price_factors)


def _refuse_public(code: str) -> None:
    audience = Campaign.objects.filter(code=code).values_list("audience", flat=True)
    found = audience.first()
    if found is None:
        raise CampaignRefused(
            gettext("There is no campaign with the code “%(code)s”.") % {"code": code}
        )
    if found == Campaign.Audience.PUBLIC:
        raise PublicUnderExperiment(
            gettext(
                "The campaign “%(code)s” is open to everybody, and an experiment would keep it from"
                " some. Make it one for account holders or chosen shoppers first."
            )
            % {"code": code},
            campaign=code,
        )
