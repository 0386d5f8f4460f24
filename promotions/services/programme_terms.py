"""Terms of the points programme: what gives more than before waits for a second person."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from promotions.core.approvals import TERMS
from promotions.core.points_change import list_costs
from promotions.models import ProgrammeTerms
from promotions.selectors.terms import forget_programme, read_programme
from shop.approvals.selectors import find_waiting
from shop.approvals.services import (
    approve_request,
    ask_approval,
    list_involved,
    withdraw_request,
)
from shop.kernel.errors import FairtagError


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
        raise TermsRefused(_("Their day has come: give them a later one, members are told first."))
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
