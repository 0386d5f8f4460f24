"""Terms of the points programme: what gives more than before waits for a second person."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from promotions.core.points_change import list_costs
from promotions.models import ProgrammeTerms
from promotions.selectors.terms import forget_programme, read_programme
from shop.kernel.errors import FairtagError


class TermsRefused(FairtagError):
    """The terms cannot be approved like that. Codes: second_person_needed, terms_closed."""

    code = "terms_refused"


@transaction.atomic
def record_terms(*, terms_id: int, by_id: int | None) -> tuple[str, ...]:
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
    transaction.on_commit(forget_programme)
    return costs


@transaction.atomic
def approve_terms(*, terms_id: int, by_id: int, now: datetime) -> None:
    """The second person's word: the terms hold from their day on.

    Raises TermsRefused for whoever asked, and where their day has come. Locks the row.
    """
    row = ProgrammeTerms.objects.select_for_update().get(pk=terms_id)
    if not row.is_waiting:
        raise TermsRefused(_("These terms do not wait for anybody."), code="terms_closed")
    if row.asked_by_id in (None, by_id):
        said = _("You wrote these terms: somebody else must approve them.")
        raise TermsRefused(said, code="second_person_needed")
    if row.valid_from <= now:
        said = _("Their day has come: give them a later one, members are told first.")
        raise TermsRefused(said, code="terms_closed")
    row.is_waiting, row.approved_by_id = False, by_id
    row.save(update_fields=["is_waiting", "approved_by"])
    transaction.on_commit(forget_programme)
