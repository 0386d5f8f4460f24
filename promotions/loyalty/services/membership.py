"""Join the programme, and corrections of points by staff."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from promotions.campaigns.api import ADJUSTMENT, TERMS
from promotions.loyalty.core.points import list_costs
from promotions.loyalty.core.pos import FIRST_NUMBER, LAST_NUMBER, member_number
from promotions.loyalty.models import (
    Bucket,
    PointsAccount,
    PointsAdjustment,
    PointsEntry,
    ProgrammeTerms,
)
from promotions.loyalty.selectors.terms import find_programme, forget_programme, read_programme
from promotions.loyalty.services.points import (
    Act,
    PointsRefused,
    expiry_of,
    lock_account,
    make_available,
    take_available,
)
from promotions.metrics import points_total
from shop.ground.approvals.selectors import find_waiting
from shop.ground.approvals.services import (
    approve_request,
    ask_approval,
    list_involved,
    send_back_request,
    withdraw_request,
)
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop
from shop.ground.staff.log import SHORTEST_REASON

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is read as another
CODE_LENGTH = 10
State = PointsAdjustment.State


class AdjustmentRefused(FairtagError):
    """A correction says nothing, or its account takes none."""

    code = "bad_adjustment"


@transaction.atomic
def join_programme(*, shopper_id: int, market_code: str, now: datetime) -> int:
    """Make a shopper a member and return the account's id; twice is once.

    Raises PointsRefused (no_programme) where there is none.
    """
    if find_programme(market_code=market_code, now=now) is None:
        raise PointsRefused(gettext_noop("There is no points programme here."), code="no_programme")
    account, _ = PointsAccount.objects.get_or_create(
        shopper_id=shopper_id,
        defaults={
            "market_code": market_code,
            "invite_code": _draw_code(),
            "member_number": _draw_number(),
            "joined_at": now,
        },
    )
    return account.pk


@transaction.atomic
def adjust_points(
    *, account_id: int, points: int, reason: str, by_id: int, now: datetime
) -> PointsAdjustment:
    """Correct a member's points; above the terms' limit it waits for a second person.

    Raises AdjustmentRefused (bad_adjustment), PointsRefused (points_gone: fewer are there).
    """
    if not points or len(reason.strip()) < SHORTEST_REASON:
        raise AdjustmentRefused("Say how many points and why.")
    account = lock_account(account_id)
    programme = find_programme(market_code=account.market_code, now=now)
    if programme is None or account.shopper_id is None:
        raise AdjustmentRefused("This account takes no corrections.")
    adjustment = PointsAdjustment.objects.create(
        account=account, points=points, reason=reason.strip()[:300], asked_by_id=by_id, at=now
    )
    if abs(points) <= programme.terms.two_person_points:
        _apply(adjustment, by_id, now)
        return adjustment
    name = f"{account} {points:+}"
    ask_approval(
        ADJUSTMENT, adjustment.pk, name=name, reason=adjustment.reason, by_id=by_id, now=now
    )
    return adjustment


@transaction.atomic
def approve_adjustment(*, adjustment_id: int, by_id: int, now: datetime) -> None:
    """Apply a correction as the second person. Raises NeedsSecondPerson, NotWaiting, PointsRefused.

    Locks the correction, then the account.
    """
    adjustment = PointsAdjustment.objects.select_for_update(of=("self",)).get(pk=adjustment_id)
    approve_request(ADJUSTMENT, adjustment_id, by_id=by_id, now=now)
    _apply(adjustment, by_id, now)


@transaction.atomic
def refuse_adjustment(*, adjustment_id: int, reason: str, by_id: int, now: datetime) -> None:
    """Send a correction back, or take back one's own: no points move. Raises NotWaiting."""
    adjustment = PointsAdjustment.objects.select_for_update(of=("self",)).get(pk=adjustment_id)
    send_back_request(ADJUSTMENT, adjustment_id, by_id=by_id, reason=reason, now=now)
    adjustment.state, adjustment.decided_by_id, adjustment.decided_at = State.REFUSED, by_id, now
    adjustment.save(update_fields=["state", "decided_by", "decided_at"])


def _apply(adjustment: PointsAdjustment, by_id: int, now: datetime) -> None:
    account = lock_account(adjustment.account_id)
    programme = find_programme(market_code=account.market_code, now=now)
    act = Act(PointsEntry.Kind.ADJUST, f"adjust:{adjustment.pk}", now, note=adjustment.reason)
    if adjustment.points > 0:
        make_available(
            account_id=account.pk,
            act=act,
            source=Bucket.ADJUSTED,
            points=adjustment.points,
            expires_at=expiry_of(programme.terms, now) if programme else None,
        )
    else:
        take_available(
            account_id=account.pk, act=act, target=Bucket.ADJUSTED, points=-adjustment.points
        )
    points_total.labels(kind=PointsEntry.Kind.ADJUST.value).inc(abs(adjustment.points))
    adjustment.state, adjustment.decided_by_id, adjustment.decided_at = State.APPLIED, by_id, now
    adjustment.save(update_fields=["state", "decided_by", "decided_at"])


def _draw_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))


def _draw_number() -> str:
    """Return a member number nobody has; the constraint has the last word."""
    while True:
        number = member_number(FIRST_NUMBER + secrets.randbelow(LAST_NUMBER - FIRST_NUMBER + 1))
        if not PointsAccount.objects.filter(member_number=number).exists():
            return number


class TermsRefused(FairtagError):
    """The terms cannot be approved any more: their day has come."""

    code = "terms_closed"


@transaction.atomic
def record_terms(*, terms_id: int, by_id: int | None, now: datetime) -> tuple[str, ...]:
    """Decide whether terms as their rows say wait for a second person; return what they cost.

    They are compared with those that hold until their day. Locks the row.
    """
    row = ProgrammeTerms.objects.select_for_update().get(pk=terms_id)
    agreed = ProgrammeTerms.objects.filter(
        market_code=row.market_code, valid_from__lt=row.valid_from, is_waiting=False
    )
    before = agreed.exclude(pk=terms_id).order_by("-valid_from").first()
    new, old = read_programme(row), None if before is None else read_programme(before)
    costs = list_costs(
        new.terms,
        None if old is None else old.terms,
        (new.tiers, () if old is None else old.tiers),
    )
    row.is_waiting, row.asked_by_id, row.approved_by_id = bool(costs), by_id, None
    row.save(update_fields=["is_waiting", "asked_by", "approved_by"])
    _ask(row, costs, by_id, now)
    transaction.on_commit(forget_programme)
    return costs


@transaction.atomic
def approve_terms(*, terms_id: int, by_id: int, now: datetime) -> None:
    """The second person's word: the terms hold from their day on.

    Raises NeedsSecondPerson for whoever wrote them, NotWaiting, and TermsRefused where their day
    has come. Locks the row.
    """
    row = ProgrammeTerms.objects.select_for_update().get(pk=terms_id)
    approve_request(TERMS, terms_id, by_id=by_id, now=now)
    if row.valid_from <= now:
        raise TermsRefused(
            _("Their first day has passed: choose a later one, because members are told first.")
        )
    row.is_waiting, row.approved_by_id = False, by_id
    row.save(update_fields=["is_waiting", "approved_by"])
    transaction.on_commit(forget_programme)


def _ask(row: ProgrammeTerms, costs: Sequence[str], by_id: int | None, now: datetime) -> None:
    """Ask for a second person where the terms cost more; whoever wrote a part of them is none."""
    if not costs:
        withdraw_request(TERMS, row.pk, by_id=by_id, now=now)
        return
    before = find_waiting(TERMS, row.pk)
    ask_approval(
        TERMS,
        row.pk,
        name=str(row),
        reason=", ".join(costs),
        by_id=by_id,
        now=now,
        authors=() if before is None else list_involved(before),
        deadline=row.valid_from,
    )
