"""How a known household calls the two doors."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import cycle
from urllib.parse import urlencode

from django.middleware.csrf import CSRF_SECRET_LENGTH

from orders.cart.services.carts import remove_line, view_cart
from pricing.base.core.values import QuoteContext
from shop.doors.api.authentication import GUEST_HEADER, sign_guest_token
from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from tests.benchmarks.shopping import Errand, quote_context

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
CSRF_SECRET = "b" * CSRF_SECRET_LENGTH


def html_headers(pseudonym: str) -> dict[str, str]:
    """Return the headers of a browser that carries the household's cookie."""
    cookies = f"{SHOPPER_COOKIE}={sign_shopper(pseudonym, None)}; csrftoken={CSRF_SECRET}"
    return {"Cookie": cookies, "User-Agent": BROWSER, "Accept-Language": "en"}


def api_headers(pseudonym: str) -> dict[str, str]:
    """Return the headers of a mobile client that carries the household's token."""
    return {GUEST_HEADER: sign_guest_token(pseudonym), "User-Agent": "FairtagApp/1 (bench)"}


@dataclass(frozen=True, slots=True)
class Addition:
    """A request that puts one piece of a variant into the cart."""

    path: str
    headers: dict[str, str]
    body: str


def add_by_page(pseudonym: str, variant_id: int) -> Addition:
    """Return what a browser sends."""
    headers = html_headers(pseudonym) | {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-CSRFToken": CSRF_SECRET,
        "HX-Request": "true",
        "HX-Target": "drawer",
    }
    return Addition("/cart/add/", headers, urlencode({"line": f"{variant_id}:", "quantity": 1}))


def add_by_api(pseudonym: str, variant_id: int) -> Addition:
    """Return what a mobile client sends."""
    headers = api_headers(pseudonym) | {"Content-Type": "application/json"}
    body = json.dumps({"variant_id": variant_id, "quantity": 1})
    return Addition("/api/v1/cart/lines", headers, body)


def cart_adder(
    http: HTTPConnection, errand: Errand, make: Callable[[str, int], Addition]
) -> Callable[[HTTPConnection], None]:
    """Fill an empty cart with five lines; return what adds one more piece to one of the lines.

    Empty, because pieces of an earlier run would count towards the most a line may have.
    """
    empty_cart(quote_context(errand.pseudonym))
    lines = cycle(errand.variant_ids[:5])

    def add(connection: HTTPConnection) -> None:
        one = make(errand.pseudonym, next(lines))
        connection.request("POST", one.path, one.body, one.headers)
        response = connection.getresponse()
        response.read()
        if response.status not in (200, 201):
            raise SystemExit(f"bench: adding to the cart answered {response.status}")

    for _ in range(5):
        add(http)
    return add


def empty_cart(context: QuoteContext) -> None:
    """Take every line out of the shopper's cart, if there is one."""
    for line in view_cart(context=context).lines:
        remove_line(context=context, variant_id=line.card.variant_id)
