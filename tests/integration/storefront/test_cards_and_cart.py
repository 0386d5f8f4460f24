"""What cards, pages and the API say of a price is what the cart then charges for that unit."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.cart.services import evaluation_input as cart_values
from orders.cart.services.carts import add_to_cart, apply_coupon, set_quantity, view_cart
from pricing.api import quote_listing
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_budgets, forget_offer_book
from promotions.models import Campaign, CampaignShopper, OfferBook, UseLimit
from shop.doors.pages.cards import build_cards, quote_context
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor, add_offers, offered_prices
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.loyalty import make_terms
from tests.factories.pricing import Dairy, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
ROUNDS = 24
LINE_SUM = re.compile(r'class="line__sum"\s*>(.*?)</span>')


def make_known(*, is_willing: bool = True) -> Shopper:
    return Shopper.objects.get(pk=make_shopper(is_willing=is_willing, now=utc_now()).id)


def page_of(shopper: Shopper, **fields: Any) -> PageContext:
    """Return a visit of the shopper at this very moment."""
    known: dict[str, Any] = {
        "account_id": None,
        "language": "en",
        "locale": "en_US",
        "market": "us",
        "currency": "USD",
        "jurisdiction_code": "US-TX",
        "channel": "online",
        "gpc": False,
        "now": utc_now(),
    }
    return PageContext(shopper_pseudonym=str(shopper.pseudonym), **(known | fields))


def release(name: str, *, to: Shopper | None = None, **fields: Any) -> Campaign:
    audience = "public" if to is None else "personal"
    campaign = make_campaign(name, audience=audience, **fields)
    if to is not None:
        CampaignShopper.objects.create(campaign=campaign, shopper=to)
    forget_offer_book()
    return campaign


def release_sets(name: str, kind: str, terms: dict[str, Any], **fields: Any) -> None:
    campaign = release(name, percent=fields.pop("percent", "100"))
    campaign.offers.update(benefit_kind=kind, target="cart", terms=terms, **fields)
    OfferBook.objects.update(version=1_000 + campaign.pk)
    forget_offer_book()


def release_a_week(shop: Dairy, alice: Shopper) -> None:
    """Release offers that carts, groups, budgets, limits, codes and persons decide about."""
    week: dict[str, Any] = {"stacking": "best", "stacking_group": "week"}
    release("Hard cheese", percent="10", scope={"categories": [shop.hard]}, **week)
    release("Soft cheese", percent="20", scope={"categories": [shop.soft]}, **week)
    release("Big carts", percent="5", condition={"cart_value": 2_000})
    release("With rye", percent="8", condition={"cart_quantity": 4})
    release("While it lasts", percent="15", scope={"categories": [shop.hard]}, budget_minor=150)
    limited = release("Three pieces", percent="12", scope={"categories": [shop.soft]})
    UseLimit.objects.create(campaign=limited, entity="global", counted="units", max_uses=3)
    release("For Alice", to=alice, percent="25", scope={"categories": [shop.soft]})
    release("Told", percent="10", code="TOLD")
    release_sets("Three for two", "cheapest_free", {"size": 3}, scope={"categories": [shop.hard]})
    forget_offer_book()


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is done inside."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def pay(context: QuoteContext) -> int:
    return sum(line.total_minor for line in view_cart(context=context).lines)


def fill_cart(rng: random.Random, context: QuoteContext, shop: Dairy) -> None:
    for variant_id in rng.sample(shop.all, rng.randint(0, 4)):
        quantity = rng.randint(1, 3)
        set_quantity(context=context, variant_id=variant_id, quantity=quantity)
    if rng.random() < 0.3:
        apply_coupon(context=context, code="TOLD")


def test_random_carts_are_charged_what_cards_and_sorted_lists_say(shop: Dairy) -> None:
    rng, alice = random.Random(7), make_known()
    release_a_week(shop, alice)
    differ, lowered = [], 0
    for _ in range(ROUNDS):
        shopper = rng.choice((alice, make_known()))
        ctx = page_of(shopper)
        context = quote_context(ctx, "cart")
        fill_cart(rng, context, shop)
        forget_budgets()
        cards = add_offers(ctx, build_cards(ctx, shop.all, "category"), Visitor(ctx))
        ids = np.array([item.card.variant_id for item in cards], dtype=np.int64)
        quoted = quote_listing(context=context, variant_ids=ids)
        sorted_by = offered_prices(ctx, ids, quoted, Visitor(ctx)).tolist()
        before = pay(context)
        for item, listed in zip(cards, sorted_by, strict=True):
            told = item.price.quoted_minor if item.offer is None else item.offer.adjusted_minor
            with undone():
                add_to_cart(
                    context=context, variant_id=item.card.variant_id, token=item.price.token
                )
                paid = pay(context) - before
            lowered += told < item.price.quoted_minor
            if not told == paid == listed:
                differ.append((item.card.name, told, listed, paid))
    assert differ == []
    assert lowered > ROUNDS


BANANAS, MILK = "cheddar", "brie"


@pytest.fixture
def week(shop: Dairy) -> Dairy:
    """Cheddar at 4.00 a twentieth off or brie at 6.00 a tenth off: one of both in a cart."""
    week: dict[str, Any] = {"stacking": "best", "stacking_group": "week"}
    release("Hard week", percent="5", scope={"categories": [shop.hard]}, **week)
    release("Soft week", percent="10", scope={"categories": [shop.soft]}, **week)
    return shop


def list_cheese(client: Client) -> dict[str, dict[str, Any]]:
    items = client.get("/api/v1/categories/dairy/cheese").json()["items"]
    return {item["slug"]: item for item in items}


def test_a_price_the_cart_would_withdraw_leaves_every_page(week: Dairy) -> None:
    browser = browse_as(make_known(is_willing=False))  # without a personal price
    pages = ("/", "/c/dairy/cheese/", "/search/?q=cheddar", "/p/cheddar/")
    for path in pages:
        page = browser.get(path).content.decode()
        assert "<span>$3.80</span>" in page, path
    assert "Not with some other offers" in browser.get("/p/cheddar/").content.decode()
    offered = list_cheese(browser)["cheddar"]["offered"]
    assert (offered["price"]["minor"], offered["is_exclusive"], offered["barred"]) == (
        380,
        True,
        [],
    )
    body = {"variant_id": week.brie, "quantity": 1}
    assert browser.post("/api/v1/cart/lines", body, "application/json").status_code in (200, 201)
    for path in pages:
        answer = browser.get(path)
        assert answer["Cache-Control"] == "private, no-store"
        page = answer.content.decode()
        assert "$3.80" not in page, path
    assert "Hard week: not with what is in your cart" in page
    chinese = browser.get("/zh-hans/p/cheddar/").content.decode()
    assert "Hard week：不能与您购物车中的商品同享" in chinese
    offered = list_cheese(browser)["cheddar"]["offered"]
    assert (offered["price"]["minor"], offered["labels"]) == (400, [])
    assert offered["barred"] == ["Hard week"]
    # Nobody else's cart matters
    assert list_cheese(browse_as(None))["cheddar"]["offered"]["price"]["minor"] == 380


def test_a_unit_that_completes_a_set_says_so(shop: Dairy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        cart_values, "floor_minor", lambda *, variant_ids, **_: dict.fromkeys(variant_ids, 0)
    )
    release_sets("Three for two", "cheapest_free", {"size": 3}, scope={"categories": [shop.hard]})
    alice = make_known(is_willing=False)
    set_quantity(context=quote_context(page_of(alice), "cart"), variant_id=shop.cheddar, quantity=2)
    browser = browse_as(alice)
    assert "Free with your cart" in browser.get("/p/cheddar/").content.decode()
    assert "与购物车中的商品同购免费" in browser.get("/zh-hans/p/cheddar/").content.decode()
    assert list_cheese(browser)["cheddar"]["offered"]["price"]["minor"] == 0


@pytest.fixture
def near_threshold(shop: Dairy) -> Client:
    """A browser whose cart holds 36.00, with 5.00 off the order from 40.00 on."""
    make_terms()  # negative points of a price below nothing were refused
    release("Five off", amount_minor=500, condition={"cart_value": 4_000})
    alice = make_known(is_willing=False)
    set_quantity(context=quote_context(page_of(alice), "cart"), variant_id=shop.brie, quantity=6)
    return browse_as(alice)


def test_what_comes_off_an_order_lowers_no_product(near_threshold: Client) -> None:
    page = near_threshold.get("/p/cheddar/")
    assert page.status_code == 200
    assert "<span>$4.00</span>" in page.content.decode()
    assert "Brings $5.00 off your order" in page.content.decode()
    assert "Free with your cart" not in page.content.decode()
    chinese = near_threshold.get("/zh-hans/p/cheddar/").content.decode()
    assert "加购整单减 US$5.00" in chinese
    offered = list_cheese(near_threshold)["cheddar"]["shown"]
    assert (offered["now"]["minor"], offered["order_discount"]["minor"]) == (400, 500)
    assert offered["order_discount_text"] == "Brings $5.00 off your order"


def test_what_comes_off_an_order_stands_below_its_lines(
    near_threshold: Client, shop: Dairy
) -> None:
    body = {"variant_id": shop.cheddar, "quantity": 1}
    near_threshold.post("/api/v1/cart/lines", body, "application/json")
    page = re.sub(r"\s+", " ", near_threshold.get("/cart/").content.decode())
    sums = [re.sub(r"<[^>]+>|\s", "", one) for one in LINE_SUM.findall(page)]
    assert sums == ["$36.00", "$4.00"]
    assert page.count("Five off: $5.00") == 1
    cart = near_threshold.get("/api/v1/cart").json()
    parts = [part for line in cart["lines"] for part in line["adjustments"]]
    assert [part["is_on_order"] for part in parts] == [True, True]
    assert sum(part["amount"]["minor"] for part in parts) == -500


CART_TABLES = ("orders_cart ", "orders_cartline")


def count_statements(client: Client, path: str) -> tuple[int, ...]:
    """Return how many statements of a page read carts and their lines."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    statements = [query["sql"].replace('"', "") + " " for query in captured.captured_queries]
    return tuple(sum(table in each for each in statements) for table in CART_TABLES)


@pytest.mark.parametrize("path", ["/c/dairy/cheese/?sort=price&min=1&max=9", "/p/cheddar/"])
def test_a_page_reads_the_cart_once_and_no_strangers_cart(week: Dairy, path: str) -> None:
    alice = make_known()
    browser, context = browse_as(alice), quote_context(page_of(alice), "cart")
    assert count_statements(browse_as(None), path) == (0, 0)
    assert count_statements(browser, path) == (1, 0)
    for variant_id in week.all:
        add_to_cart(context=context, variant_id=variant_id)
    assert count_statements(browser, path) == (1, 1)


def test_the_next_unit_costs_the_price_the_cart_keeps(shop: Dairy) -> None:
    """The line in the cart holds its lower price; the card of the day stands higher."""
    alice = make_known()
    ctx = page_of(alice)
    context = quote_context(ctx, "cart")
    add_to_cart(context=context, variant_id=shop.cheddar)
    shelf = build_cards(ctx, [shop.cheddar], "category")
    dearer = replace(shelf[0], price=replace(shelf[0].price, quoted_minor=450, public_minor=450))
    (shown,) = add_offers(ctx, [dearer], Visitor(ctx))
    assert shown.offer is None
    assert shown.price.quoted_minor == 400


def test_offers_on_several_units_show_what_they_ask_everywhere(
    shop: Dairy,
) -> None:
    Category.objects.filter(pk=shop.hard).update(name="Hard cheese", name_zh="硬质奶酪")
    forget_catalog()
    release_sets("Spring deal", "buy_get", {"buy": 2, "get": 1}, scope={"categories": [shop.hard]})
    for path in ("/c/dairy/cheese/", "/p/cheddar/", "/search/?q=gouda", "/"):
        assert "Hard cheese: buy 2, get 1 free" in browse_as(None).get(path).content.decode(), path
    page = browse_as(None).get("/zh-hans/p/cheddar/").content.decode()
    assert "硬质奶酪：买 2 件，再得 1 件免费" in page
    cheese = list_cheese(browse_as(None))
    (told,) = cheese["cheddar"]["deals"]
    assert told["text"] == "Hard cheese: buy 2, get 1 free"
    assert browse_as(None).get(f"/offers/{told['offer_id']}/").status_code == 200
    assert (cheese["cheddar"]["offered"], cheese["brie"]["deals"]) == (None, [])
