"""Results of a campaign tie to orders to the cent, name the version used, and know a holdout."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from orders.cart.services.carts import add_to_cart, apply_coupon
from orders.checkout.services.cancelling import cancel_order
from orders.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.reports.api import count_returning
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from profiles.shoppers.selectors.shoppers import get_shopper_by_id
from profiles.values import ShopperValue
from promotions.campaigns.core.workflow import CampaignStatus, Step
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import find_campaign
from promotions.demo.api import seed_ended_campaign
from promotions.engine.core.carts import ShopperView
from promotions.models import Campaign, CampaignShopper, Redemption
from promotions.offers.selectors.gathering import is_held_out
from promotions.offers.selectors.personal import personal_offers_for
from promotions.planning.core.goals import compare_holdout, reconcile
from promotions.planning.selectors.results import split_addressed
from shop.doors.backoffice.campaigns.plots import draw_results
from shop.doors.backoffice.campaigns.results import Results, find_results
from shop.doors.backoffice.campaigns.summary import describe_budget
from shop.doors.backoffice.views.results import COLUMNS, describe, describe_lift, list_figures
from shop.ground.catalog.models import Category
from tests.factories.campaigns import make_person, step
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=1)


def _buy(visit: QuoteContext, goods: Sequence[int], quantity: int = 2, code: str = "") -> OrderView:
    for variant_id in goods:
        add_to_cart(context=visit, variant_id=variant_id, quantity=quantity)
    if code:
        apply_coupon(context=visit, code=code)
    return place(visit, key=f"press-{visit.shopper_pseudonym}")


def _results(campaign: Campaign) -> Results:
    view = find_campaign(campaign.pk, now=LATER)
    assert view is not None
    return find_results(view, now=LATER)


@pytest.fixture
def sold(shelf: Shelf, prices: FakePrices) -> Campaign:
    """Four orders with a code of 1.00 off a third off each line: paid, part back, open, gone."""
    campaign = make_campaign("hello", amount_minor=100, code="HELLO")
    make_campaign("third", percent="33")
    orders = [
        _buy(context_of(make_shopper()), (shelf.rye, shelf.gouda), code="HELLO") for _ in range(4)
    ]
    for order in orders[:2]:
        pay(order)
    line_id = orders[1].lines[0].line_id
    refund_order(
        order_id=orders[1].order_id,
        parts=[RefundPart(line_id, 1)],
        reason="stale",
        idempotency_key="back",
        now=NOON,
    )
    cancel_order(order_id=orders[3].order_id, reason="shopper", now=NOON)
    return campaign


def test_sums_are_those_of_the_order_lines_to_the_cent(sold: Campaign) -> None:
    for campaign in Campaign.objects.all():
        found = _results(campaign)
        lines = OrderLine.objects.filter(order__status="paid")
        own = [
            -adjustment["amount_minor"]
            for line in lines
            for adjustment in line.adjustments
            if adjustment["campaign_id"] == campaign.pk
        ]
        assert found.totals.discount_minor == sum(own) > 0
        kept = sum(line.total_minor - line.refunded_minor for line in lines)
        assert found.totals.sales_minor == kept
        assert found.totals.refunded_minor == sum(line.refunded_minor for line in lines)
        assert found.totals.units == 2 * 4 - 1
        assert found.ties.is_closed
        assert found.ties.counted_minor == found.ties.on_orders_minor
        assert {one.state: one.uses for one in found.uses.states} == {
            "committed": 2,
            "held": 1,
            "released": 1,
        }


def test_who_came_back_within_the_time_is_counted(sold: Campaign) -> None:
    one, two = Order.objects.filter(status="paid").order_by("pk")
    numbers = [one.number, two.number]
    month = timedelta(days=30)
    assert count_returning(numbers, now=NOON + month, within=month) == (0, 2, 0)
    # The open order of a third shopper becomes the first one's next.
    later = Order.objects.exclude(status__in=("paid", "cancelled")).get()
    Order.objects.filter(pk=later.pk).update(
        status="paid", shopper_id=one.shopper_id, placed_at=one.placed_at + month
    )
    assert count_returning(numbers, now=NOON, within=month) == (1, 1, 1)
    assert count_returning(numbers, now=NOON, within=timedelta(days=29)) == (0, 0, 2)


def test_an_order_that_does_not_tie_is_named(sold: Campaign) -> None:
    use = Redemption.objects.filter(campaign=sold).first()
    Redemption.objects.filter(pk=use.pk).update(amount_minor=use.amount_minor + 1)
    found = _results(sold)
    assert not found.ties.is_closed
    assert list(found.ties.differing) == [use.order_ref]
    assert describe(found, with_cost=True)["orderless"] == ""
    Redemption.objects.filter(pk=use.pk).update(order_ref="past-7", amount_minor=101)
    told = "1 use of $1.01 names an order that this shop does not have"
    assert describe(_results(sold), with_cost=True)["orderless"].startswith(told)


def test_the_page_and_the_file_show_the_same_sums(sold: Campaign, client: Client) -> None:
    person = make_person("root")
    client.force_login(_superuser(person))
    page = client.get(f"/admin/campaigns/{sold.pk}/")
    assert "to the cent" in page.content.decode()
    assert "nobody can be held out" in page.content.decode()
    answer = client.get(f"/admin/campaigns/{sold.pk}/results.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert tuple(rows[0]) == COLUMNS
    paid = sum(int(row["discount_minor"]) for row in rows if row["order_state"] == "paid")
    figures = {title: figure for title, figure, _ in list_figures(_results(sold), with_cost=True)}
    assert figures["Discount cost"] == f"${paid / 100:.2f}"


def test_uses_name_the_version_in_force(shelf: Shelf, prices: FakePrices) -> None:
    campaign = make_campaign("third", percent="33")
    before = _buy(context_of(make_shopper()), (shelf.rye,))
    step(campaign, Step.PAUSE, make_person("ann"))
    step(campaign, Step.RESUME, None)
    forget_offer_book()
    after = _buy(context_of(make_shopper()), (shelf.rye,))
    uses = Redemption.objects.filter(campaign_id=campaign.pk)
    assert list(uses.order_by("pk").values_list("revision", flat=True)) == [None, 1]
    told = [OrderLine.objects.get(order_id=one.order_id).adjustments for one in (before, after)]
    assert [each[0]["revision"] for each in told] == [None, 1]


def test_who_is_held_out_gets_nothing_and_is_compared(shelf: Shelf, prices: FakePrices) -> None:
    campaign = make_campaign("for-you", percent="30", audience="personal")
    Campaign.objects.update(holdout_percent=50)
    forget_offer_book()
    visits = [make_shopper() for _ in range(10)]
    for shopper in visits:
        CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
        order = _buy(context_of(shopper), (shelf.rye,), quantity=1)
        out = is_held_out(campaign.pk, 50, shopper.id)
        assert (order.lines[0].discount_minor == 0) is out
        pay(order)
    treated, held_out = split_addressed(campaign.pk)
    assert len(treated) + len(held_out) == 10
    lift = _results(campaign).lift
    assert lift is not None
    assert (lift.treated, lift.held_out) == (len(treated), len(held_out))
    # 3.00 and 4.99 for delivery; 90 cents less for those who got all that the law's cap allows
    assert (lift.treated_mean, lift.held_out_mean, lift.difference) == (709.0, 799.0, -90.0)


def test_the_demos_ended_campaign_ties_to_its_orders(shelf: Shelf, prices: FakePrices) -> None:
    # As many as needed: the lots go by ids, so that any ten people may all get the offer.
    people = [make_shopper() for _ in range(200)]
    sold: dict[str, Any] = {
        "market_code": "us",
        "category_ids": list(Category.objects.values_list("pk", flat=True)),
        "shopper_ids": [one.id for one in people],
        "starts_at": NOON - timedelta(days=1),
        "ends_at": NOON + timedelta(hours=1),
    }
    assert [seed_ended_campaign(**sold), seed_ended_campaign(**sold)] == [True, False]
    forget_offer_book()
    campaign = Campaign.objects.get(code="best-sellers-week")
    held_out, treated = [], []
    for one in people:
        is_out = is_held_out(campaign.pk, campaign.holdout_percent, one.id)
        (held_out if is_out else treated).append(one)
    buyers = [*held_out[:3], *treated[:7]]
    orders = [_buy(context_of(one), (shelf.rye,), quantity=1) for one in buyers]
    for order in orders:
        pay(order)
    found = _results(campaign)
    used = Redemption.objects.filter(campaign=campaign, state="committed")
    named = OrderLine.objects.filter(order__number__in=used.values_list("order_ref", flat=True))
    taken = [one["amount_minor"] for line in named for one in line.adjustments]
    assert (len(orders), len(taken)) == (10, 7)
    assert found.totals.discount_minor == -sum(taken) == found.ties.counted_minor
    assert found.totals.sales_minor == sum(line.total_minor for line in named)
    assert found.ties.is_closed
    view = find_campaign(campaign.pk, now=LATER)
    assert view is not None
    assert view.phase == CampaignStatus.OVER
    titles = [one.title for one in draw_results(view, found, (), now=LATER, with_cost=True)]
    # Ten shoppers are too few for bounds, and so for a drawing of them.
    assert titles == ["Sales by day", "Given away, and the budget"]


def test_held_out_members_get_nothing_and_are_compared(shelf: Shelf, prices: FakePrices) -> None:
    campaign = make_campaign("members", percent="33", audience="members")
    Campaign.objects.update(holdout_percent=50)
    forget_offer_book()
    for number in range(10):
        shopper = make_member(number, joined=campaign.starts_at - timedelta(days=1))
        out = is_held_out(campaign.pk, 50, shopper.id)
        seen = personal_offers_for(
            shopper=ShopperView(shopper.id, is_member=True),
            market_code="us",
            now=NOON,
            language="en",
        )
        assert [offer.label for offer in seen] == ([] if out else ["members"])
        order = _buy(context_of(shopper), (shelf.rye,), quantity=1)
        assert (order.lines[0].discount_minor == 0) is out
        pay(order)
    lift = _results(campaign).lift
    assert lift is not None
    assert lift.treated + lift.held_out == 10
    assert (lift.treated_mean, lift.held_out_mean, lift.difference) == (700.0, 799.0, -99.0)


def test_a_code_for_members_tells_the_held_out_truly(shelf: Shelf, prices: FakePrices) -> None:
    campaign = make_campaign("sent", amount_minor=100, code="SENT", audience="members")
    Campaign.objects.update(holdout_percent=50)
    forget_offer_book()
    for number in range(10):
        shopper = make_member(number, joined=campaign.starts_at - timedelta(days=1))
        out = is_held_out(campaign.pk, 50, shopper.id)
        visit = context_of(shopper)
        add_to_cart(context=visit, variant_id=shelf.rye, quantity=1)
        refused = apply_coupon(context=visit, code="SENT").rejected
        assert [one.reason_code for one in refused] == ["not_addressed"] * out
        order = place(visit, key=f"press-{number}")
        assert (order.discount_minor == 0) is out


def make_member(number: int, *, joined: datetime) -> ShopperValue:
    account = get_user_model().objects.create(
        email=f"member-{number}@shop.example", date_joined=joined
    )
    guest = make_shopper()
    Shopper.objects.filter(pk=guest.id).update(account=account)
    return get_shopper_by_id(guest.id)


def test_without_a_budget_the_sum_of_uses_is_given(sold: Campaign) -> None:
    view = find_campaign(sold.pk, now=LATER)
    assert view is not None
    shown = describe_budget(view)
    # Three orders of four stand, each with 1.00 off; the shop counts them against no budget.
    assert (view.budget_minor, view.spent_minor) == (None, 0)
    assert (shown["spent"], shown["of"]) == ("$3.00", "")


def test_four_held_out_shoppers_print_no_lift() -> None:
    few = compare_holdout(np.arange(200.0), np.arange(4.0), least=100)
    assert (few.difference, np.isnan(few.low)) == (98.0, True)
    told = describe_lift(few)
    assert (told["difference"], told["bounds"]) == ("too early to read", "")
    assert told["verdict"] == "Too early: each group needs 100 shoppers."
    open_sign = compare_holdout(np.arange(200.0), np.arange(100.0, 202.0), least=100)
    assert describe_lift(open_sign)["difference"] == "-$0.51"
    same = compare_holdout(np.arange(200.0), np.arange(50.0, 152.0), least=100)
    assert describe_lift(same)["difference"] == "not shown yet"


def test_a_holdout_of_zero_percent_holds_nobody_out() -> None:
    assert not is_held_out(1, 0, None)
    assert is_held_out(1, 10, None)
    shares = [np.mean([is_held_out(1, p, one) for one in range(4_000)]) for p in (5, 20)]
    assert shares == pytest.approx([0.05, 0.20], abs=0.02)
    small = {one for one in range(4_000) if is_held_out(1, 5, one)}
    assert small <= {one for one in range(4_000) if is_held_out(1, 20, one)}


def test_too_few_shoppers_give_no_bounds() -> None:
    lift = compare_holdout(np.array([1.0]), np.array([]))
    assert (np.isnan(lift.low), np.isnan(lift.difference), lift.is_clear) == (True, True, False)
    assert reconcile({}, {}).is_closed


def _superuser(pk: int) -> Any:
    get_user_model().objects.filter(pk=pk).update(is_superuser=True)
    return get_user_model().objects.get(pk=pk)
