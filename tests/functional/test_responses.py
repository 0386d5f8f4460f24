"""What every response promises, over all addresses: private, strict, and readable by crawlers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from http.client import HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

import pytest
from django.urls import URLPattern, URLResolver, reverse

from shop.doors.storefront.urls import urlpatterns
from tests.functional.shop import Shop

PUBLIC = {"manifest", "robots", "sitemap", "sitemap_part"}
ARGUMENTS: dict[str, tuple[object, ...]] = {
    "category": ("dairy-eggs",),
    "product": ("no-such-product",),
    "why_product": (1,),
    "reviews": ("no-such-product",),
    "questions": ("no-such-product",),
    "tell_me": ("no-such-product",),
    "restock": ("no-such-request",),
    "invitation": ("K7M2PQR9TX",),
    "letters_stop": ("no-such-letter",),
    "offer": (1,),
    "order": ("no-such-order",),
    "order_pay": ("no-such-order",),
    "order_confirm": ("no-such-order", "0198c5e0-0000-7000-8000-000000000001"),
    "order_paid": ("no-such-order", "0198c5e0-0000-7000-8000-000000000001"),
    "order_cancel": ("no-such-order",),
    "order_again": ("no-such-order",),
    "order_rating": ("no-such-order",),
    "order_returns": ("no-such-order",),
    "order_return": ("no-such-order", "no-such-return"),
    "order_return_withdraw": ("no-such-order", "no-such-return"),
    "why": ("0198c5e0-0000-7000-8000-000000000001",),
    "store_colours": ("no-such-key",),
    "store_picture": ("no-such-key", "logo.webp"),
    "sitemap_part": (0,),
    "account_confirm_email": ("key",),
    "account_reset_password_from_key": ("1", "key"),
}
LOCATION = re.compile("<loc>([^<]+)</loc>")


class StayHere(HTTPRedirectHandler):
    """A redirect is an answer, too."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def fetch(shop: Shop, path: str, **headers: str) -> tuple[int, Any, str]:
    """Return (status, headers, text) of a GET, redirects not followed."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    address = shop.url + path
    request = Request(address, headers={"User-Agent": "Firefox", **given})  # noqa: S310  # our own
    try:
        answer: HTTPResponse | HTTPError = build_opener(StayHere).open(request, timeout=20)
    except HTTPError as error:
        answer = error
    with answer:
        return int(answer.status or 0), answer.headers, answer.read().decode(errors="replace")


def list_routes(patterns: list[Any]) -> Iterator[URLPattern]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from list_routes(pattern.url_patterns)
        else:
            yield pattern


NAMED = sorted({str(route.name) for route in list_routes(urlpatterns)})


@pytest.mark.parametrize("name", NAMED)
def test_no_address_can_be_kept_by_a_shared_cache(shop: Shop, name: str) -> None:
    status, headers, _text = fetch(shop, reverse(name, args=ARGUMENTS.get(name, ())))
    assert status < 500
    if name in PUBLIC:
        assert "public" in headers["Cache-Control"]
        assert "Set-Cookie" not in headers
        assert "Cookie" not in (headers["Vary"] or "")
    else:
        assert "no-store" in headers["Cache-Control"]
        assert "private" in headers["Cache-Control"]


@pytest.mark.parametrize("path", ["/", "/search/?q=cheese", "/cart/", "/account/login/"])
def test_pages_forbid_foreign_scripts_and_frames(shop: Shop, path: str) -> None:
    _status, headers, text = fetch(shop, path)
    policy = headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    nonce = re.findall(r"script-src[^;]*'nonce-([^']+)'", policy)[0]
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert scripts
    assert all(f'nonce="{nonce}"' in script for script in scripts)
    assert not re.search(r"\son[a-z]+=|javascript:|\sstyle=", text)


def test_a_guest_page_sets_no_cookie_and_starts_no_session(shop: Shop) -> None:
    for path in ("/how-our-prices-work/", "/why/"):
        _status, headers, _text = fetch(shop, path)
        names = {cookie.partition("=")[0] for cookie in headers.get_all("Set-Cookie") or []}
        assert names <= {"csrftoken"}


def test_a_robot_that_says_so_becomes_no_shopper(shop: Shop) -> None:
    path = first_product(shop)
    _status, headers, _text = fetch(shop, path, User_Agent="Googlebot/2.1")
    assert "fairtag_shopper" not in str(headers)


def test_a_prefetch_is_no_view(shop: Shop) -> None:
    _status, headers, text = fetch(shop, first_product(shop), Sec_Purpose="prefetch")
    assert "fairtag_shopper" not in str(headers)
    assert '"kind": "view"' in unescape(text)


def test_structured_data_states_the_price_of_an_unknown_visitor(shop: Shop) -> None:
    _status, _headers, text = fetch(shop, first_product(shop), User_Agent="Googlebot/2.1")
    found = re.search(r'<script type="application/ld\+json"[^>]*>(.*?)</script>', text)
    assert found is not None
    described = json.loads(found[1])
    # The first price of the page; of loose products about what one piece costs.
    spoken = re.findall(r'class="price .*?class="unseen">([^<]*)<', text, re.DOTALL)[0]
    now = re.findall(r"about \$([\d.,]+) each|^\$([\d.,]+)", spoken)[0]
    assert described["offers"]["price"] == "".join(now).replace(",", "")
    assert described["offers"]["priceCurrency"] == "USD"
    assert described["sku"] in text


def test_canonical_and_twins_lead_to_pages_that_answer(shop: Shop) -> None:
    path = first_product(shop)
    _status, _headers, text = fetch(shop, path)
    canonical = re.findall(r'rel="canonical" href="([^"]+)"', text)
    assert canonical == [shop.url + path]
    twins = dict(re.findall(r'hreflang="([^"]+)" href="([^"]+)"', text))
    assert set(twins) == {"en", "zh-Hans", "x-default"}
    assert twins["x-default"] == twins["en"] == canonical[0]
    status, _headers, chinese = fetch(shop, urlsplit(twins["zh-Hans"]).path)
    assert status == 200
    assert '<html lang="zh-Hans"' in chinese


def test_the_sitemap_lists_every_product_in_both_languages_once(shop: Shop) -> None:
    _status, _headers, index = fetch(shop, "/sitemap.xml")
    files = LOCATION.findall(index)
    listed: list[str] = []
    for file in files:
        _status, _headers, text = fetch(shop, urlsplit(file).path)
        listed += [urlsplit(address).path for address in LOCATION.findall(text)]
    assert len(listed) == len(set(listed))
    slugs = {row[0] for row in shop.query("SELECT slug FROM shop_product WHERE is_active")}
    english = {path.split("/")[2] for path in listed if path.startswith("/p/")}
    chinese = {path.split("/")[3] for path in listed if path.startswith("/zh-hans/p/")}
    assert english == chinese == slugs


def test_crawlers_are_told_where_not_to_go(shop: Shop) -> None:
    _status, _headers, text = fetch(shop, "/robots.txt")
    for path in ("/cart/", "/checkout/", "/zh-hans/cart/", "/why/", "/orders/"):
        assert f"Disallow: {path}\n" in text
    assert f"Sitemap: {shop.url}/sitemap.xml" in text


def first_product(shop: Shop) -> str:
    found = shop.query(
        "SELECT slug FROM shop_product p JOIN shop_variant v ON v.product_id = p.id"
        " JOIN shop_stockrecord s ON s.variant_id = v.id"
        " WHERE p.is_active AND s.on_hand > 5 ORDER BY p.popularity DESC LIMIT 1"
    )
    return f"/p/{found[0][0]}/"
