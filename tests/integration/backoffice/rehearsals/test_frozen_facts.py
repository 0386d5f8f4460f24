"""Whatever changes after an order, its replay stays: what the evaluator was asked is frozen."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders import erasure
from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.erasure import forget_old_facts
from orders.models import Order, OrderFacts
from orders.privacy import PRIVACY
from orders.reports.selectors.recorded_orders import find_recorded_order
from profiles.experiments.selectors.experiments import choose_arm, forget_experiments
from profiles.experiments.services.drafts import ArmPlan
from profiles.experiments.services.experiments import stop_experiment
from profiles.models import Experiment, Shopper
from profiles.shoppers.selectors.shoppers import list_shoppers
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import (
    Campaign,
    CampaignShopper,
    Coupon,
    GroupClaim,
    Offer,
    PointsOrder,
    UseLimit,
    VerifiedGroup,
)
from shop.doors.backoffice.rehearsals import rehearsals
from shop.doors.backoffice.rehearsals.replays import Replay, replay_order
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import BEFORE, release
from tests.factories.experiments import start
from tests.factories.loyalty import order_points
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, place
from tests.factories.replayed_orders import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
type Change = Callable[[], object]


@pytest.fixture
def world(shelf: Shelf, prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(rehearsals, "floor_minor", prices.floor_minor)
    return World(shelf, prices, monkeypatch)


def replay(number: str) -> Replay:
    """Return the replay with nothing remembered from before."""
    forget_catalog()
    forget_offer_book()
    forget_experiments()
    order = find_recorded_order(Order.objects.get(number=number).pk)
    assert order is not None
    return replay_order(order, language="en")


def texts(found: Replay) -> dict[str, str]:
    return {one.name: one.text for one in found.verdicts}


def change_arm(world: World) -> Change:
    """A campaign under experiment; she is in the arm without its offer."""
    release("arm", audience="members")
    without = ArmPlan("without", 0.5, name="Without", is_control=True, settings={"offers": []})
    with_it = ArmPlan("with", 0.5, name="With it")
    start(code="arm-pays", subject="offers", subject_ref="arm", arms=(without, with_it))
    forget_experiments()

    def is_without() -> bool:
        choice = choose_arm("arm-pays", shopper=world.alice, channel="online")
        return choice is not None and choice.arm == "without"

    while not is_without():
        world.meet_alice()
    experiment = Experiment.objects.get()
    return lambda: stop_experiment(experiment_id=experiment.pk, reason="done", now=NOON)


def change_segment(world: World) -> Change:
    world.know("vip", "vegan")
    release("segment", percent=4, condition={"all": [{"segments": ["vip"]}, {"tags": ["vegan"]}]})
    return lambda: world.know("cold")


def change_behaviour(world: World) -> Change:
    """An order of that month that was brought in late."""
    world.know("vip", "vegan")
    release("quiet", percent=6, condition={"not": {"orders": {"days": 30, "at_least": 1}}})
    known: dict[str, Any] = {"subtotal_minor": 100, "total_minor": 100, "currency": "USD"}
    return lambda: Order.objects.create(
        number="LATE",
        shopper_id=world.alice.id,
        market_code="us",
        status="paid",
        placed_at=NOON - timedelta(days=9),
        **known,
    )


def change_tier(world: World) -> Change:
    order_points(world.member, "OLD", 20_000, now=NOON - timedelta(days=60))
    release("tier", percent=7, condition={"tiers": ["gold"]})
    return lambda: PointsOrder.objects.update(counted_minor=0)


def change_group(world: World) -> Change:
    row = VerifiedGroup.objects.create(code="student", name="Students")
    GroupClaim.objects.create(
        group=row,
        shopper_id=world.alice.id,
        how="document",
        state="accepted",
        submitted_at=BEFORE,
        valid_until=NOON + timedelta(days=90),
    )
    release("group", percent=8, condition={"groups": ["student"]})
    return lambda: GroupClaim.objects.all().delete()


def change_address(world: World) -> Change:
    """The allocator gave the smaller of two offers; later everything of the campaign is hers."""
    key = release("address", audience="personal", percent=3, deeper=30)
    own = Offer.objects.get(code="address")
    CampaignShopper.objects.create(campaign_id=key, shopper_id=world.alice.id, offer=own)
    return lambda: CampaignShopper.objects.update(offer=None)


def change_floor(world: World) -> Change:
    """Nothing was sold below half its price; now nothing is held back."""
    release("floor", percent=60)

    def drop() -> None:
        world.prices.has_floors = False

    return drop


def change_category(world: World) -> Change:
    release("category", percent=11, scope={"categories": [world.shelf.cheese]})
    return lambda: Product.objects.filter(variants=world.shelf.cheddar).update(
        category_id=world.shelf.bread
    )


def change_limit(world: World) -> Change:
    """Once for each shopper, and she had it already."""
    key = release("limit", percent=12)
    UseLimit.objects.create(campaign_id=key, entity="shopper", max_uses=1)
    forget_offer_book()
    world.buy()
    return lambda: UseLimit.objects.all().delete()


def change_code(world: World) -> Change:
    """Ann had the last use of a code that may be used more often now."""
    release("code", percent=13, requires_coupon=True)
    Coupon.objects.create(offer=Offer.objects.get(code="code"), code="ONCE", max_redemptions=1)
    ann = context_of(make_shopper())
    add_to_cart(context=ann, variant_id=world.shelf.merlot)
    apply_coupon(context=ann, code="ONCE")
    world.codes = ["ONCE"]
    visit = world.visit
    add_to_cart(context=visit, variant_id=world.shelf.merlot)
    apply_coupon(context=visit, code="ONCE")  # good when she entered it
    place(ann, key="ann")
    world.codes = []
    return lambda: Coupon.objects.update(max_redemptions=9)


CHANGES = (
    change_arm,
    change_segment,
    change_behaviour,
    change_tier,
    change_group,
    change_address,
    change_floor,
    change_category,
    change_limit,
    change_code,
)


@pytest.mark.parametrize("prepare", CHANGES)
def test_a_replay_changes_later_only_without_its_recorded_facts(
    world: World, prepare: Callable[[World], Change]
) -> None:
    change = prepare(world)
    number = world.buy()
    then = replay(number)
    assert (then.is_same, then.is_frozen, then.is_restored) == (True, True, True)
    change()
    assert replay(number) == then
    OrderFacts.objects.all().delete()
    now = replay(number)
    assert (now.is_same, now.is_frozen, now.is_restored) == (False, False, False)


def test_everything_may_change_at_once(world: World) -> None:
    changes = [prepare(world) for prepare in CHANGES]
    number = world.buy()
    then = replay(number)
    assert (then.is_same, len(then.verdicts)) == (True, 11)
    for change in changes:
        change()
    assert replay(number) == then
    OrderFacts.objects.all().delete()
    assert not replay(number).is_same


def test_why_offers_were_not_put_to_the_evaluator(world: World) -> None:
    change_arm(world)
    change_address(world)
    said = texts(replay(world.buy()))
    assert said["arm"] == "Not in the arm “without” this shopper is in."
    assert said["deep"] == "The campaign gave this shopper another of its offers."
    Shopper.objects.filter(pk=world.alice.id).update(consent_price=False)
    world.alice = list_shoppers([world.alice.id])[0]
    assert texts(replay(world.buy()))["address"] == (
        "This shopper had switched personal prices off."
    )


def test_facts_are_written_with_the_order_in_one_statement(world: World) -> None:
    for prepare in (change_segment, change_category, change_floor):
        prepare(world)
    UseLimit.objects.create(campaign=Campaign.objects.get(code="floor"), entity="order", max_uses=9)
    with CaptureQueriesContext(connection) as captured:
        number = world.buy()
    written = [each["sql"] for each in captured if "orders_orderfacts" in each["sql"]]
    assert len(written) == 1
    row = OrderFacts.objects.get(order__number=number)
    seen = json.loads(row.seen)
    assert (row.at, seen["v"], seen["s"]) == (NOON, 1, {"m": 1, "s": "vip", "t": ["vegan"]})
    assert len(row.seen) < 400


def test_facts_are_handed_out_and_forgotten(world: World) -> None:
    change_segment(world)
    numbers = [world.buy(), world.buy()]
    told = json.loads(json.dumps(PRIVACY.export_shopper(world.alice.id)))["orders"]
    assert [(one["number"], one["seen"]["s"]["s"]) for one in told] == [
        (number, "vip") for number in numbers
    ]
    OrderFacts.objects.filter(order__number=numbers[0]).update(at=NOON - timedelta(days=1))
    assert forget_old_facts(now=NOON + erasure.KEEP_FACTS) == 1
    assert replay(numbers[0]).is_frozen is False
    PRIVACY.erase_shopper(world.alice.id, NOON)
    assert not OrderFacts.objects.exists()


def test_facts_nobody_can_read_any_more_count_as_none(world: World) -> None:
    number = world.buy()
    OrderFacts.objects.update(seen='{"v":0}')
    assert replay(number).is_frozen is False
