"""Members, tiers and proven groups see their prices on lists and products before any cart."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.cart.services import evaluation_input as cart_values
from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, GroupClaim, LimitCounter, UseLimit, VerifiedGroup
from shop.ground.catalog.models import Category, Variant
from shop.ground.kernel.clock import utc_now
from tests.factories.api import expect
from tests.factories.loyalty import make_member, make_terms, order_points
from tests.factories.orders import Shelf
from tests.factories.promotions import make_campaign
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

NOW = "<span>${}</span>"


@pytest.fixture(autouse=True)
def _no_floors(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        cart_values, "floor_minor", lambda *, variant_ids, **_: dict.fromkeys(variant_ids, 0)
    )


def make_offer(name: str, percent: str, **fields: Any) -> None:
    campaign = make_campaign(name, percent=percent, **fields)
    campaign.ends_at = utc_now() + timedelta(days=9)
    campaign.save()
    forget_offer_book()


def sign_in(email: str = "alice@example.com") -> tuple[Client, int]:
    account = get_user_model().objects.create_user(email, "a long password")
    now = utc_now()
    shopper = Shopper.objects.create(account=account, created_at=now, last_seen_at=now)
    client = Client()
    client.force_login(account)
    return client, shopper.pk


def prove(shopper_id: int, code: str = "student") -> None:
    group = VerifiedGroup.objects.create(code=code, name="Students")
    now = utc_now()
    GroupClaim.objects.create(
        group=group,
        shopper_id=shopper_id,
        how="code",
        state="accepted",
        submitted_at=now,
        decided_at=now,
        valid_until=now + timedelta(days=9),
    )


def read(client: Client, path: str = "/search/?q=gouda") -> str:
    return client.get(path).content.decode()


def test_members_see_their_price_and_others_what_members_pay() -> None:
    make_offer("Club week", "10", audience="members")
    alice, _ = sign_in()
    for path in ("/search/?q=gouda", "/p/gouda/"):
        mine, theirs = read(alice, path), read(Client(), path)
        assert "Your price $4.50, Everyone $5.00" in mine
        assert "Signed-in price" in mine
        assert NOW.format("4.50") in mine
        assert "$5.00, $4.50 with a free account" in theirs
        assert "Signed-in price" not in theirs
    assert "注册享 US$4.50·免费" in read(Client(), "/zh-hans/search/?q=gouda")
    answer = alice.get("/search/?q=gouda")
    assert answer.headers["Cache-Control"].startswith("private")


TAG = re.compile(r'<p class="price__tag">\s*<a\s+href="([^"]*)"\s+hx-get="([^"]*)"')
ROW = re.compile(r"<dt>(.*?)</dt>\s*<dd>\s*(.*?)\s*</dd>", re.DOTALL)


def test_a_price_with_an_account_has_its_own_panel() -> None:
    make_offer("Club week", "10", audience="members")
    alice, _ = sign_in()
    address = f"/why/{Variant.objects.get(product__slug='gouda').pk}/"
    for path in ("/search/?q=gouda", "/p/gouda/"):
        assert (address, address) in TAG.findall(read(alice, path))
    panel = read(alice, address)
    rows = [("Price for everybody", "$5.00"), ("Club week", "−$0.50"), ("Your price", "$4.50")]
    assert ROW.findall(panel) == rows
    assert "You get this price because you are signed in: Club week." in panel
    assert "being written down" not in panel
    theirs = read(Client(), address)
    assert ROW.findall(theirs) == [("Price for everybody", "$5.00"), ("Your price", "$5.00")]
    assert "signed in" not in theirs
    assert "您已登录" in read(alice, f"/zh-hans{address}")
    for unknown in (999_999_999, 2**63):
        assert alice.get(f"/why/{unknown}/").status_code == 404


def test_the_card_shows_everybodys_offer_but_no_member_price() -> None:
    make_offer("Gouda week", "20")
    assert NOW.format("4.00") in read(Client())
    assert "<span>Gouda week</span>" in read(Client())
    assert "with a free account" not in read(Client())
    make_offer("Club week", "10", audience="members")  # both together: 5.00 - 20 % - 10 %
    assert "$3.60 with a free account" in read(Client())


def test_only_students_and_tiers_see_their_own_offers() -> None:
    make_offer("Students", "30", condition={"groups": ["student"]})
    make_offer("Gold", "40", condition={"tiers": ["gold"]})
    plain, shopper_id = sign_in()
    assert "Everyone" not in read(plain) + read(Client())
    prove(shopper_id)
    assert "Offer for your group" in read(plain)
    assert NOW.format("3.50") in read(plain)
    make_terms()
    gold = make_member("gold@example.com", utc_now())
    order_points(gold, "FT-1", 90_000, now=utc_now())
    client = Client()
    client.force_login(get_user_model().objects.get(email="gold@example.com"))
    assert NOW.format("3.00") in read(client)
    assert "Everyone" not in read(Client())


def test_nothing_is_told_of_members_prices_of_delicate_goods() -> None:
    Category.objects.filter(path="dairy/cheese").update(is_restricted=True)
    make_offer("Club week", "10", audience="members")
    assert "with a free account" not in read(Client(), "/p/gouda/")
    assert "with a free account" in read(Client(), "/p/rye/")


def test_a_used_offer_leaves_the_shoppers_own_page(shelf: Shelf) -> None:
    make_offer("Once", "10", audience="members")
    campaign = Campaign.objects.get()
    limit = UseLimit.objects.create(campaign=campaign, entity="shopper", max_uses=1)
    forget_offer_book()
    (alice, shopper_id), (bea, _) = sign_in(), sign_in("bea@example.com")
    LimitCounter.objects.create(limit=limit, key=str(shopper_id), uses=1)
    assert ("Signed-in price" in read(alice), "Signed-in price" in read(bea)) == (
        False,
        True,
    )


FACTS = ("promotions_groupclaim", "promotions_pointsaccount", "promotions_limitcounter")


def count_facts(client: Client, path: str) -> list[int]:
    """Return how many statements of a page read groups, tiers and limits."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    statements = [query["sql"] for query in captured.captured_queries]
    return [sum(table in statement for statement in statements) for table in FACTS]


@pytest.mark.parametrize("path", ["/search/?q=gouda", "/c/dairy/", "/", "/p/gouda/"])
def test_the_number_of_statements_does_not_grow_with_the_cards(path: str) -> None:
    make_terms()
    member, shopper_id = sign_in()
    make_offer("Club week", "10", audience="members")
    points = path == "/p/gouda/"  # what it earns follows the member's tier, read once
    assert count_facts(Client(), path) == [0, 0, 0]
    assert count_facts(member, path) == [0, points, 0]
    make_offer("Students", "30", condition={"groups": ["student"]})
    make_offer("Gold", "40", condition={"tiers": ["gold"]})
    prove(shopper_id)
    assert count_facts(Client(), path) == [0, 0, 0]
    assert count_facts(member, path) == [1, 1, 0]
    UseLimit.objects.create(campaign=Campaign.objects.first(), entity="global", max_uses=9)
    forget_offer_book()
    front = path == "/"  # where the offers themselves are listed with what is left
    assert count_facts(Client(), path) == [0, 0, 1 + front]


def find_gouda(api: ApiClient) -> dict[str, Any]:
    items = expect(api.get("/api/v1/categories/dairy/cheese"))["items"]
    return next(item for item in items if item["slug"] == "gouda")


def test_the_api_tells_the_same(api: ApiClient) -> None:
    make_offer("Club week", "10", audience="members")
    item = find_gouda(api)
    assert (item["offered"], item["members_pay"]["minor"]) == (None, 450)
    variant = expect(api.get("/api/v1/products/gouda"))["variants"][0]
    assert variant["members_pay"]["minor"] == 450
    make_offer("Gouda week", "20")
    item = find_gouda(api)
    assert (item["offered"]["price"]["minor"], item["offered"]["labels"]) == (400, ["Gouda week"])
    assert (item["offered"]["audience"], item["members_pay"]["minor"]) == ("public", 360)
