"""Terms of the points programme that give more than before wait for a second person."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from promotions.loyalty.selectors.terms import find_programme, forget_programme
from promotions.loyalty.services.membership import TermsRefused, approve_terms, record_terms
from promotions.models import MembershipTier, ProgrammeTerms
from shop.ground.approvals.core.values import NeedsSecondPerson, NotWaiting
from tests.factories.campaigns import NOON, make_person
from tests.factories.loyalty import make_terms

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=30)


def propose(by_id: int, **changes: Any) -> tuple[ProgrammeTerms, tuple[str, ...]]:
    """Write terms like those that hold, with changes, from LATER on; return what they cost."""
    old = make_terms(valid_from=NOON - timedelta(days=9), expiry_months=12, referral_points=100)
    kept = {
        field.attname: getattr(old, field.attname)
        for field in ProgrammeTerms._meta.concrete_fields
        if field.name not in ("id", "valid_from")
    }
    new = ProgrammeTerms.objects.create(**{**kept, **changes}, valid_from=LATER)
    for tier in old.tiers.all():
        MembershipTier.objects.create(
            terms=new, code=tier.code, name=tier.name, threshold_minor=tier.threshold_minor
        )
    costs = record_terms(terms_id=new.pk, by_id=by_id, now=NOON)
    new.refresh_from_db()
    return new, costs


def holding() -> int:
    """Which terms hold a day after the new ones begin."""
    forget_programme()
    programme = find_programme(market_code="us", now=LATER + timedelta(days=1))
    return 0 if programme is None else programme.terms.terms_id


@pytest.mark.parametrize(
    ("changes", "costs"),
    [
        ({"earn_rate": Decimal(2)}, ("earn_rate",)),
        ({"earn_rate": Decimal("0.5")}, ()),
        ({"expiry_months": None}, ("expiry_months",)),
        ({"expiry_months": 6}, ()),
        ({"referral_points": 101}, ("referral_points",)),
        ({"referral_cap": 11}, ("referral_cap",)),
        ({"two_person_points": 5_001}, ("two_person_points",)),
        ({"min_points": 200}, ()),
    ],
)
def test_what_gives_more_waits_and_what_gives_less_holds(
    changes: dict[str, Any], costs: tuple[str, ...]
) -> None:
    new, found = propose(make_person("ann"), **changes)
    assert (found, new.is_waiting) == (costs, bool(costs))
    assert (holding() == new.pk) == (not costs)


def test_somebody_else_approves_before_their_day_and_nobody_after_it() -> None:
    ann, bob = make_person("ann"), make_person("bob")
    new, _costs = propose(ann, earn_rate=Decimal(2))
    with pytest.raises(NeedsSecondPerson, match="somebody else"):
        approve_terms(terms_id=new.pk, by_id=ann, now=NOON)
    with pytest.raises(TermsRefused, match="Their first day has passed"):
        approve_terms(terms_id=new.pk, by_id=bob, now=LATER)
    approve_terms(terms_id=new.pk, by_id=bob, now=NOON)
    assert holding() == new.pk
    with pytest.raises(NotWaiting):
        approve_terms(terms_id=new.pk, by_id=bob, now=NOON)
    # The database itself knows no terms of one person alone; a change asks again.
    with pytest.raises(IntegrityError), transaction.atomic():
        ProgrammeTerms.objects.filter(pk=new.pk).update(approved_by=ann)
    record_terms(terms_id=new.pk, by_id=bob, now=NOON)
    assert holding() != new.pk


def test_a_tier_reached_with_less_and_a_first_programme_cost() -> None:
    ann = make_person("ann")
    new, costs = propose(ann)
    assert costs == ()
    MembershipTier.objects.create(terms=new, code="gem", name="Gem", threshold_minor=5)
    assert record_terms(terms_id=new.pk, by_id=ann, now=NOON) == ("tiers",)
    ProgrammeTerms.objects.exclude(pk=new.pk).delete()
    assert record_terms(terms_id=new.pk, by_id=ann, now=NOON) == ("programme",)
