"""What gifts and cuts of the delivery cost: frozen at purchase, in results, shared, undone."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from django.test import Client
from django.utils.translation import override

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import cancel_order
from orders.models import OrderLine, TaxRate
from orders.payments.api import RefundPart, refund_order
from orders.values import OrderView
from profiles.values import ShopperValue
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import find_campaign
from promotions.models import Campaign, Offer, Partner, PartnerEntry, PartnerShare, Redemption
from promotions.partners.selectors import reconcile_redemptions, report_settlement
from promotions.partners.services import close_settlement
from promotions.tuning.selectors.profits import sum_profits
from promotions.tuning.services.campaign_metrics import collect_pulse
from shop.doors.backoffice.campaigns.results import Results, find_results
from shop.doors.backoffice.views.results import describe
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors.versions import forget_catalog
from tests.factories.backoffice import make_staff
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=40)


@pytest.fixture
def given(shelf: Shelf, prices: FakePrices) -> Campaign:
    """Cheese costs 2.50 and comes with a free rye (cost 1.10) and the delivery at 1.99."""
    for variant_id, cost in ((shelf.cheddar, 250), (shelf.rye, 110)):
        Variant.objects.filter(pk=variant_id).update(cost_minor=cost, cost_source="merchant")
    campaign = Campaign.objects.create(
        code="dairy-weeks",
        name="Dairy weeks",
        kind="gift",
        status="live",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=1),
        budget_minor=10_000,
    )
    for kind, terms in (("gift", {"variants": [shelf.rye]}), ("delivery", {"price": 199})):
        offer = Offer(
            campaign=campaign,
            code=kind,
            name=f"Free {kind}",
            benefit_kind=kind,
            target="cart",
            terms=terms,
            condition={"categories": [shelf.cheese]} if kind == "gift" else {},
        )
        offer.full_clean()
        offer.save()
    forget_offer_book()
    return campaign


@pytest.fixture
def share(given: Campaign) -> PartnerShare:
    partner = Partner.objects.create(code="dairy", name="Happy Dairy")
    return PartnerShare.objects.create(partner=partner, campaign=given, percent=Decimal(50))


def buy(shelf: Shelf, key: str, cheddars: int = 2) -> OrderView:
    """Cheddar at 4.00, a rye worth 3.00 for nothing, delivery 1.99 instead of 4.99; paid."""
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=cheddars)
    order = place(visit, key=key)
    assert pay(order) == "succeeded"
    return order


def send_back(order: OrderView, line: int, quantity: int) -> None:
    kept = OrderLine.objects.get(pk=order.lines[line].line_id)
    refund_order(
        order_id=order.order_id,
        parts=[RefundPart(kept.pk, quantity, restocked=quantity)],
        reason="back",
        idempotency_key=f"{line}-{kept.refunded_quantity}",
        now=NOON,
    )


def booked() -> list[tuple[bool, int, int]]:
    rows = PartnerEntry.objects.order_by("pk")
    return list(rows.values_list("is_delivery", "discount_minor", "partner_minor"))


def read(campaign: Campaign) -> Results:
    view = find_campaign(campaign.pk, now=NOON)
    assert view is not None
    return find_results(view, now=NOON)


def test_results_tie_to_orders_with_gifts_and_delivery(shelf: Shelf, given: Campaign) -> None:
    buy(shelf, "one")
    found = read(given)
    assert (found.ties.is_closed, found.ties.counted_minor) == (True, 300 + 300)
    totals = found.totals
    assert (totals.gift_units, totals.gift_minor, totals.gift_cost_minor) == (1, 300, 110)
    assert (totals.delivery_orders, totals.delivery_minor) == (1, 300)
    assert (totals.discount_minor, totals.returned_minor) == (600, 0)
    # No line of bought products was lowered: a gift is no sale, and costs what it cost.
    assert (totals.sales_minor, totals.units) == (0, 0)
    assert totals.margin_minor == -110 - 300


def test_what_a_gift_cost_is_what_it_cost_then(shelf: Shelf, given: Campaign) -> None:
    buy(shelf, "one")
    Variant.objects.update(cost_minor=299, cost_source="merchant")
    assert read(given).totals.gift_cost_minor == 110
    assert list(OrderLine.objects.order_by("position").values_list("cost_minor", flat=True)) == [
        250,
        110,
    ]
    forget_catalog()
    assert read(given).totals.gift_cost_minor == 110
    OrderLine.objects.update(cost_minor=None)  # an order of before costs were noted
    assert read(given).totals.gift_cost_minor == 299


def test_tax_in_the_fee_is_no_cost_of_the_shop(shelf: Shelf, given: Campaign) -> None:
    buy(shelf, "one")
    TaxRate.objects.create(
        market_code="us", percent=20, is_included=True, valid_from=date(2026, 1, 1)
    )
    assert read(given).totals.delivery_net_minor == 250


def test_uses_keep_their_parts(shelf: Shelf, given: Campaign) -> None:
    buy(shelf, "one")
    parts = Redemption.objects.order_by("offer_id").values_list(
        "amount_minor", "gift_minor", "gift_cost_minor", "delivery_minor"
    )
    assert list(parts) == [(300, 300, 110, 0), (300, 0, 0, 300)]


def test_the_pulse_and_the_holdout_see_what_was_given(shelf: Shelf, given: Campaign) -> None:
    shopper = make_shopper()
    buy_for(shopper, shelf.cheddar, 2)
    # 8.00 for products that cost 5.00, a gift that cost 1.10, 3.00 off the fee
    collect_pulse(now=NOON)
    minute = given.minutes.get()
    assert (minute.margin_minor, minute.spend_minor) == (300 - 110 - 300, 600)
    found = sum_profits(np.array([shopper.id]), since=NOON, until=LATER)
    assert found.tolist() == [-110.0]


def buy_for(shopper: ShopperValue, variant_id: int, quantity: int) -> OrderView:
    visit = context_of(shopper)
    add_to_cart(context=visit, variant_id=variant_id, quantity=quantity)
    order = place(visit)
    assert pay(order) == "succeeded"
    return order


def left_by(shopper_id: int, **window: datetime) -> float:
    found = sum_profits(np.array([shopper_id]), **({"since": NOON, "until": LATER} | window))
    return float(found[0])


def test_what_comes_back_leaves_nothing_behind_to_the_cent(shelf: Shelf, given: Campaign) -> None:
    """Three cheddars for 12.00 cost 2.50 each; the campaign's gift cost 1.10, its delivery 3.00."""
    Campaign.objects.update(returns_give_back=False)
    shopper = make_shopper()
    order = buy_for(shopper, shelf.cheddar, 3)
    assert left_by(shopper.id) == 1_200 - 750 - 110 - 300
    send_back(order, 0, 2)
    assert left_by(shopper.id) == 400 - 250 - 110 - 300
    send_back(order, 1, 1)
    assert left_by(shopper.id) == 400 - 250 - 300
    # With the last piece the fee goes back, and nothing is left of what the campaign gave: though
    # it keeps the use used, which a gift in another order is told from.
    send_back(order, 0, 1)
    assert left_by(shopper.id) == 0
    parts = Redemption.objects.order_by("offer_id").values_list("state", "came_back_minor")
    assert list(parts) == [("committed", 110), ("committed", 300)]
    results = read(given)
    assert (results.totals.margin_minor, results.totals.gift_cost_minor) == (0, 0)


def test_a_return_counts_against_the_order_it_came_from(shelf: Shelf, given: Campaign) -> None:
    shopper = make_shopper()
    order = buy_for(shopper, shelf.merlot, 2)
    a_minute = timedelta(minutes=1)
    before = {"since": NOON - a_minute, "until": NOON}
    after = {"since": NOON + a_minute, "until": LATER}
    whole = {"since": NOON, "until": NOON + a_minute}
    assert left_by(shopper.id, **whole) == 2 * (900 - 630) - 300
    kept = OrderLine.objects.get(pk=order.lines[0].line_id)
    refund_order(
        order_id=order.order_id,
        parts=[RefundPart(kept.pk, 1, restocked=1)],
        reason="back",
        idempotency_key="late",
        now=LATER - a_minute,
    )
    # It came back in the later window, and belongs to the order of the earlier one.
    assert [left_by(shopper.id, **one) for one in (before, whole, after)] == [0, -30, 0]


def test_points_and_added_tax_are_not_returned_as_sales(shelf: Shelf, given: Campaign) -> None:
    """What is recorded as bought is worth as much when it is recorded as returned."""
    TaxRate.objects.create(
        market_code="us", percent=10, is_included=False, valid_from=date(2026, 1, 1)
    )
    shopper = make_shopper()
    order = buy_for(shopper, shelf.cheddar, 2)
    line = OrderLine.objects.get(pk=order.lines[0].line_id)
    assert (line.total_minor, line.tax_added_minor) == (880, 80)
    OrderLine.objects.filter(pk=line.pk).update(
        points_minor=100, discount_minor=100, total_minor=780
    )
    send_back(order, 0, 1)
    assert left_by(shopper.id) == 400 - 250 - 110 - 300
    send_back(order, 0, 1)
    assert left_by(shopper.id) == 0  # the gift was not sent, and goes back with the last unit


def test_each_returned_unit_takes_its_share_the_last_the_delivery(
    shelf: Shelf, share: PartnerShare
) -> None:
    order = buy(shelf, "one")
    assert booked() == [(False, 300, 150), (True, 300, 150)]
    assert [tie.is_reconciled for tie in reconcile_redemptions(share.partner_id)] == [True]
    send_back(order, 1, 1)
    assert booked()[2:] == [(False, -300, -150)]
    assert read(share.campaign).totals.returned_minor == 300
    send_back(order, 0, 1)
    send_back(order, 0, 1)
    assert booked()[3:] == [(True, -300, -150)]
    share.refresh_from_db()
    totals = read(share.campaign).totals
    assert (share.charged_minor, totals.returned_minor, totals.delivery_net_minor) == (0, 600, 0)
    assert (totals.margin_minor, totals.gift_cost_minor) == (0, 0)


def test_a_canceled_order_gives_everything_back(shelf: Shelf, share: PartnerShare) -> None:
    order = buy(shelf, "one")
    cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    assert sum(PartnerEntry.objects.values_list("partner_minor", flat=True)) == 0
    assert Campaign.objects.get().spent_minor == 0
    assert read(share.campaign).totals.discount_minor == 0
    assert read(share.campaign).ties.is_closed


def test_a_settlement_reports_delivery_in_its_own_row(shelf: Shelf, share: PartnerShare) -> None:
    for number in range(5):
        buy(shelf, f"order-{number}")
    settlement = close_settlement(
        partner_id=share.partner_id, ends_on=date(2026, 12, 1), by_id=None, now=LATER
    )
    rows = {row.product: (row.uses, row.discount_minor) for row in report_settlement(settlement)}
    rye = str(Variant.objects.get(pk=shelf.rye).product_id)
    assert rows == {rye: (5, 1_500), "delivery": (5, 1_500)}
    assert (settlement.used_minor, settlement.due_minor) == (3_000, 1_500)


def test_who_pays_for_listed_products_only_pays_for_no_delivery(
    shelf: Shelf, share: PartnerShare
) -> None:
    share.products.create(product=Variant.objects.get(pk=shelf.rye).product)
    buy(shelf, "one")
    assert booked() == [(False, 300, 150), (True, 300, 0)]


def test_the_page_and_the_file_name_what_was_given(
    shelf: Shelf, given: Campaign, client: Client
) -> None:
    buy(shelf, "one")
    client.force_login(make_staff("erin", is_superuser=True))
    address = f"/admin/campaigns/{given.pk}/"
    words = client.get(address).content.decode()
    for text in ("to the cent", "Off the delivery", "1 pieces", "they cost $1.10", "Orders: Paid"):
        assert text in words, text
    with override("zh-hans"):
        assert describe(read(given), with_cost=True)["states"] == [("已付款", 1, "US$6.00")]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{address}results.csv").content.decode())))
    assert [(row["what"], row["discount_minor"], row["cost_minor"]) for row in rows] == [
        ("gift", "300", "110"),
        ("delivery", "300", "300"),
    ]
    margin = sum(int(row["net_minor"]) - int(row["cost_minor"]) for row in rows)
    assert margin == read(given).totals.margin_minor
