"""A campaign may leave out a segment, a tag or a tier in which it loses, and let it in again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Segment, ShopperProfile
from promotions.loyalty.selectors.terms import map_tiers, read_tier
from promotions.models import Campaign, CampaignAdjustment, PointsOrder
from promotions.planning.selectors.results import split_addressed
from promotions.tuning.selectors import adjusting as reading
from promotions.tuning.selectors.profits import measure_holdout
from promotions.tuning.services.adjusting import decide_adjustment, undo_adjustment
from shop.doors.backoffice.campaigns.adjusting import REASONS, show_setting
from shop.ground.catalog.models import Variant
from tests.factories.loyalty import make_member, make_terms, order_points
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign
from tests.integration.promotions.tuning.test_adjusting import make_staff
from tests.integration.promotions.tuning.test_holdouts import address, spend

pytestmark = pytest.mark.django_db
MANY = 900


@pytest.fixture(autouse=True)
def roomy(monkeypatch: pytest.MonkeyPatch) -> None:
    """No book of prices holds the products of these tests: without one nothing may be reduced."""
    monkeypatch.setattr(reading, "find_deepest", lambda *_: 60.0)


def run_campaign(shelf: Shelf) -> tuple[Campaign, list[int]]:
    """Run a campaign for many: every second of them pays less for it and buys no more, the others
    buy twice. Two in three are cooks, whatever they do."""
    Variant.objects.filter(pk=shelf.cheddar).update(cost_minor=300, cost_source="merchant")
    campaign = make_campaign("cheese", percent="10", audience="personal")
    people = address(campaign, MANY)
    campaign.refresh_from_db()
    cooks = Segment.objects.create(code="cooks", name="Cooks", name_zh="厨师", created_at=NOON)
    treated = set(split_addressed(campaign.pk)[0].tolist())
    profiles = []
    for number, one in enumerate(people):
        tags = ["deals"] if number % 2 else ["deals", "rare"] if number == 2 else []
        segment = cooks if number % 3 else None
        profiles.append(
            ShopperProfile(shopper_id=one, tags=tags, segment=segment, refreshed_at=NOON)
        )
        base = 400 if one not in treated else 310 if number % 2 else 700
        spend(one, shelf.cheddar, base + number % 7)
    ShopperProfile.objects.bulk_create(profiles)
    return campaign, people


def test_what_it_adds_is_measured_by_segment_and_tag(shelf: Shelf) -> None:
    campaign, _people = run_campaign(shelf)
    whole, by_group = measure_holdout(campaign, now=NOON, alpha=0.05)
    assert whole is not None
    assert whole.lies_above(0.0)
    # Of "rare" there is one shopper: nothing is said, and it costs the others nothing.
    assert set(by_group) == {"segments:cooks", "tags:deals"}
    assert by_group["tags:deals"].lies_below(0.0)
    assert not by_group["segments:cooks"].lies_below(0.0)


@pytest.mark.parametrize(
    ("name", "condition", "said"),
    [
        ("tags:deals", {"not": {"tags": ["deals"]}}, "with tag deals"),
        ("tiers:gold", {"not": {"tiers": ["gold"]}}, "with tier gold"),
        ("segments:cooks", {"not": {"segments": ["cooks"]}}, "with segment cooks"),
        ("cooks", {"not": {"segments": ["cooks"]}}, "with segment cooks"),
    ],
)
def test_the_offers_condition_leaves_a_group_out_and_readmits_it(
    shelf: Shelf, name: str, condition: dict[str, object], said: str
) -> None:
    campaign, staff = make_campaign("bread", percent="10", audience="members"), make_staff("erin")
    row = CampaignAdjustment.objects.create(
        campaign=campaign,
        lever="audience",
        source="holdout",
        reason_code="tag_loses",
        before=name,
        after=None,
        state="waiting",
        proposed_at=NOON,
        last_seen_at=NOON,
    )
    assert (show_setting("audience", name), row.reason_code in REASONS) == (said, True)
    decide_adjustment(adjustment_id=row.pk, is_approved=True, by_id=staff.pk, now=NOON)
    assert campaign.offers.get().condition == {"all": [condition]}
    undo_adjustment(adjustment_id=row.pk, by_id=staff.pk, now=NOON)
    assert campaign.offers.get().condition == {}


def test_who_is_left_out_already_is_not_proposed_again(shelf: Shelf) -> None:
    campaign, _people = run_campaign(shelf)

    def looked_at() -> set[str]:
        [live] = reading.list_live(now=NOON)
        running = reading.read_running(live, now=NOON)
        return set(running.state.by_group)

    assert looked_at() == {"segments:cooks", "tags:deals"}
    campaign.offers.update(condition={"all": [{"member": True}, {"not": {"tags": ["deals"]}}]})
    assert looked_at() == {"segments:cooks"}


def test_tiers_of_many_equal_each_members_tier() -> None:
    make_terms()
    early, late, none = (make_member(f"{name}@example.com") for name in ("early", "late", "none"))
    order_points(early, "A", 12_000)
    order_points(late, "B", 12_000)
    PointsOrder.objects.filter(order_ref="A").update(paid_at=NOON - timedelta(days=300))
    ids = [one.shopper_id or 0 for one in (early, late, none)]
    for moment in (NOON - timedelta(days=1), NOON + timedelta(days=1), NOON + timedelta(days=90)):
        each = {one: read_tier(shopper_id=one, now=moment) for one in ids}
        with CaptureQueriesContext(connection) as captured:
            found = map_tiers(shopper_ids=ids, now=moment)
        assert found == {one: tier for one, tier in each.items() if tier is not None}
        assert len(captured.captured_queries) <= 2
    assert map_tiers(shopper_ids=ids, now=NOON - timedelta(days=1)) == {ids[0]: "gold"}


def test_what_it_adds_is_measured_by_tier(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, people = run_campaign(shelf)
    asked = []

    def tell_tiers(*, shopper_ids: list[int], now: object) -> dict[int, str]:
        asked.append(now)
        return {one: "gold" for one in shopper_ids if people.index(one) % 2}

    monkeypatch.setattr("promotions.tuning.selectors.profits.map_tiers", tell_tiers)
    _whole, by_group = measure_holdout(campaign, now=NOON, alpha=0.05)
    assert by_group["tiers:gold"].lies_below(0.0)
    assert asked == [campaign.starts_at]
