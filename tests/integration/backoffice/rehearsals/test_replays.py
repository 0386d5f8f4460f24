"""Why an order got what it got: judged by the campaigns, stacking, codes and budgets of then."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client

from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.models import Cart, Order, OrderFacts
from orders.reports.selectors.recorded_orders import find_facts_then, find_recorded_order
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.engine.api import RULES
from promotions.models import (
    Campaign,
    CampaignShopper,
    Coupon,
    Offer,
    StackingGroup,
    StackingRevision,
)
from promotions.offers.selectors.gathering import is_held_out
from promotions.release.services.revisions import save_campaign
from promotions.release.services.steps import move_campaign
from shop.doors.backoffice.rehearsals import rehearsals
from shop.doors.backoffice.rehearsals.replays import Replay, replay_order
from shop.doors.backoffice.views.rehearsals import say_how
from tests.factories.backoffice import make_staff
from tests.factories.campaigns import BEFORE, release
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
AFTER = NOON + timedelta(hours=2)


@pytest.fixture(autouse=True)
def floors(prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test's floors wherever a replay asks."""
    monkeypatch.setattr(rehearsals, "floor_minor", prices.floor_minor)


@pytest.fixture
def bob(prices: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


def edit(campaign_id: int, *, at: datetime = AFTER, **offer: Any) -> None:
    said = take_snapshot(campaign_id)
    said["offers"][0] |= offer
    save_campaign(snapshot=said, reason="edit", by_id=None, now=at)
    forget_offer_book()


def replay(context: QuoteContext, **place_terms: Any) -> Replay:
    placed = place(context, **place_terms)
    return replay_again(placed.number)


def replay_again(number: str, language: str = "en") -> Replay:
    order = find_recorded_order(Order.objects.get(number=number).pk)
    assert order is not None
    return replay_order(order, language=language)


def texts(found: Replay) -> dict[str, tuple[bool, str]]:
    return {one.name: (one.is_applied, one.text) for one in found.verdicts}


def test_an_order_is_judged_by_the_versions_of_its_time(bob: QuoteContext, shelf: Shelf) -> None:
    cut = release("cut", scope={"categories": [shelf.cheese]})
    big = release("big", percent=5, condition={"cart_value": 9000})
    add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=2)
    number = place(bob).number
    edit(cut, percent="20")
    edit(big, condition={}, percent="19")
    release("later", at=AFTER)
    move_campaign(campaign_id=cut, step=Step.END, reason="over", by_id=None, now=AFTER)
    found = replay_again(number)
    assert (found.is_same, found.is_restored, found.is_first) == (True, True, True)
    assert (found.lines[0].taken, found.lines[0].replayed) == ("$0.80", "$0.80")
    assert texts(found) == {
        "cut": (True, "$0.80"),
        "big": (False, "Add $82.00 more to get “big”."),
    }
    assert [(one.name, one.number, one.how) for one in found.campaigns] == [
        ("cut", 1, "version"),
        ("big", 1, "version"),
    ]


def test_a_campaign_edited_before_the_order_counts_as_edited(
    bob: QuoteContext, shelf: Shelf
) -> None:
    cut = release("cut")
    edit(cut, percent="15", at=NOON - timedelta(hours=1))
    add_to_cart(context=bob, variant_id=shelf.merlot)
    found = replay(bob)
    assert (found.is_same, found.campaigns[0].number, found.lines[0].replayed) == (True, 2, "$1.35")


def test_a_pause_explains_why_an_offer_did_not_apply(bob: QuoteContext, shelf: Shelf) -> None:
    cut = release("cut")
    at = NOON - timedelta(hours=1)
    move_campaign(campaign_id=cut, step=Step.PAUSE, reason="wait", by_id=None, now=at)
    forget_offer_book()
    add_to_cart(context=bob, variant_id=shelf.merlot)
    number = place(bob).number
    move_campaign(campaign_id=cut, step=Step.RESUME, reason="on", by_id=None, now=AFTER)
    found = replay_again(number)
    assert found.is_same
    assert not texts(found)["cut"][0]
    assert "paused" in texts(found)["cut"][1]


def test_a_campaign_without_record_is_taken_as_it_is_today(bob: QuoteContext, shelf: Shelf) -> None:
    cut = release("cut", is_recorded=False)
    add_to_cart(context=bob, variant_id=shelf.merlot)
    number = place(bob).number
    found = replay_again(number)
    assert (found.is_same, found.is_restored) == (True, False)
    assert say_how(found.campaigns[0]) == "as it is today: nobody recorded it before"
    edit(cut, percent="20")  # the edit records first what it found
    found = replay_again(number)
    assert (found.is_same, found.campaigns[0].how, found.campaigns[0].number) == (True, "first", 1)
    Offer.objects.filter(campaign=cut).update(code="renamed")
    found = replay_again(number)
    assert (found.is_same, found.campaigns[0].lost) == (False, ("cut",))
    assert "not restored: cut" in say_how(found.campaigns[0])


def test_the_budget_left_is_summed_from_its_uses(bob: QuoteContext, shelf: Shelf) -> None:
    cut = release("cut", budget_minor=100)
    add_to_cart(context=bob, variant_id=shelf.merlot)
    first = place(bob).number
    ann = context_of(make_shopper())
    add_to_cart(context=ann, variant_id=shelf.merlot)
    second = place(ann).number
    found = replay_again(first)
    assert (found.is_same, found.campaigns[0].left_minor) == (True, 100)
    found = replay_again(second)
    assert (found.is_same, found.campaigns[0].left_minor, found.lines[0].replayed) == (
        True,
        10,
        "$0.10",
    )
    assert texts(found)["cut"] == (True, "$0.10")  # the last of the budget
    Campaign.objects.filter(pk=cut).update(budget_minor=9_000)
    assert replay_again(second).is_same


def test_codes_that_failed_keep_their_reason(bob: QuoteContext, shelf: Shelf) -> None:
    release("coded", requires_coupon=True)
    Coupon.objects.create(offer=Offer.objects.get(), code="ONCE", max_redemptions=1)
    ann = context_of(make_shopper())
    add_to_cart(context=ann, variant_id=shelf.merlot)
    apply_coupon(context=ann, code="ONCE")
    first = place(ann).number
    add_to_cart(context=bob, variant_id=shelf.merlot)
    number = place(bob).number
    OrderFacts.objects.all().delete()  # as of an order from before they were kept
    Cart.objects.filter(pk=Order.objects.get(number=number).cart_id).update(coupon_codes=["ONCE"])
    assert texts(replay_again(first)) == {"coded": (True, "$0.90")}
    found = replay_again(number)
    assert found.is_same
    assert not texts(found)["coded"][0]
    assert texts(found)["coded"][1] == "All uses of this code are gone."
    Cart.objects.update(coupon_codes=[])
    assert "needs a code" in texts(replay_again(number))["coded"][1]


def test_stacking_is_taken_as_it_was(bob: QuoteContext, shelf: Shelf) -> None:
    group = StackingGroup.objects.create(code="one", name="One", mode="best")
    # The tree's states carry the clock of the database; the order is placed after them.
    moment = StackingRevision.objects.latest("at").at + timedelta(microseconds=1)
    for code, percent in (("ten", 10), ("five", 5)):
        release(code, percent=percent, group=group, ends_at=moment + timedelta(days=1))
    later = context_of(make_shopper(), now=moment)
    add_to_cart(context=later, variant_id=shelf.merlot)
    placed = place(later)
    StackingGroup.objects.update(mode="stack")
    assert StackingRevision.objects.count() == 2
    found = replay_again(placed.number)
    assert found.stacking == "version"
    assert [line.replayed for line in found.lines] == ["$0.90"]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        StackingRevision.objects.update(snapshot={})


def test_gifts_and_delivery_are_replayed_too(bob: QuoteContext, shelf: Shelf) -> None:
    terms = {"variants": [shelf.rye]}
    release("gift", benefit_kind="gift", target="cart", terms=terms)
    cheap = release("cheap", benefit_kind="delivery", target="cart", terms={"price": 199})
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    number = place(bob).number
    edit(cheap, terms={"price": 0})
    found = replay_again(number)
    assert [(line.name, line.taken, line.replayed) for line in found.lines] == [
        ("Farm Cheddar", "$0.00", "$0.00"),
        ("Farm Rye", "$3.00", "$3.00"),
        ("Delivery", "$3.00", "$3.00"),
    ]
    assert (found.is_same, found.gives) == (True, True)


def test_who_was_held_out_is_told_apart(prices: FakePrices, shelf: Shelf) -> None:
    key = release("mine", audience="personal", holdout_percent=50)
    for _ in range(8):
        shopper = make_shopper()
        CampaignShopper.objects.create(campaign_id=key, shopper_id=shopper.id)
        visit = context_of(shopper)
        add_to_cart(context=visit, variant_id=shelf.merlot)
        found = replay(visit, key=f"press-{shopper.id}")
        out = is_held_out(key, 50, shopper.id)
        assert (found.is_same, texts(found)["mine"][0]) == (True, not out)
        assert ("left without it" in texts(found)["mine"][1]) is out


def test_who_joined_later_was_no_member_then(bob: QuoteContext, shelf: Shelf) -> None:
    release("members", audience="members")
    add_to_cart(context=bob, variant_id=shelf.merlot)
    number = place(bob).number
    account = make_staff("erin")
    Shopper.objects.filter(pseudonym=bob.shopper_pseudonym).update(account=account)
    OrderFacts.objects.all().delete()
    found = replay_again(number)
    assert (found.is_same, texts(found)["members"][0]) == (True, False)
    account.date_joined = BEFORE
    account.save()
    assert not replay_again(number).is_same


def test_the_page_says_what_is_known(bob: QuoteContext, shelf: Shelf, client: Client) -> None:
    cut = release("cut", condition={"tags": ["baker"]})
    release("open", percent=5)
    add_to_cart(context=bob, variant_id=shelf.merlot)
    placed = place(bob)
    pay(placed)
    edit(cut, percent="12")
    order = find_recorded_order(placed.order_id)
    assert order is not None
    assert find_facts_then([order], (), now=AFTER)[0].is_first_order is True
    client.force_login(make_staff("root", is_superuser=True))
    page = f"/admin/orders/{placed.order_id}/offers/"
    words = client.get(page).content.decode()
    for text in ("everything as it was then", "as its versions say", "Nothing of today is used."):
        assert text in words, text
    assert "Segment and tags of that" not in words
    old = "some rules by which offers are worked out have changed"
    assert old not in words
    facts = OrderFacts.objects.get()
    OrderFacts.objects.update(seen=facts.seen.replace(f'"e":{RULES},', ""))
    assert old in client.get(page).content.decode()
    OrderFacts.objects.all().delete()
    words = client.get(page).content.decode()
    said = "What follows is taken as it is today."
    for text in ("not everything could be restored", said, "Segment and tags of that day"):
        assert text in words, text
