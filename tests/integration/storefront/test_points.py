"""My points in the browser: join, see, use, invite; in English and Chinese."""

from __future__ import annotations

import re
from datetime import datetime

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from promotions.loyalty.services.points import Act, digest_points_code, make_available
from promotions.models import Bucket, PointsAccount, PointsCode, PointsEntry, Referral
from shop.ground.kernel.clock import utc_now
from tests.factories.loyalty import make_member, make_terms, order_points
from tests.factories.orders import NOON, FakePrices, Shelf
from tests.factories.tills import hold, make_till, show_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(shelf: Shelf, prices: FakePrices) -> Client:
    """Alice, signed in, with three cheddars in the cart; she has not joined yet."""
    make_terms()
    account = get_user_model().objects.create_user("alice@example.com", "a long password")
    client = Client()
    client.force_login(account)
    assert client.post("/cart/add/", {"line": f"{shelf.cheddar}:"}).status_code == 302
    return client


def give(points: int) -> None:
    make_available(
        account_id=PointsAccount.objects.latest("pk").pk,
        act=Act(PointsEntry.Kind.ADJUST, "gift", NOON, note="Opening balance"),
        source=Bucket.ADJUSTED,
        points=points,
        expires_at=None,
    )


def test_a_shopper_joins_sees_and_uses_points(browser: Client) -> None:
    assert "Earns 4 points" in browser.get("/cart/").content.decode()
    assert "Collect points" in browser.get("/account/points/").content.decode()
    browser.post("/account/points/join/", {"invitation": ""})
    give(150)
    page = browser.get("/account/points/").content.decode()
    assert "Opening balance" in page
    assert "$100.00 more to Gold" in page
    assert "up to 150, worth $1.50" in browser.get("/cart/").content.decode()
    browser.post("/cart/points/", {"points": "120"})
    cart = browser.get("/cart/").content.decode()
    assert "120 points" in cart
    assert "−$1.20" in cart
    browser.post("/cart/points/", {"points": "120", "none": "1"})
    assert "−$1.20" not in browser.get("/cart/").content.decode()
    refused = browser.post("/cart/points/", {"points": "many"})
    assert (refused.status_code, "whole number" in refused.content.decode()) == (422, True)


def test_the_pages_are_chinese_for_chinese_readers(browser: Client) -> None:
    browser.post("/account/points/join/", {})
    page = browser.get("/zh-hans/account/points/").content.decode()
    assert "会员等级" in page
    assert "再消费" in page
    assert "金卡" in page
    assert "邀请好友" in browser.get("/zh-hans/account/invite/").content.decode()


def test_an_invitation_is_kept_until_the_friend_joins(browser: Client) -> None:
    code = make_member("bob@example.com").invite_code
    assert "A friend invites you" in browser.get(f"/invite/{code}/").content.decode()
    assert f'value="{code}"' in browser.get("/account/points/").content.decode()
    browser.post("/account/points/join/", {"invitation": code})
    assert Referral.objects.get().state == "joined"
    assert browser.get("/invite/NOBODY/").status_code == 404
    again = browser.post("/account/points/join/", {"invitation": "NOBODY"}, follow=True)
    assert again.status_code == 200


def test_guests_are_asked_to_sign_in(browser: Client) -> None:
    browser.logout()
    for path in ("/account/points/", "/account/invite/"):
        assert browser.get(path).status_code == 302


def test_points_are_used_at_checkout_and_nothing_typed_is_lost(browser: Client) -> None:
    browser.post("/account/points/join/", {})
    give(150)
    assert "up to 150, worth $1.50" in browser.get("/checkout/").content.decode()
    typed = {"use_points": "some", "points": "120", "email": "bob@example.org"}
    page = browser.post("/checkout/", typed).content.decode()
    assert ("−$1.20" in page, 'value="bob@example.org"' in page) == (True, True)
    assert 'name="shown_total" value="779"' in page  # 4.00 - 1.20 + 4.99 of delivery
    swap = {"headers": {"HX-Request": "true"}}
    part = browser.post("/checkout/", {"use_points": "none"}, **swap).content.decode()
    assert ("−$1.20" in part, "<form" in part) == (False, False)
    assert 'name="shown_total" value="899"' in part
    many = browser.post("/checkout/", {"use_points": "some", "points": "500"}, **swap)
    assert "You have fewer points than that." in many.content.decode()
    wrong = browser.post("/zh-hans/checkout/", {"use_points": "some", "points": "all"}, **swap)
    assert "请输入整数积分" in wrong.content.decode()


def test_a_product_page_tells_what_the_shoppers_own_tier_earns(browser: Client) -> None:
    gold = make_member("gold@example.com")
    order_points(gold, "FT-1", 90_000, now=NOON)
    client = Client()
    client.force_login(gold.shopper.account)
    assert "Earns 5 points" in browser.get("/p/gouda/").content.decode()  # not a member
    assert "Earns 5 points" in Client().get("/p/gouda/").content.decode()
    assert "Earns 7 points" in client.get("/p/gouda/").content.decode()  # 5.00 x 1.5


def test_the_points_page_shows_a_member_number_and_makes_codes(browser: Client) -> None:
    refused = browser.post("/account/points/code/", follow=True)
    assert "Sign in and join to use points." in refused.content.decode()
    browser.post("/account/points/join/", {})
    member = PointsAccount.objects.latest("pk")
    number = member.member_number or ""
    page = browser.get("/account/points/").content.decode()
    assert f"{number[:4]} {number[4:8]} {number[8:]}" in page
    assert page.count("data:image/svg+xml;base64,") == 1
    assert "data-clock" not in page
    shown = browser.post("/account/points/code/")
    [code] = re.findall(r'till--code">([^<]+)<', shown.content.decode())
    assert "no-store" in shown["Cache-Control"]
    assert shown.content.decode().count("data:image/svg+xml;base64,") == 2
    kept = PointsCode.objects.get(account=member)
    assert kept.digest == digest_points_code(code)
    [ends] = re.findall(r'data-clock datetime="([^"]+)"', shown.content.decode())
    assert datetime.fromisoformat(ends) == kept.expires_at
    assert code not in browser.get("/account/points/").content.decode()


def test_the_history_names_the_store(browser: Client) -> None:
    browser.post("/account/points/join/", {})
    give(150)
    member, now = PointsAccount.objects.latest("pk"), utc_now()
    hold(make_till(), "0042-1871", show_code(member, now), 100, now=now)
    page = browser.get("/zh-hans/account/points/").content.decode()
    assert "在门店使用" in page
    assert "Main Street 0042-1871" in page
    assert "收银台付款码" in page


def test_codes_are_for_who_is_signed_in(browser: Client) -> None:
    browser.logout()
    assert browser.post("/account/points/code/").status_code == 302
    assert not PointsCode.objects.exists()
