"""Staff who decide at the same moment, on two connections: one word each, in one order."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from threading import Barrier

import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from pricing.api import approve_proposals, publish_price_book, reject_proposals
from pricing.competitors.models.competitors import CompetitorPrice
from pricing.competitors.services.competitors import import_feed
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.publishing.services.overrides import set_override
from tests.factories.competitors import make_source
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, make_dairy, make_model, open_dairy
from tests.factories.statements import act_before

pytestmark = pytest.mark.django_db(transaction=True)
LATER = NOON + timedelta(hours=3)


def at_once[Result](*jobs: Callable[[], Result]) -> list[Result]:
    """Run jobs on connections of their own, all beginning together."""
    gate = Barrier(len(jobs))

    def run(job: Callable[[], Result]) -> Result:
        try:
            gate.wait(timeout=10)
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


def make_staff(name: str) -> int:
    return int(get_user_model().objects.create_user(email=f"{name}@example.com", password="x").pk)


def wait_for_staff(**policy: float) -> PriceProposal:
    dairy = make_dairy()
    open_dairy()
    change_policy(auto_publish=False, **policy)
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    publish_price_book(now=LATER)
    return PriceProposal.objects.get(variant_id=dairy.brie)


def test_two_people_who_approve_at_once_are_two_people() -> None:
    row = wait_for_staff(two_person_step=0.001)
    alice, bob = make_staff("alice"), make_staff("bob")
    first, second = at_once(
        lambda: approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER),
        lambda: approve_proposals(proposal_ids=[row.pk], by_id=bob, now=LATER),
    )
    assert sorted([first.waiting, second.waiting]) == [(), (row.pk,)]
    assert sorted([first.done, second.done]) == [(), (row.pk,)]
    row.refresh_from_db()
    assert {row.first_by_id, row.decided_by_id} == {alice, bob}


def test_yes_and_no_at_once_end_in_one_of_them() -> None:
    row = wait_for_staff()
    alice, bob = make_staff("alice"), make_staff("bob")
    at_once(
        lambda: approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER),
        lambda: reject_proposals(proposal_ids=[row.pk], reason="no", by_id=bob, now=LATER),
    )
    row.refresh_from_db()
    # Whoever was second: a rejection takes an approval back, an approval finds it closed.
    assert (row.state, row.decided_by_id) == ("rejected", bob)


def test_the_same_override_set_twice_at_once_is_one() -> None:
    dairy = make_dairy()
    open_dairy()
    first, second = at_once(*[partial(fix, dairy.brie, 570)] * 2)
    assert first == second
    assert PriceOverride.objects.count() == 1


def test_a_list_imported_twice_at_once_is_stored_once() -> None:
    make_dairy()
    make_source()
    text = "sku,price,date\nBRIE,5.49,2026-11-25\nGOUDA,4.79,2026-11-25\n"
    first, second = at_once(
        *(lambda: import_feed(code="hilltop", text=text, now=NOON) for _ in range(2))
    )
    assert sorted([first.stored, second.stored]) == [0, 2]
    assert CompetitorPrice.objects.count() == 2


# Of two touched prices the overtaking book holds both: nothing is left for the one overtaken.
@pytest.mark.parametrize(("everything", "made"), [(True, (3, 7)), (False, (2, 0))])
def test_a_set_price_overtakes_an_unfinished_book(
    *, everything: bool, made: tuple[int, int]
) -> None:
    dairy = make_dairy()
    open_dairy()
    fix(dairy.gouda, 450)
    shown: list[int] = []

    def set_meanwhile() -> None:
        if not shown:
            shown.append(0)
            shown[0] = at_once(lambda: set_and_publish(dairy.brie))[0]

    # All is read, and nothing is written yet.
    with connection.execute_wrapper(act_before("FROM pricing_publicprice WHERE", set_meanwhile)):
        book = publish_price_book(now=LATER, everything=everything)
    assert shown == [570]
    assert (book.version, book.variants) == made
    assert (public_of(dairy.brie), public_of(dairy.gouda)) == (570, 450)


def set_and_publish(variant_id: int) -> int:
    """Set a price and return the public one once it is published; a lock ends that in a second."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '1s'")
    fix(variant_id, 570)
    publish_price_book(now=LATER + timedelta(seconds=1), only_touched=True)
    return public_of(variant_id)


def fix(variant_id: int, amount_minor: int) -> int:
    return set_override(
        variant_id=variant_id,
        amount_minor=amount_minor,
        expires_at=LATER + timedelta(days=5),
        reason="market day",
        by_id=None,
        now=LATER,
    )


def public_of(variant_id: int) -> int:
    return PublicPrice.objects.get(variant_id=variant_id).public_minor
