"""From a draft to shoppers: who may, when two must, what is kept, and what comes back."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import Error

from promotions.campaigns.core.workflow import CampaignStatus, Step, status_at
from promotions.campaigns.selectors.campaigns import load_trail, take_snapshot
from promotions.campaigns.services.rows import CampaignRefused
from promotions.models import Campaign, CampaignEvent, CampaignPolicy, CampaignRevision, Coupon
from promotions.offers.selectors.evaluation import list_live_offers
from promotions.release.services.revisions import clone_campaign, roll_back, save_campaign
from promotions.release.services.steps import approve_campaign, send_back_campaign
from shop.ground.approvals.core.values import NeedsSecondPerson
from tests.factories.campaigns import NOON, REASON, make_draft, make_person, step

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


@pytest.fixture
def ann(db: None) -> int:
    return make_person("ann")


@pytest.fixture
def bob(db: None) -> int:
    return make_person("bob")


def _change(campaign: Campaign, by_id: int, percent: str | None = None, **fields: object):  # noqa: ANN202  # the save
    """Save a campaign anew, with another percentage or fields of its own."""
    said = {**take_snapshot(campaign.pk), **fields}
    if percent is not None:
        said["offers"] = [{**said["offers"][0], "percent": percent}]
    return save_campaign(snapshot=said, reason=REASON, by_id=by_id, now=NOON)


def _percents() -> list[str]:
    offers = list_live_offers(now=NOON + timedelta(hours=2), market_code="us")
    return [f"{offer.benefit.percent:.0f}" for offer in offers]


def test_one_person_releases_a_small_campaign_and_it_begins_itself(ann: int) -> None:
    campaign = make_draft(budget_minor=100_000)
    assert step(campaign, Step.SCHEDULE, ann) == "live"
    campaign.refresh_from_db()
    begins, ends = campaign.starts_at, campaign.ends_at
    phases = [status_at("live", begins, ends, at) for at in (NOON, begins, ends)]
    assert phases == [CampaignStatus.APPROVED, CampaignStatus.LIVE, CampaignStatus.OVER]
    assert list_live_offers(now=NOON, market_code="us") == ()
    assert len(list_live_offers(now=begins, market_code="us")) == 1
    assert list_live_offers(now=ends, market_code="us") == ()
    assert campaign.promised_ends_at == ends


@pytest.mark.parametrize(
    ("percent", "budget", "is_waiting"),
    [
        ("10", 500_000, False),
        ("10", 500_001, True),
        ("30", 100, False),
        ("31", 100, True),
        ("20", None, False),
        ("21", None, True),
    ],
)
def test_two_people_are_needed_above_the_thresholds(
    ann: int, bob: int, percent: str, budget: int | None, is_waiting: bool
) -> None:
    campaign = make_draft(percent=percent, budget_minor=budget)
    assert step(campaign, Step.SCHEDULE, ann) == ("scheduled" if is_waiting else "live")
    if not is_waiting:
        return
    assert _percents() == []
    with pytest.raises(NeedsSecondPerson, match="somebody else must approve"):
        step(campaign, Step.APPROVE, ann)
    assert step(campaign, Step.APPROVE, bob) == "live"
    assert _percents() == [percent]


def test_thresholds_come_from_the_policy_in_force(ann: int) -> None:
    CampaignPolicy.objects.update(two_person_depth=5)
    assert step(make_draft(budget_minor=100), Step.SCHEDULE, ann) == "scheduled"


def test_an_author_cannot_approve_a_version_another_submitted(ann: int, bob: int) -> None:
    campaign = make_draft(percent="50")
    _change(campaign, ann, "60")
    step(campaign, Step.SCHEDULE, bob)
    for involved in (ann, bob, None):
        with pytest.raises(NeedsSecondPerson):
            step(campaign, Step.APPROVE, involved)
    assert step(campaign, Step.APPROVE, make_person("cleo")) == "live"


def test_every_step_leaves_a_row_that_nobody_can_change(ann: int, bob: int) -> None:
    campaign = make_draft(percent="50")
    for name, who in (("schedule", ann), ("approve", bob), ("pause", ann), ("resume", ann)):
        step(campaign, Step(name), who)
    step(campaign, Step.END, bob)
    trail = CampaignEvent.objects.order_by("pk").values_list(
        "step", "from_status", "to_status", "by_id", "reason"
    )
    assert list(trail) == [
        ("schedule", "draft", "scheduled", ann, REASON),
        ("approve", "scheduled", "live", bob, REASON),
        ("pause", "live", "paused", ann, REASON),
        ("resume", "paused", "live", ann, REASON),
        ("end", "live", "ended", bob, REASON),
    ]
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        CampaignEvent.objects.update(reason="never said")
    with pytest.raises(Error, match="append-only"), transaction.atomic():
        CampaignRevision.objects.all().delete()
    with pytest.raises(CampaignRefused, match="cannot take the step"):
        step(campaign, Step.RESUME, ann)


def test_an_empty_or_past_campaign_promises_nothing(ann: int) -> None:
    empty = make_draft()
    empty.offers.update(is_active=False)
    with pytest.raises(CampaignRefused, match="Add an active offer first"):
        step(empty, Step.SCHEDULE, ann)
    past = make_draft("past")
    with pytest.raises(CampaignRefused, match="Its end is past"):
        step(past, Step.SCHEDULE, ann, now=past.ends_at)


def test_a_deeper_change_waits_and_the_released_version_runs_on(ann: int, bob: int) -> None:
    campaign = make_draft(budget_minor=1_000)
    step(campaign, Step.SCHEDULE, ann)
    assert not _change(campaign, ann, "12").is_waiting  # below the thresholds: at once
    assert _percents() == ["12"]
    saved = _change(campaign, ann, "60")
    campaign.refresh_from_db()
    assert (saved.is_waiting, campaign.pending_revision, _percents()) == (True, 3, ["12"])
    with pytest.raises(NeedsSecondPerson):
        approve_campaign(campaign_id=campaign.pk, reason=REASON, by_id=ann, now=NOON)
    approve_campaign(campaign_id=campaign.pk, reason=REASON, by_id=bob, now=NOON)
    assert _percents() == ["60"]
    assert not _change(campaign, ann, "45").is_waiting  # less than what was agreed to
    assert _percents() == ["45"]


def test_a_change_that_waits_can_be_refused(ann: int, bob: int) -> None:
    campaign = make_draft(budget_minor=1_000)
    step(campaign, Step.SCHEDULE, ann)
    _change(campaign, ann, "60")
    send_back_campaign(campaign_id=campaign.pk, reason=REASON, by_id=bob, now=NOON)
    campaign.refresh_from_db()
    assert (campaign.pending_revision, campaign.revision, _percents()) == (None, 1, ["10"])
    with pytest.raises(CampaignRefused, match="Only a version that was in force"):
        roll_back(campaign_id=campaign.pk, number=2, reason=REASON, by_id=bob, now=NOON)


def test_an_equal_save_makes_no_version_and_edits_reset_drafts(ann: int) -> None:
    campaign = make_draft(percent="50")
    step(campaign, Step.SCHEDULE, ann)
    assert not _change(campaign, ann).is_new
    _change(campaign, ann, "55")
    campaign.refresh_from_db()
    assert (campaign.status, campaign.revision) == ("draft", 2)


def test_a_rollback_brings_the_earlier_version_back_within_a_second(ann: int) -> None:
    campaign = make_draft(budget_minor=1_000)
    step(campaign, Step.SCHEDULE, ann)
    _change(campaign, ann, "15", name="Another name")
    began = time.perf_counter()
    saved = roll_back(campaign_id=campaign.pk, number=1, reason=REASON, by_id=ann, now=NOON)
    live = _percents()
    seconds = time.perf_counter() - began
    campaign.refresh_from_db()
    assert (saved.revision, live, campaign.name) == (3, ["10"], "Campaign autumn")
    assert seconds < 1.0
    newest = load_trail(campaign.pk).revisions[0]
    assert (newest.origin, newest.source) == ("rollback", "1")
    hashes = CampaignRevision.objects.order_by("number").values_list("content_hash", flat=True)
    assert hashes[0] == hashes[2] != hashes[1]


def test_a_rollback_to_a_deeper_offer_needs_another_person(ann: int, bob: int) -> None:
    campaign = make_draft(percent="60")
    step(campaign, Step.SCHEDULE, ann)
    step(campaign, Step.APPROVE, bob)
    _change(campaign, ann, "10")
    saved = roll_back(campaign_id=campaign.pk, number=1, reason=REASON, by_id=ann, now=NOON)
    assert (saved.is_waiting, _percents()) == (True, ["10"])
    approve_campaign(campaign_id=campaign.pk, reason=REASON, by_id=bob, now=NOON)
    assert _percents() == ["60"]


def test_the_end_that_was_told_can_only_come_sooner(ann: int) -> None:
    campaign = make_draft(budget_minor=1_000)
    step(campaign, Step.SCHEDULE, ann)
    sooner, later = campaign.ends_at - timedelta(days=2), campaign.ends_at + timedelta(days=2)
    with pytest.raises(CampaignRefused):
        _change(campaign, ann, ends_at=later.isoformat())
    with pytest.raises(IntegrityError, match="campaign_end_kept"), transaction.atomic():
        Campaign.objects.update(ends_at=later)
    _change(campaign, ann, ends_at=sooner.isoformat())
    roll_back(campaign_id=campaign.pk, number=1, reason=REASON, by_id=ann, now=NOON)
    campaign.refresh_from_db()
    assert (campaign.ends_at, campaign.promised_ends_at) == (sooner, sooner)


def test_a_copy_is_a_draft_of_its_own_without_codes(ann: int) -> None:
    campaign = make_draft(starts_at=NOON - timedelta(days=1))
    Coupon.objects.create(code="AUTUMN", offer=campaign.offers.get())
    step(campaign, Step.SCHEDULE, ann)
    copy = Campaign.objects.get(pk=clone_campaign(campaign_id=campaign.pk, by_id=ann, now=NOON))
    assert (copy.code, copy.name, copy.status) == ("autumn-2", "Campaign autumn (copy)", "draft")
    assert copy.ends_at - copy.starts_at == campaign.ends_at - campaign.starts_at
    assert copy.starts_at == NOON + timedelta(days=1)
    offer = copy.offers.get()
    assert (offer.code, str(offer.percent)) == ("autumn-2-offer", "10.00")
    assert not Coupon.objects.filter(offer=offer).exists()
    again = Campaign.objects.get(pk=clone_campaign(campaign_id=campaign.pk, by_id=ann, now=NOON))
    assert again.code == "autumn-3"


def test_what_cannot_be_computed_is_refused_with_its_place(ann: int) -> None:
    campaign = make_draft()
    said = take_snapshot(campaign.pk)
    broken = {**said, "offers": [{**said["offers"][0], "condition": {"moon": "full"}}]}
    with pytest.raises(CampaignRefused, match=r"offers\[0\]\.condition: .*moon"):
        save_campaign(snapshot=broken, reason=REASON, by_id=ann, now=NOON)
    assert take_snapshot(campaign.pk) == said


def test_saving_a_snapshot_leaves_what_orders_counted(ann: int) -> None:
    campaign = make_draft(budget_minor=1_000)
    Campaign.objects.update(spent_minor=400)
    _change(campaign, ann, "11")
    with connection.cursor() as cursor:
        cursor.execute("SELECT spent_minor FROM promotions_campaign")
        assert cursor.fetchone() == (400,)
