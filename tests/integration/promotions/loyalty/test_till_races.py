"""Tills at once, on real connections: one code pays once, one reference is one sale."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection, transaction

from promotions.loyalty.core.pos import PosRefused, PosTerminal
from promotions.loyalty.services.points import digest_points_code
from promotions.loyalty.services.pos_sales import sell_at_pos
from promotions.models import PointsAccount, PointsCode, TillSale
from tests.factories.loyalty import NOON, list_unbalanced_accounts, make_member, make_terms
from tests.factories.races import race
from tests.factories.tills import grant, hold, make_till, receipt, show_code

pytestmark = pytest.mark.django_db(transaction=True)
TILLS = 7


@pytest.fixture
def alice() -> PointsAccount:
    make_terms()
    member = make_member()
    grant(member, 1_000)
    return member


def make_tills() -> list[PosTerminal]:
    return [make_till(name=f"Till {n}") for n in range(TILLS)]


def test_one_of_many_tills_has_the_code(alice: PointsAccount) -> None:
    tills = make_tills()
    for round_ in range(5):
        code = show_code(alice)

        def use(n: int, code: str = code, round_: int = round_) -> bool:
            try:
                hold(tills[n], f"{round_}-{n}", code, 100)
            except PosRefused as refusal:
                return refusal.code != "code_used"
            return True

        assert sum(race(use, TILLS, TILLS)) == 1
    alice.refresh_from_db()
    assert (alice.available, alice.held) == (500, 500)
    assert list_unbalanced_accounts() == []


def test_positive_control_an_unlocked_code_pays_many_times(
    alice: PointsAccount,
) -> None:
    """The race is real on this machine: without the condition in the update it is lost."""
    code = show_code(alice)

    def use(n: int) -> bool:
        with transaction.atomic():
            known = PointsCode.objects.get(digest=digest_points_code(code))
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_sleep(0.02)")
            if known.used_at is not None:
                return False
            PointsCode.objects.filter(pk=known.pk).update(used_at=NOON + timedelta(seconds=n))
            return True

    assert sum(race(use, TILLS, TILLS)) > 1


def test_one_reference_sent_many_times_at_once_is_one_sale(alice: PointsAccount) -> None:
    tills = make_tills()
    said = receipt("0042", 1_000, member_number=alice.member_number or "")
    answers = race(lambda n: sell_at_pos(till=tills[n], receipt=said, now=NOON), TILLS, TILLS)
    assert [answer["points_earned"] for answer in answers] == [10] * TILLS
    alice.refresh_from_db()
    assert (alice.pending, TillSale.objects.count()) == (10, 1)
    assert list_unbalanced_accounts() == []
