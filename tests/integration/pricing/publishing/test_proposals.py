"""Price changes that wait for staff: proposed with reasons, decided by one or two, published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from pricing.api import (
    approve_proposals,
    count_proposals,
    edit_proposal,
    list_proposals,
    publish_price_book,
    reject_proposals,
    snooze_proposals,
)
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceProposal
from pricing.publishing.services.products import Ask, set_list_prices
from pricing.publishing.services.proposals import ProposalRefused
from shop.ground.outbox.models import Fact
from tests.factories.policies import change_policy
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def make_staff(name: str) -> int:
    return int(get_user_model().objects.create_user(email=f"{name}@example.com", password="x").pk)


def open_inbox(dairy: Dairy, **changes: Any) -> PriceProposal:
    """Open the dairy under a policy that waits for staff; return the proposal for the brie."""
    open_dairy()
    change_policy(auto_publish=False, **changes)
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    publish_price_book(now=LATER)
    return PriceProposal.objects.get(variant_id=dairy.brie)


def test_every_published_change_says_why_and_what_is_expected(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    report = publish_price_book(now=LATER)
    row = PriceProposal.objects.get()
    assert (row.variant_id, row.state, row.cause) == (dairy.brie, "published", "model")
    assert (row.current_minor, row.proposed_minor, row.final_minor) == (600, 599, 599)
    assert (row.book_version, row.floor_minor) == (report.version, 398)
    assert [price for price, _, _ in row.candidates] == [599, 600]
    assert row.bound == ["observational"]
    assert "observational" in row.badges
    low, mean, high = row.effect["share"]["units"]
    assert 0.0 < low < mean < high < 0.02
    weekly = row.effect["weekly"]
    assert weekly["units"][1] == pytest.approx(20.0855 * (600 / 400) ** -4.0 * mean, rel=1e-3)
    assert row.gain > 1.001
    assert row.chance > 0.99


def test_without_publishing_by_itself_the_models_change_waits(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    assert (row.state, row.final_minor, row.book_version) == ("pending", 599, None)
    assert public_of(dairy.brie) == 600
    assert count_proposals(now=LATER) == {"pending": 1, "snoozed": 0, "approved": 0, "edited": 0}


def test_proposing_again_changes_nothing_and_publishes_nothing(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    for hours in (1, 2):
        publish_price_book(now=LATER + timedelta(hours=hours))
    assert list(PriceProposal.objects.values_list("pk", "state")) == [(row.pk, "pending")]
    assert public_of(dairy.brie) == 600


def test_an_approved_change_is_published_by_the_next_book(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    alice = make_staff("alice")
    decided = approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER)
    assert (decided.done, decided.waiting, decided.skipped) == ((row.pk,), (), {})
    assert public_of(dairy.brie) == 600
    report = publish_price_book(now=LATER + timedelta(minutes=15))
    assert (report.variants, report.public_changes) == (1, 1)
    row.refresh_from_db()
    assert (row.state, row.book_version, row.decided_by_id) == ("published", report.version, alice)
    assert public_of(dairy.brie) == 599
    assert PriceProposal.objects.count() == 1
    entry = PriceLedgerEntry.objects.filter(variant_id=dairy.brie).latest("id")
    assert (entry.amount_minor, entry.source) == (599, "model")


def test_approving_twice_is_approving_once(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    alice, bob = make_staff("alice"), make_staff("bob")
    approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER)
    again = approve_proposals(proposal_ids=[row.pk, row.pk], by_id=bob, now=LATER)
    assert again.done == (row.pk,)
    row.refresh_from_db()
    assert row.decided_by_id == alice


def test_a_large_change_needs_two_people(dairy: Dairy) -> None:
    row = open_inbox(dairy, two_person_step=0.001)
    alice, bob = make_staff("alice"), make_staff("bob")
    assert row.needs_two
    first = approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER)
    assert (first.done, first.waiting) == ((), (row.pk,))
    same = approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER)
    assert same.skipped == {row.pk: "needs_second_person"}
    publish_price_book(now=LATER + timedelta(minutes=15), everything=True)
    assert public_of(dairy.brie) == 600
    second = approve_proposals(proposal_ids=[row.pk], by_id=bob, now=LATER)
    assert second.done == (row.pk,)
    publish_price_book(now=LATER + timedelta(minutes=30))
    assert public_of(dairy.brie) == 599


def test_the_table_itself_refuses_one_person_as_two(dairy: Dairy) -> None:
    row = open_inbox(dairy, two_person_step=0.001)
    alice = make_staff("alice")
    with pytest.raises(IntegrityError, match="proposal_two_persons"), transaction.atomic():
        PriceProposal.objects.filter(pk=row.pk).update(
            state="approved", first_by=alice, decided_by=alice
        )


def test_an_edited_price_is_published_as_staffs_own(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    alice = make_staff("alice")
    decided = edit_proposal(
        proposal_id=row.pk, price_minor=589, reason="round basket", by_id=alice, now=LATER
    )
    assert decided.done == (row.pk,)
    publish_price_book(now=LATER + timedelta(minutes=15))
    row.refresh_from_db()
    assert (row.state, row.proposed_minor, row.final_minor) == ("published", 599, 589)
    entry = PriceLedgerEntry.objects.filter(variant_id=dairy.brie).latest("id")
    assert (entry.amount_minor, entry.source) == (589, "staff")


def test_a_large_edit_waits_for_somebody_else(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    alice, bob = make_staff("alice"), make_staff("bob")
    edited = edit_proposal(
        proposal_id=row.pk, price_minor=559, reason="clear the shelf", by_id=alice, now=LATER
    )
    assert edited.waiting == (row.pk,)
    publish_price_book(now=LATER)
    row.refresh_from_db()
    assert (row.final_minor, row.needs_two, row.first_by_id) == (559, True, alice)
    assert approve_proposals(proposal_ids=[row.pk], by_id=alice, now=LATER).done == ()
    assert approve_proposals(proposal_ids=[row.pk], by_id=bob, now=LATER).done == (row.pk,)
    row.refresh_from_db()
    assert row.state == "edited"


@pytest.mark.parametrize("price", [397, 601, 1])
def test_an_edit_outside_floor_and_ceiling_is_refused(dairy: Dairy, price: int) -> None:
    row = open_inbox(dairy)
    with pytest.raises(ProposalRefused, match="between the floor and the ceiling"):
        edit_proposal(
            proposal_id=row.pk, price_minor=price, reason="try", by_id=make_staff("a"), now=LATER
        )


def test_what_was_rejected_is_not_proposed_again_for_two_weeks(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    alice = make_staff("alice")
    with pytest.raises(ProposalRefused):
        reject_proposals(proposal_ids=[row.pk], reason=" ", by_id=alice, now=LATER)
    rejected = reject_proposals(
        proposal_ids=[row.pk], reason="a promise to a client", by_id=alice, now=LATER
    )
    assert rejected.done == (row.pk,)
    publish_price_book(now=LATER + timedelta(days=10))
    assert PriceProposal.objects.count() == 1
    make_model({dairy.brie: 4.0}, trained_at=LATER)
    publish_price_book(now=LATER + timedelta(days=13))
    assert PriceProposal.objects.filter(state="pending").count() == 0


def test_a_snoozed_change_waits_again_by_itself(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    until = LATER + timedelta(days=2)
    snooze_proposals(
        proposal_ids=[row.pk],
        until=until,
        reason="after the fair",
        by_id=make_staff("a"),
        now=LATER,
    )
    publish_price_book(now=LATER + timedelta(days=1))
    assert list_proposals(now=LATER + timedelta(days=1)) == []
    assert [one.id for one in list_proposals(now=until)] == [row.pk]
    publish_price_book(now=until)
    row.refresh_from_db()
    assert (row.state, row.snoozed_until) == ("pending", None)


def test_a_change_nobody_would_propose_any_more_is_withdrawn(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    make_model({dairy.brie: 1.8}, trained_at=NOON)
    publish_price_book(now=LATER + timedelta(minutes=1))
    row.refresh_from_db()
    assert row.state == "withdrawn"
    later = approve_proposals(proposal_ids=[row.pk, 10**9], by_id=make_staff("a"), now=LATER)
    assert later.skipped == {row.pk: "closed", 10**9: "unknown"}


def test_an_approval_that_could_not_be_published_lapses(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    approve_proposals(proposal_ids=[row.pk], by_id=make_staff("a"), now=LATER)
    PriceProposal.objects.filter(pk=row.pk).update(decided_at=LATER - timedelta(days=3))
    publish_price_book(now=LATER)
    row.refresh_from_db()
    assert row.state == "withdrawn"
    assert public_of(dairy.brie) == 600


def test_a_merchants_own_price_waits_for_nobody(dairy: Dairy) -> None:
    open_inbox(dairy)
    set_list_prices(asks={dairy.gouda: Ask(450)}, market="us", now=LATER)
    publish_price_book(now=LATER + timedelta(hours=2))
    assert public_of(dairy.gouda) == 450


def test_the_inbox_takes_one_query_and_speaks_both_languages(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    with CaptureQueriesContext(connection) as queries:
        (english,) = list_proposals(now=LATER)
    assert len(queries) == 1
    assert english.change_share == pytest.approx(599 / 600 - 1)
    assert english.why[0].startswith("No randomized prices back this elasticity")
    (chinese,) = list_proposals(now=LATER, language="zh-hans")
    assert chinese.why[0].startswith("该弹性没有随机价格实验支持")
    assert english.effect_share["units"][1] == row.effect["share"]["units"][1]


def test_a_decision_is_told_so_that_a_book_follows_soon(dairy: Dairy) -> None:
    row = open_inbox(dairy)
    approve_proposals(proposal_ids=[row.pk], by_id=make_staff("a"), now=LATER)
    fact = Fact.objects.get(kind="PriceProposalsDecided")
    assert fact.payload == {"proposals": [row.pk]}
    assert isinstance(row.created_at, datetime)
