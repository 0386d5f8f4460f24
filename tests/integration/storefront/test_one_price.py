"""One price: from card to letter all pages say the same, and claims are true."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any, NamedTuple
from uuid import UUID

import pytest
import redis
from django.contrib.auth import get_user_model
from django.core import mail, signals
from django.db import reset_queries
from django.test import Client

from orders.cart.services.carts import set_quantity
from orders.models import Order
from orders.order.services.mail import send_order_email
from pricing.api import active_policy, drain_quotes
from pricing.base.core.tokens import STREAM
from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign
from shop.doors.pages.cards import quote_context
from shop.doors.pages.context import PageContext
from shop.doors.pages.trust import why
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.loyalty import make_terms
from tests.factories.orders import BOB_AT_HOME
from tests.factories.pricing import Dairy, look_at, make_treated, open_dairy
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]

PRICE = re.compile(r'<div\s+class="price([^"]*)"\s+data-variant="(\d+)">(.*?)</div>', re.DOTALL)
NOW = re.compile(r'<p class="price__now"[^>]*>\s*<span>(.*?)</span>', re.DOTALL)
COMPARED = re.compile(r'<p\s+class="price__compare[^>]*>(.*?)</p>', re.DOTALL)
WHY = re.compile(r'href="([^"]*/why/[^"]*)"')
STRUCTURED = re.compile(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', re.DOTALL)
LEDGER = re.compile(r'<dl class="ledger">(.*?)</dl>', re.DOTALL)
ROW = re.compile(r"<dd>(.*?)</dd>", re.DOTALL)
TOTAL = re.compile(r'<div class="sums__total">.*?<dd>(.*?)</dd>', re.DOTALL)
LINE_SUM = re.compile(r'class="line__sum"\s*>\s*([^<]*)<')
ENGLISH, CHINESE = "", "/zh-hans"
ALBANY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
PRODUCTS, EVERY = 50, 5


class Block(NamedTuple):
    """A price as a page draws it."""

    variant_id: int
    classes: str
    now_minor: int
    compared: str
    why: str


def minor(text: str) -> int:
    """Return an amount of a page in cents."""
    digits = re.sub(r"[^\d.]", "", text)
    return round(float(digits) * 100) * (-1 if re.search("[\u2212-]", text) else 1)


def blocks(html: str) -> dict[int, Block]:
    """Return the first price of each product on a page: its own, or its card's."""
    found: dict[int, Block] = {}
    for classes, variant_id, inner in PRICE.findall(html):
        now, compared, why = NOW.search(inner), COMPARED.search(inner), WHY.search(inner)
        assert now is not None, inner
        text = "" if compared is None else " ".join(re.sub(r"<[^>]+>", "", compared[1]).split())
        block = Block(
            int(variant_id),
            classes,
            minor(now[1]),
            unescape(text),
            "" if why is None else unescape(why[1]),
        )
        found.setdefault(block.variant_id, block)
    return found


def release(name: str, **fields: Any) -> None:
    campaign, now = make_campaign(name, **fields), utc_now()
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=90)
    )
    forget_offer_book()


@pytest.fixture
def market(dairy: Dairy) -> Iterator[Dairy]:
    """Fifty products, with offers for everybody, for members, and on the order."""
    brand = Product.objects.get(pk=Variant.objects.get(pk=dairy.rye).product_id).brand
    shelves = (dairy.hard, dairy.soft)
    for number in range(PRODUCTS - len(dairy.all)):
        price = 149 + 37 * number
        product = Product.objects.create(
            external_ref=f"c{number}",
            name=f"Cheese {number}",
            slug=f"cheese-{number}",
            category_id=shelves[number % 2],
            brand=brand,
            popularity=number,
            created_at=utc_now(),
        )
        Variant.objects.create(
            product=product,
            external_ref=f"c{number}",
            sku=f"C{number}",
            list_minor=price,
            cost_minor=price // 2,
            cost_source="merchant",
            measure_amount=200,
            measure_unit="g",
        )
    forget_catalog()
    open_dairy(utc_now())
    make_terms()
    release("Soft week", percent="10", scope={"categories": [dairy.soft]})
    release("Members", percent="6", audience="members", scope={"categories": [dairy.hard]})
    release("Five off", amount_minor=500, condition={"cart_value": 4_000})
    signals.request_started.disconnect(reset_queries)
    yield dairy
    signals.request_started.connect(reset_queries)


def page_of(shopper: Shopper) -> PageContext:
    return PageContext(
        shopper_pseudonym=str(shopper.pseudonym),
        account_id=None,
        language="en",
        locale="en_US",
        market="us",
        currency="USD",
        jurisdiction_code="US-TX",
        channel="online",
        gpc=False,
        now=utc_now(),
    )


def make_visitor(market: Dairy, *, rye: int = 0, is_member: bool = False) -> Client:
    """Return the browser of who looks for cheese, with so many loaves at 3.00 in the cart."""
    value = make_treated(now=utc_now())
    look_at(value, market.cheeses[:3], now=utc_now())
    shopper = Shopper.objects.get(pk=value.id)
    if rye:
        context = quote_context(page_of(shopper), "cart")
        set_quantity(context=context, variant_id=market.rye, quantity=rye)
    browser = browse_as(shopper)
    if is_member:
        account = get_user_model().objects.create_user("m@example.com", "a long password")
        browser.force_login(account)
        browser.get("/")  # joins guest and account
    return browser


VISITORS: dict[str, dict[str, Any]] = {
    "empty cart": {},
    "just below 40.00": {"rye": 13},
    "above 40.00": {"rye": 14},
    "member": {"is_member": True},
}


@pytest.mark.parametrize("given", VISITORS.values(), ids=VISITORS)
def test_all_surfaces_say_one_price(market: Dairy, given: dict[str, Any]) -> None:
    browser = make_visitor(market, **given)
    browser.defaults["HTTP_SEC_PURPOSE"] = "prefetch"  # no look of the test changes a price
    slugs = dict(Variant.objects.order_by("pk").values_list("pk", "product__slug"))
    cap, problems, personal, compared = active_policy().personal_cap, [], 0, 0
    for at, (variant_id, slug) in enumerate(slugs.items()):
        for prefix in (ENGLISH, CHINESE) if at % EVERY == 0 else (ENGLISH,):
            html = browser.get(f"{prefix}/p/{slug}/", follow=True).content.decode()
            if variant_id not in blocks(html):
                continue  # asks for an age first
            shown = blocks(html)[variant_id]
            problems += check_panel(browser, shown)
            if at % EVERY == 0:
                cards = blocks(browser.get(f"{prefix}/c/dairy/cheese/").content.decode())
                card = cards.get(variant_id, shown)
                compared += variant_id in cards
                if (card.now_minor, card.compared) != (shown.now_minor, shown.compared):
                    problems.append(f"{slug}: card {card}, page {shown}")
            theirs = blocks(browse_as(None).get(f"{prefix}/p/{slug}/").content.decode())[variant_id]
            structured = STRUCTURED.search(html)
            assert structured is not None
            price = round(float(json.loads(structured[1])["offers"]["price"]) * 100)
            if price != theirs.now_minor:
                problems.append(f"{slug}: search engines {price}, strangers {theirs.now_minor}")
            if "price--statutory" in shown.classes:
                personal += 1
                public = minor(shown.compared)
                least = public * (1 - cap) - 1 if "is_member" not in given else 0
                if not least <= shown.now_minor < public:
                    problems.append(f"{slug}: {shown} is outside the cap")
    assert not problems, "\n".join(problems)
    assert personal >= 3
    assert compared >= 4


def check_panel(browser: Client, shown: Block) -> list[str]:
    """Return what is wrong with the panel of a price: it adds up to what the page shows."""
    if not shown.why:
        return []
    answer = browser.get(shown.why)
    if answer.status_code != 200:
        return [f"{shown}: {answer.status_code}"]
    ledger = LEDGER.search(answer.content.decode())
    assert ledger is not None
    *parts, total = [minor(re.sub(r"\s+", "", row)) for row in ROW.findall(ledger[1])]
    return [] if sum(parts) == total == shown.now_minor else [f"{shown}: {parts}, {total}"]


def test_an_old_link_explains_and_quotes_nothing(market: Dairy, clean_redis: redis.Redis) -> None:
    browser = make_visitor(market)
    link = blocks(browser.get("/p/cheddar/", follow=True).content.decode())[market.cheddar].why
    later = replace(page_of(Shopper.objects.get()), now=utc_now() + timedelta(days=1))
    drain_quotes()
    streamed = clean_redis.xlen(STREAM)
    assert why(later, UUID(link.split("/")[2])).now_minor is None
    assert clean_redis.xlen(STREAM) == streamed


def test_what_the_rules_claim_is_what_is_configured(market: Dairy) -> None:
    page = " ".join(browse_as(None).get("/how-our-prices-work/").content.decode().split())
    policy = active_policy()
    assert f"at most {round(policy.personal_cap * 100)} % below the public price" in page
    assert f"at most {policy.max_changes_per_day} changes a day" in page
    assert f"at least {policy.quote_minutes} minutes" in page
    assert "the most by which two people" not in page


@pytest.mark.parametrize("prefix", [ENGLISH, CHINESE], ids=["en", "zh"])
@pytest.mark.parametrize("given", VISITORS.values(), ids=VISITORS)
def test_cart_checkout_order_and_letter_say_one_price(
    market: Dairy, given: dict[str, Any], prefix: str
) -> None:
    browser, products = make_visitor(market, **given), market.cheeses[:3]
    lines = [StockLine(each, 50) for each in market.all]
    receive_stock(lines=lines, reference="opening", now=utc_now())
    for variant_id in products * 2:
        browser.post(f"{prefix}/cart/add/", {"line": f"{variant_id}:"})
    cart = browser.get(f"{prefix}/cart/").content.decode()
    app = browser.post("/api/v1/checkout", {}, content_type="application/json")
    form = browser.get(f"{prefix}/checkout/")
    checkout, shown = form.content.decode(), form.context["checkout"].cart
    contact = {name: getattr(BOB_AT_HOME, name) for name in BOB_AT_HOME.__slots__}
    sums = {"shown_total": str(shown.total_minor), "key": form.context["key"]}
    choices = {"delivery": "standard", "method": "sandbox-card", "place": "1"}
    answer = browser.post(f"{prefix}/checkout/", contact | choices | sums, follow=True)
    placed = answer.content.decode()
    send_order_email(order_id=Order.objects.get().pk, kind="placed", now=utc_now())
    parcels = str(mail.outbox[-1].body).split(" x ")[1:]

    said, last = blocks(cart), blocks(placed)
    assert said.keys() >= {*products}
    assert any("price--statutory" in each.classes for each in said.values())
    if "is_member" not in given:  # whose token of a guest has ended
        assert ALBANY in app.content.decode()
    for page in (checkout, placed):  # Albany's words are read before and after the order
        assert ALBANY in page
        assert [each.now_minor for each in blocks(page).values()] == [
            each.now_minor for each in said.values()
        ]
        assert LINE_SUM.findall(page) == LINE_SUM.findall(cart)
    for each, total, parcel in zip(last.values(), LINE_SUM.findall(cart), parcels, strict=True):
        told = parcel.split("\n\n")[0]
        assert each.compared in told
        assert minor(told.splitlines()[1].split("   ")[1]) == each.now_minor
        assert told.endswith(total.strip())
        assert (each.compared != "") == ("price--mine" in each.classes)
    totals = [TOTAL.search(page) for page in (cart, checkout, placed)]
    assert [found and minor(found[1]) for found in totals] == [shown.total_minor] * 3
