"""Costs and list prices of a market of another currency: its own, and never those of home."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import connection
from pytest_django import Settings

from orders.models import Order, OrderLine
from orders.reports.selectors.recorded_orders import load_recorded_orders
from orders.reports.selectors.statistics import list_day_sales
from orders.reports.services import summarize_sales
from profiles.experiments.selectors.outcomes import ADDS, SIGN
from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import find_campaign, take_snapshots
from promotions.campaigns.selectors.costs import find_costs
from promotions.law.selectors.evidence import load_evidence, load_subject
from promotions.models import Campaign, Offer, Redemption
from promotions.tuning.selectors.profits import sum_profits
from promotions.tuning.services.campaign_metrics import collect_pulse
from shop.doors.backoffice.campaigns.results import find_results
from shop.doors.backoffice.home.sales import Period, read_sales
from shop.ground.catalog.models import ListPrice, Market, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.region import StaffRegion, in_region
from tests.factories.browsing import browse_as
from tests.factories.campaigns import make_draft
from tests.factories.markets import open_japan
from tests.factories.pricing import Dairy
from tests.factories.references import load_references

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
ASSUMED = 0.7
NO_SALES = float("nan")
CONTACT = {
    "email": "hana@example.org",
    "name": "Hana Sato",
    "address_line1": "1-1 Marunouchi",
    "city": "Chiyoda",
    "region": "Tokyo",
    "postcode": "100-0005",
    "country": "JP",
    "delivery": "post",
    "method": "sandbox-card",
    "place": "1",
}


@pytest.fixture
def japan(shop: Dairy, settings: Settings) -> Campaign:
    """Cheddar at 600 yen (cost 350) comes with a free rye of 450 yen, whose cost nobody knows here.
    At home they are 4.00 (cost 2.50) and 3.00 (cost 1.80)."""
    for pk, cost in ((shop.cheddar, 250), (shop.rye, 180)):
        Variant.objects.filter(pk=pk).update(cost_minor=cost, cost_source="merchant")
    open_japan({shop.cheddar: (600, 350), shop.rye: (450, None)})
    lines = [StockLine(one, 10) for one in (shop.cheddar, shop.rye)]
    receive_stock(lines=lines, reference="t", now=utc_now())
    campaign = Campaign.objects.create(
        code="cheese-weeks",
        name="Cheese weeks",
        kind="gift",
        status="live",
        market_code="jp",
        starts_at=utc_now() - timedelta(days=1),
        ends_at=utc_now() + timedelta(days=1),
    )
    offer = Offer(
        campaign=campaign,
        code="rye",
        name="Free rye",
        benefit_kind="gift",
        target="cart",
        terms={"variants": [shop.rye]},
        condition={"categories": [shop.cheese]},
    )
    offer.full_clean()
    offer.save()
    forget_offer_book()
    settings.MARKET_CODE = "jp"
    return campaign


def buy(shop: Dairy) -> Order:
    """Buy two cheddars in the storefront: 1200 yen and the delivery."""
    client = browse_as(None)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:", "quantity": "2"})
    form = client.get("/checkout/")
    total = form.context["checkout"].cart.total_minor
    assert total == 1_200 + 500
    given = {**CONTACT, "shown_total": str(total), "key": form.context["key"]}
    answer = client.post("/checkout/", given)
    assert answer.status_code == 302, answer.context["form"].errors
    order = Order.objects.get(market_code="jp")
    assert (order.currency, order.status) == ("JPY", "paid")
    return order


def test_what_offers_leave_is_reckoned_with_the_markets_costs(japan: Campaign, shop: Dairy) -> None:
    order = buy(shop)
    lines = OrderLine.objects.order_by("position")
    assert list(lines.values_list("list_minor", "cost_minor")) == [(600, 350), (450, None)]
    # The gift's cost is a share of its price here, not the 1.80 of home
    assert Redemption.objects.get().gift_cost_minor == round(ASSUMED * 450) == 315
    left = 1_200 - 2 * 350 - 315
    collect_pulse(now=utc_now())
    assert sum(japan.minutes.values_list("margin_minor", flat=True)) == left
    shopper_id = order.shopper_id or 0
    window = {"since": utc_now() - timedelta(hours=1), "until": utc_now() + timedelta(hours=1)}
    assert sum_profits(np.array([shopper_id]), **window).tolist() == [left]


def test_orders_without_a_noted_cost_use_their_markets_cost(japan: Campaign, shop: Dairy) -> None:
    buy(shop)
    OrderLine.objects.update(cost_minor=None)
    now = utc_now()
    hour = timedelta(hours=1)
    orders = load_recorded_orders(market_code="jp", since=now - hour, until=now + hour, limit=9)
    assert [line.cost_minor for line in orders[0].lines] == [350, None]
    view = find_campaign(japan.pk, now=now)
    assert view is not None
    totals = find_results(view, now=now).totals
    assert (totals.gift_units, totals.gift_minor, totals.gift_cost_minor) == (1, 450, 0)
    assert totals.uncosted_units == 1
    ListPrice.objects.filter(variant_id=shop.rye).update(cost_minor=220)
    assert find_results(view, now=now).totals.gift_cost_minor == 220


def test_sales_of_a_currency_are_summed_by_themselves(japan: Campaign, shop: Dairy) -> None:
    order = buy(shop)
    OrderLine.objects.update(cost_minor=None)
    period = Period.ending(utc_now(), 30)
    for is_stored in (False, True):
        if is_stored:
            Order.objects.filter(pk=order.pk).update(placed_at=utc_now() - timedelta(days=3))
            summarize_sales(now=utc_now())
        asked = {"since": period.dates[0], "today": period.today}
        (yen,) = list_day_sales(**asked, currency="JPY")
        assert (yen.orders, yen.sales_minor, yen.currency) == (1, 1_200, "JPY")
        assert (yen.margin_minor, yen.margin_base_minor) == (1_200 - 700, 1_200)
        assert list_day_sales(**asked, currency="USD") == []
    for currency, sold in (("JPY", 1_200), ("USD", 0)):
        with in_region(StaffRegion(currency)):
            assert sum(row.sales_minor for row in read_sales(period).now) == sold


def test_experiments_count_the_margin_in_the_buyers_market(japan: Campaign, shop: Dairy) -> None:
    buy(shop)
    with connection.cursor() as cursor:
        margin = ADDS["margin_minor"].format(sign=SIGN)
        cursor.execute(f"SELECT {margin}, count(*) FROM profiles_event event")  # noqa: S608  # our own constant
        assert cursor.fetchone()[0] == 1_200 - 700
    Shopper.objects.update(market_code="us")  # the same events of somebody at home
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {margin} FROM profiles_event event")  # noqa: S608  # our own constant
        assert cursor.fetchone()[0] == 1_200 - 500


def test_the_law_reads_prices_and_costs_of_the_market(japan: Campaign, shop: Dairy) -> None:
    buy(shop)
    now = utc_now() + timedelta(minutes=1)
    draft = make_draft("law")  # on everything
    snapshot = take_snapshots([draft])[draft.pk]
    subject = load_subject(draft, snapshot, begins=now, strategies=frozenset())
    ids = subject.arrays.variant_id[subject.chosen].tolist()
    for market, cost, share in (("jp", [350, -1], 1.0), ("us", [250, 180], NO_SALES)):
        found = load_evidence(subject, market=market, now=now)
        known = dict(zip(ids, found.cost_minor.tolist(), strict=True))
        assert [known[one] for one in (shop.cheddar, shop.rye)] == cost
        at_list = float(found.list_share[ids.index(shop.cheddar)])
        assert at_list == pytest.approx(share, nan_ok=True), market
    # What was paid in yen is no reference of a price in cents
    for market, listed, share in (("jp", 600, 1.0), ("us", 400, NO_SALES)):
        refer = load_references(
            variant_id=np.array([shop.cheddar]),
            list_minor=np.array([listed]),
            now=now,
            place=(market, "online"),
        )
        assert float(refer.list_share[0]) == pytest.approx(share, nan_ok=True), market


def test_the_cost_of_home_counts_where_its_currency_does(shop: Dairy) -> None:
    Variant.objects.filter(pk=shop.cheddar).update(cost_minor=250, cost_source="merchant")
    open_japan({shop.cheddar: (600, None)})
    Market.objects.create(code="ca", name="California", currency="USD")
    for market, own in (("ca", None), ("ca", 260)):
        ListPrice.objects.update_or_create(
            market_id=market,
            variant_id=shop.cheddar,
            defaults={"amount_minor": 450, "cost_minor": own},
        )
        forget_catalog()
        assert find_costs([shop.cheddar], market) == {shop.cheddar: own or 250}
    assert find_costs([shop.cheddar], "jp") == {}
