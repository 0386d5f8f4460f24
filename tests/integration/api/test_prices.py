"""Personal prices through the API: earned by looking, explained, labeled, kept, switched off."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from pricing.quoting.selectors.serving import forget_serving
from profiles.values import ShopperValue
from shop.doors.api.authentication import sign_guest_token
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API, event, expect
from tests.factories.pricing import Dairy, committed, make_treated, open_dairy
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

NEW_YORK = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."


@pytest.fixture
def shopper(dairy: Dairy) -> ShopperValue:
    """Alice, in a dairy that has opened its doors."""
    open_dairy(utc_now())
    return make_treated(utc_now())


@pytest.fixture
def alice(shopper: ShopperValue) -> ApiClient:
    """Alice's device."""
    return ApiClient(X_Shopper_Token=sign_guest_token(shopper.pseudonym))


def look(client: ApiClient, *variants: int) -> None:
    batch = {"events": [event(variant_id=variant) for variant in variants]}
    assert expect(client.post(f"{API}/events/batch", batch), 202)["accepted"] == len(variants)


def quote(client: ApiClient, variant_id: int, **headers: str) -> dict[str, Any]:
    answer = client.post(f"{API}/quotes", {"variant_ids": [variant_id]}, **headers)
    price: dict[str, Any] = expect(answer)["prices"][0]
    return price


def minor(price: dict[str, Any], stage: str = "quoted_price") -> int:
    amount: int = price[stage]["minor"]
    return amount


def test_looking_at_cheese_lowers_its_price_in_the_next_quote(
    alice: ApiClient, api: ApiClient, dairy: Dairy
) -> None:
    before = quote(alice, dairy.cheddar)
    assert not before["is_personal"]
    look(alice, *dairy.cheeses[:3])
    after = quote(alice, dairy.cheddar)
    assert after["is_personal"]
    assert minor(after) < minor(after, "public_price") == minor(before, "public_price")
    assert sum(reason["amount"]["minor"] for reason in after["reasons"]) == minor(after)
    assert after["label"]
    assert after["why_url"] == f"{API}/quotes/{after['quote_id']}/why"
    stranger = quote(api, dairy.cheddar)
    assert (minor(stranger), stranger["is_personal"]) == (minor(before), False)


def test_every_door_of_the_api_shows_the_same_price(alice: ApiClient, dairy: Dairy) -> None:
    look(alice, *dairy.cheeses[:3])
    price = minor(quote(alice, dairy.cheddar))
    category = expect(alice.get(f"{API}/categories/dairy/cheese/hard"))
    listed = {item["variant_id"]: minor(item["price"]) for item in category["items"]}
    assert listed[dairy.cheddar] == price
    product = expect(alice.get(f"{API}/products/cheddar"))
    assert minor(product["variants"][0]["price"]) == price
    cart = expect(alice.post(f"{API}/cart/lines", {"variant_id": dairy.cheddar}))
    assert minor(cart["lines"][0]["price"]) == price
    assert cart["has_personal_price"]
    assert cart["label"]


def test_a_listing_is_sorted_and_bounded_by_my_own_prices(alice: ApiClient, dairy: Dairy) -> None:
    look(alice, *dairy.cheeses[:3])
    everything = expect(alice.get(f"{API}/categories/dairy?sort=price"))["items"]
    prices = [minor(item["price"]) for item in everything]
    assert prices == sorted(prices)
    bound = prices[1]
    cheap = expect(alice.get(f"{API}/categories/dairy?sort=price_high&price_max={bound}"))
    assert [minor(item["price"]) for item in cheap["items"]] == [bound, prices[0]]


def test_a_personal_price_is_labeled_as_the_place_demands(alice: ApiClient, dairy: Dairy) -> None:
    look(alice, *dairy.cheeses[:3])
    # Whether a price test moved it, the week's draw decides.
    labels = {"us-ny": NEW_YORK, "us-ny-test": f"{NEW_YORK} It is part of a price test."}
    here = quote(alice, dairy.cheddar, X_Region="US-NY")
    assert here["label"] == labels[here["label_code"]]
    chinese = quote(alice, dairy.cheddar, X_Region="CN", Accept_Language="zh-CN")
    assert "个性化价格" in chinese["label"]
    for nowhere in ("BR", "XX"):
        assert not quote(alice, dairy.cheddar, X_Region=nowhere)["is_personal"]


def test_a_no_gives_exactly_the_strangers_price(
    alice: ApiClient, api: ApiClient, dairy: Dairy
) -> None:
    look(alice, *dairy.cheeses[:3])
    stranger = quote(api, dairy.cheddar)
    shown = {"list_price", "public_price", "quoted_price", "is_personal", "label", "reasons"}
    assert {key: quote(alice, dairy.cheddar, Sec_GPC="1")[key] for key in shown} == {
        key: stranger[key] for key in shown
    }
    with committed():
        expect(alice.put(f"{API}/consent/price", {"granted": False}))
    assert {key: quote(alice, dairy.cheddar)[key] for key in shown} == {
        key: stranger[key] for key in shown
    }
    with committed():
        expect(alice.put(f"{API}/consent/price", {"granted": True}))
    forget_serving()  # a "yes" may come half a second late to a process
    assert quote(alice, dairy.cheddar)["is_personal"]


def test_why_sums_exactly_and_names_data_but_no_weights(alice: ApiClient, dairy: Dairy) -> None:
    look(alice, *dairy.cheeses[:3])
    price = quote(alice, dairy.cheddar)
    why = expect(alice.get(price["why_url"]))
    assert (why["quote_id"], minor(why)) == (price["quote_id"], minor(price))
    assert sum(reason["amount"]["minor"] for reason in why["reasons"]) == minor(why)
    rows = {one["code"]: one["amount"]["minor"] for one in why["reasons"]}
    steps = [minor(why), *(minor(one) for one in why["counterfactuals"])]
    assert steps[-1] == minor(why, "public_price")
    removed = [one["code"].removeprefix("without_") for one in why["counterfactuals"]]
    assert [a - b for a, b in pairwise(steps)] == [rows[name] for name in removed]
    assert set(rows) == {"public", *removed}
    assert why["label_code"] == price["label_code"]
    assert why["label_code"] == ("us-ny-test" if "test" in rows else "us-ny")
    assert why["jurisdiction"] == "US"  # nobody said in which state
    # She viewed; she bought nothing and opened no offer.
    assert why["data_used"] == ["activity", "category", "family", "variant"]
    assert all(isinstance(name, str) for name in why["data_used"])
    bob = ApiClient(X_Shopper_Token=sign_guest_token(make_treated(utc_now()).pseudonym))
    assert bob.get(price["why_url"]).status_code == 404


def test_a_quote_token_keeps_the_price_that_was_shown(alice: ApiClient, dairy: Dairy) -> None:
    look(alice, *dairy.cheeses[:3])
    shown = quote(alice, dairy.cheddar)
    with committed():
        expect(alice.put(f"{API}/consent/price", {"granted": False}))
    line = {"variant_id": dairy.cheddar, "quote_token": shown["quote_token"]}
    cart = expect(alice.post(f"{API}/cart/lines", line))
    assert minor(cart["lines"][0]["price"]) == minor(shown)


def test_at_most_a_hundred_variants_are_quoted(alice: ApiClient, dairy: Dairy) -> None:
    ids = [*dairy.all, *range(10**9, 10**9 + 93)]
    answer = expect(alice.post(f"{API}/quotes", {"variant_ids": ids}))
    assert [price["variant_id"] for price in answer["prices"]] == list(dairy.all)
    assert len(answer["unknown_variant_ids"]) == 93
    refused = alice.post(f"{API}/quotes", {"variant_ids": [*ids, 1]})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (400, "max_length")
