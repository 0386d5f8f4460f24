"""Staff set a price by hand in the words of a price tag, and lose nothing they typed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.api import publish_price_book
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.models.proposals import PriceOverride
from pricing.publishing.services.overrides import plan_override
from shop.ground.kernel.clock import utc_now

ADD = "admin:pricing_priceoverride_add"


def _form(row: PublicPrice, /, **changes: Any) -> dict[str, Any]:
    until = utc_now() + timedelta(days=3)
    return {
        "variant": row.variant_id,
        "market": row.market_id,
        "channel": row.channel,
        "kind": "price",
        "price": f"{row.public_minor / 100:.2f}",
        "starts_at_0": "",
        "starts_at_1": "",
        "expires_at_0": f"{until:%Y-%m-%d}",
        "expires_at_1": f"{until:%H:%M}",
        "reason": "the week of cheese",
        **changes,
    }


@pytest.fixture
def price(stocked_shop: None) -> PublicPrice:
    return PublicPrice.objects.order_by("pk")[0]


def test_the_form_knows_place_bounds_and_a_usual_end(root: Client, price: PublicPrice) -> None:
    page = root.get(reverse(ADD), {"variant": price.variant_id})
    form = page.context["adminform"].form
    assert (form["market"].value(), form["channel"].value()) == (price.market_id, price.channel)
    assert timedelta(days=6) < form["expires_at"].value() - utc_now() < timedelta(days=8)
    text = page.content.decode()
    assert f"Now ${price.public_minor / 100:.2f}. Floor $" in text
    assert "amount_minor" not in text
    assert 'aria-label="Expires at, date"' in text


def test_a_price_is_typed_as_money_and_begins_at_once(root: Client, price: PublicPrice) -> None:
    assert root.post(reverse(ADD), _form(price)).status_code == 302
    row = PriceOverride.objects.latest("id")
    assert (row.variant_id, row.amount_minor) == (price.variant_id, price.public_minor)
    assert abs(row.starts_at - utc_now()) < timedelta(minutes=1)
    shown = root.get(reverse("admin:pricing_priceoverride_change", args=[row.pk]))
    assert f"${price.public_minor / 100:.2f}" in shown.content.decode()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": "9999"}, "must lie between the floor $"),
        ({"price": "-1"}, "At least $0.01."),
        ({"price": "0.01"}, "must lie between the floor $"),
        ({"price": "NaN"}, "Write an amount of USD, such as 600.00."),
        ({"expires_at_0": "2020-01-01"}, "It must end after it begins"),
        ({"expires_at_0": "2099-01-01"}, "a year at most"),
        ({"reason": "   "}, "This field is required"),
    ],
)
def test_a_refused_price_keeps_what_was_typed(
    root: Client, price: PublicPrice, changes: dict[str, str], words: str
) -> None:
    before = PriceOverride.objects.count()
    answer = root.post(reverse(ADD), _form(price, **changes))
    assert answer.status_code == 200
    assert words in answer.content.decode()
    assert answer.context["adminform"].form["kind"].value() == "price"
    assert PriceOverride.objects.count() == before


def test_a_refusal_is_said_in_the_readers_language(root: Client, price: PublicPrice) -> None:
    add = "/zh-hans" + reverse(ADD)
    for changes, words in (
        ({"price": "9999"}, "价格须介于"),
        ({"expires_at_0": "2020-01-01"}, "结束须晚于"),
    ):
        assert words in root.post(add, _form(price, **changes)).content.decode()


def test_a_price_that_the_daily_step_delays_says_its_way(root: Client, price: PublicPrice) -> None:
    now_minor, asked = price.public_minor, round(price.public_minor * 0.86)
    page = root.post(reverse(ADD), _form(price, price=f"{asked / 100:.2f}"), follow=True)
    row = PriceOverride.objects.latest("id")
    prices = plan_override(
        variant_id=row.variant_id, amount_minor=asked, place=("us", "online"), now=utc_now()
    )
    lowest = -(-now_minor * 9 // 10)
    assert prices == (lowest, asked)
    said = (
        f"Asked for: ${asked / 100:.2f}. The guardrails let the price get there by steps:"
        f" ${lowest / 100:.2f} today, ${asked / 100:.2f} tomorrow."
    )
    assert said in page.content.decode()
    shown = root.get(reverse("admin:pricing_priceoverride_change", args=[row.pk]))
    assert said in shown.content.decode()
    # The publisher goes the very way.
    for days, expected in enumerate(prices):
        publish_price_book(now=utc_now() + timedelta(days=days, minutes=5), everything=True)
        price.refresh_from_db()
        assert price.public_minor == expected
