"""A flash sale says how many are left and when it ends, in one statement; lists say nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from orders.cart.services import evaluation_input as cart_values
from promotions.campaigns.selectors.book import forget_budgets, forget_offer_book
from promotions.coupons.services.redemptions import hold_redemptions
from promotions.engine.core.answers import AppliedOffer, Evaluation
from promotions.engine.core.limits import Buyer
from promotions.models import Campaign, UseLimit
from shop.doors.storefront import visitors
from shop.ground.catalog.selectors import get_market
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import NOON, Shelf
from tests.factories.promotions import END, make_campaign

pytestmark = pytest.mark.django_db

STAMP = "2099-12-05T07:00:00-05:00"
ENDS = {"": "Ends Dec. 5, 2099, 7 a.m. EST", "/zh-hans": "2099年12月5日 07:00 EST 结束"}
PIECES = {"": "{n} left at this price", "/zh-hans": "此价格仅剩 {n} 件"}
both = pytest.mark.parametrize("prefix", ["", "/zh-hans"])


@pytest.fixture
def sale(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Campaign:
    """A tenth off everything, told to end in 2099; no price has a floor."""
    monkeypatch.setattr(
        cart_values, "floor_minor", lambda *, variant_ids, **_: dict.fromkeys(variant_ids, 0)
    )
    campaign = make_campaign("flash", percent="10")
    Campaign.objects.update(promised_ends_at=END, claims={"countdown": True})
    forget_offer_book()
    return campaign


def limit(campaign: Campaign, **fields: object) -> None:
    known = {"entity": "global", "counted": "units", "max_uses": 9}
    UseLimit.objects.create(campaign=campaign, **(known | fields))
    forget_offer_book()


def sell(campaign: Campaign, units: int) -> None:
    offer = campaign.offers.get()
    applied = AppliedOffer(offer.pk, campaign.pk, 50, offer.name, units=units)
    hold_redemptions(
        order_ref=f"FT-{units}",
        evaluation=Evaluation((), (applied,), (), (), {}),
        buyer=Buyer(None, "online", "UTC", NOON),
        expires_at=END,
    )


def pages_of(campaign: Campaign) -> tuple[str, str, str]:
    return "/", f"/offers/{campaign.offers.get().pk}/", "/p/gouda/"


def read(path: str) -> str:
    return Client().get(path).content.decode()


@both
def test_three_pages_say_how_many_remain_and_until_when(sale: Campaign, prefix: str) -> None:
    limit(sale)
    for n, sold in ((9, 2), (7, 4)):
        for path in pages_of(sale):
            html = read(prefix + path)
            assert f'<span class="tag tag--tomato">{PIECES[prefix].format(n=n)}</span>' in html
            clock = f'<time class="clock" data-clock datetime="{STAMP}">{ENDS[prefix]}</time>'
            assert html.count(clock) == 1
        sell(sale, sold)


@both
def test_when_it_is_gone_nothing_is_said(sale: Campaign, prefix: str) -> None:
    limit(sale, max_uses=2)
    sell(sale, 2)
    front, offer, product = pages_of(sale)
    assert Client().get(prefix + offer).status_code == 404
    for path in (front, product):
        html = read(prefix + path)
        assert ENDS[prefix] not in html
        assert PIECES[prefix].format(n=0) not in html
        assert "flash" not in html


@both
def test_counted_orders_are_told_as_orders(sale: Campaign, prefix: str) -> None:
    limit(sale, counted="uses", max_uses=2)
    for n, text in ((2, "2 orders left at this price"), (1, "1 order left at this price")):
        said = text if not prefix else f"此价格还可下 {n} 单"
        assert all(said in read(prefix + path) for path in pages_of(sale))
        sell(sale, n)


def test_a_product_page_tells_no_more_than_is_in_stock(sale: Campaign, shelf: Shelf) -> None:
    limit(sale, max_uses=500)
    assert "500 left at this price" in read("/")
    assert "10 left at this price" in read("/p/gouda/")
    StockRecord.objects.filter(variant_id=shelf.gouda).update(on_hand=0)
    html = read("/p/gouda/")
    assert "left at this price" not in html


def test_what_one_shopper_may_have_is_not_told_as_stock(sale: Campaign) -> None:
    limit(sale, entity="shopper", max_uses=1)
    assert not any("left at this price" in read(path) for path in pages_of(sale))


def test_without_a_promised_end_no_clock_is_shown(sale: Campaign) -> None:
    Campaign.objects.update(claims={})
    limit(sale)
    for path in pages_of(sale):
        html = read(path)
        assert "data-clock" not in html
        assert f'<time datetime="{STAMP}">{ENDS[""]}</time>' in html


def test_the_number_takes_one_statement_however_many_cards_there_are(sale: Campaign) -> None:
    def count(path: str) -> int:
        client: Callable[[str], object] = Client().get
        for _ in range(2):
            with CaptureQueriesContext(connection) as captured:
                client(path)
        return sum("promotions_limitcounter" in query["sql"] for query in captured.captured_queries)

    paths = (*pages_of(sale), "/c/dairy/cheese/", "/search/?q=gouda")
    assert [count(path) for path in paths] == [0, 0, 0, 0, 0]
    limit(sale)
    # where offers stand beside products, one more for the prices of the products
    assert [count(path) for path in paths] == [2, 2, 1, 1, 1]


def test_the_end_is_told_by_the_clock_of_the_market(
    sale: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_shanghai = replace(get_market(settings.MARKET_CODE), time_zone="Asia/Shanghai")
    monkeypatch.setattr(visitors, "get_market", lambda code: in_shanghai)
    for path in pages_of(sale):
        assert "Ends Dec. 5, 2099, 8 p.m. CST" in read(path)
    assert timezone.get_current_timezone_name() == "UTC"


def test_a_sale_with_a_budget_is_shown_until_spent(sale: Campaign) -> None:
    """The builder gives each sentence a budget: its offers were on no list and had no page."""
    Campaign.objects.filter(pk=sale.pk).update(budget_minor=500)
    forget_offer_book()
    forget_budgets()
    home, page, _product = pages_of(sale)
    assert f'href="{page}"' in read(home)
    assert ENDS[""] in read(page)
    told = [one["offer_id"] for one in Client().get("/api/v1/offers").json()["offers"]]
    assert told == [sale.offers.get().pk]
    Campaign.objects.filter(pk=sale.pk).update(spent_minor=500)
    forget_budgets()
    assert f'href="{page}"' not in read(home)
    assert Client().get(page).status_code == 404


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("", "flash: Only $0.70 of it is left for you."),
        ("/zh-hans", "flash：您还可享 US$0.70 的优惠。"),
    ],
)
def test_cart_and_checkout_say_what_a_shoppers_limit_left(
    sale: Campaign, shelf: Shelf, client: Client, prefix: str, said: str
) -> None:
    limit(sale, entity="shopper", counted="uses", max_uses=None, max_minor=70)
    client.post("/cart/add/", {"line": f"{shelf.gouda}:", "quantity": "2"})
    for path in ("/cart/", "/checkout/"):
        assert said in client.get(f"{prefix}{path}").content.decode()
