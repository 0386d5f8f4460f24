"""The small checks at the door: cookies, lines, scripts, ways back."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest
from django.http import QueryDict
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from orders.terms.core import Method
from shop.doors.storefront.forms import AddedLine, CheckoutForm, CheckoutTerms, read_line
from shop.doors.storefront.rendering import came_from, go_back
from shop.doors.storefront.views.events import is_own_page
from shop.doors.storefront.views.product import script_json
from shop.doors.storefront.visitors import in_language, read_shopper, sign_shopper

ALICE = "3f0c8f0e-5a53-4a52-9f43-0d5f7a6f3a11"
requests = RequestFactory()


@given(pseudonym=st.uuids(), account=st.none() | st.integers(1, 2**31))
def test_a_signed_cookie_reads_back(pseudonym: UUID, account: int | None) -> None:
    assert read_shopper(sign_shopper(str(pseudonym), account)) == (str(pseudonym), account)


@pytest.mark.parametrize(
    "value",
    ["", ALICE, f"{ALICE}.", f"{ALICE}.7:forged", sign_shopper(ALICE, None)[:-1], "x" * 10_000],
)
def test_a_cookie_without_our_signature_is_nobody(value: str) -> None:
    assert read_shopper(value) is None


def test_a_signature_does_not_carry_over_to_another_account() -> None:
    value = sign_shopper(ALICE, 7)
    assert read_shopper(value.replace(".7:", ".8:")) is None


@pytest.mark.parametrize(
    ("_case", "line", "quantity", "expected"),
    [
        ("with a quote", "42:abc.def", "2", AddedLine(42, 2, "abc.def")),
        ("without a quote", "42:", "1", AddedLine(42, 1, "")),
        ("without a colon", "42", "1", AddedLine(42, 1, "")),
        ("nothing", "", "1", None),
        ("words", "cheese:abc", "1", None),
        ("a negative product", "-1:abc", "1", None),
        ("none of it", "42:", "0", None),
        ("negative", "42:", "-1", None),
        ("too many", "42:", "100", None),
        ("far too many", "42:", "9" * 4000, None),
        ("a fraction", "42:", "1.5", None),
        ("an endless quote", "42:" + "x" * 901, "1", None),
    ],
)
def test_an_added_line_is_read_or_refused(
    _case: str, line: str, quantity: str, expected: AddedLine | None
) -> None:
    given_fields = QueryDict(mutable=True)
    given_fields.update({"line": line, "quantity": quantity})
    assert read_line(given_fields) == expected


@pytest.mark.parametrize(
    ("wanted", "target"),
    [
        ("/c/cheese/?page=2", "/c/cheese/?page=2"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("c/cheese/", "/"),
        ("", "/"),
    ],
)
def test_the_way_back_never_leaves_the_shop(wanted: str, target: str) -> None:
    request = requests.post("/region/", {"next": wanted}, headers={"host": "localhost"})
    assert go_back(request).url == target


def test_only_this_shops_referrer_is_believed() -> None:
    own = requests.get(
        "/why/", headers={"host": "localhost", "referer": "http://localhost/c/a/?p=2"}
    )
    other = requests.get(
        "/why/", headers={"host": "localhost", "referer": "http://evil.example/c/"}
    )
    assert came_from(own) == "/c/a/?p=2"
    assert came_from(other) == "/"


@given(text=st.text(max_size=200))
def test_data_in_a_script_element_cannot_end_it(text: str) -> None:
    assert not set("<>&") & set(script_json({"name": text}))


@pytest.mark.parametrize(
    ("headers", "is_own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "cross-site", "origin": "http://localhost"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "http://localhost"}, True),
        ({"origin": "http://evil.example"}, False),
        ({"origin": "null"}, False),
        ({}, False),
    ],
)
def test_beacons_count_only_from_our_own_pages(headers: dict[str, str], is_own: bool) -> None:
    request = requests.post("/events/", headers={"host": "localhost", **headers})
    assert is_own_page(request) is is_own


@pytest.mark.parametrize(
    ("path", "language", "expected"),
    [
        ("/c/cheese/", "en", "/c/cheese/"),
        ("/c/cheese/", "zh-hans", "/zh-hans/c/cheese/"),
        ("/zh-hans/c/cheese/", "en", "/c/cheese/"),
        ("/zh-hans/", "en", "/"),
        ("/zh-hans/", "zh-hans", "/zh-hans/"),
        ("/zh-hansel/", "zh-hans", "/zh-hans/zh-hansel/"),
    ],
)
def test_a_page_has_one_address_per_language(path: str, language: str, expected: str) -> None:
    assert in_language(path, language) == expected


HOME = Method("home", "Home", "送货", 499, None, 1, 3, needs_address=True)


def checkout_form(**changes: str) -> CheckoutForm:
    given_fields = {
        "email": "alice@example.com",
        "name": "Alice Green",
        "address_line1": "1 Main Street",
        "city": "Springfield",
        "region": "IL",
        "postcode": "62701",
        "delivery": "home",
        "method": "card",
        **changes,
    }
    return CheckoutForm(
        given_fields,
        terms=CheckoutTerms(
            country="US",
            deliveries={"home": HOME, "pickup": replace(HOME, code="pickup", needs_address=False)},
            methods=["card"],
            regions=[("IL", "Illinois")],
        ),
    )


def test_six_typed_fields_are_enough_to_buy() -> None:
    form = checkout_form()
    assert form.is_valid()
    assert form.contact().country == "US"
    assert len(form.fields) <= 14


def test_a_pick_up_needs_no_address() -> None:
    empty = {"address_line1": "", "city": "", "region": "", "postcode": ""}
    assert checkout_form(delivery="pickup", **empty).is_valid()
    assert set(checkout_form(delivery="home", **empty).errors) == set(empty)


def test_a_delivery_nobody_offers_is_refused_at_its_field() -> None:
    assert set(checkout_form(delivery="drone").errors) == {"delivery"}
