"""In the European Union a personal price says so in the law's words wherever it is shown, and each
variant of a product shows exactly the price and label that its quote has."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from pytest_django import Settings

from orders.models import DeliveryMethod
from pricing.api import publish_price_book, resolve_jurisdiction, verify_quote
from pricing.ledger.core.record import label_text
from pricing.publishing.services.products import Ask, set_list_prices
from profiles.models import Shopper
from shop.ground.catalog.models import Market, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.money import format_money
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy, look_at, make_treated, open_dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
LAW = {"en": "Personalised price, set automatically", "zh-hans": "个性化价格，由系统自动设定"}
LOCALES = {"en": "en_US", "zh-hans": "zh_Hans_CN"}
PRICE = re.compile(r'<div class="price[^"]*" data-variant="(\d+)" ?>(.*?)</div>', re.DOTALL)


class Europe:
    """A shop in Germany whose cheddar comes in three sizes, and Alice, who looked at cheese."""

    def __init__(self, dairy: Dairy) -> None:
        Market.objects.create(
            code="eu", name="Europe", currency="EUR", country="DE", jurisdiction_code="EU"
        )
        DeliveryMethod.objects.create(market_code="eu", code="post", name="Post", price_minor=390)
        first = Variant.objects.get(pk=dairy.cheddar)
        Variant.objects.filter(pk=first.pk).update(options={"size": "200 g"})
        more = [
            Variant.objects.create(
                product_id=first.product_id,
                external_ref=f"cheddar-{size}",
                sku=f"CHEDDAR-{size}",
                name=f"{size} g",
                options={"size": f"{size} g"},
                list_minor=minor,
                position=at,
            ).pk
            for at, (size, minor) in enumerate((("500", 900), ("1000", 1_600)), start=1)
        ]
        self.sizes = (dairy.cheddar, *more)
        now = utc_now()
        prices = (379, 849, 1_499)
        asks = {pk: Ask(minor) for pk, minor in zip(self.sizes, prices, strict=True)}
        for pk in (dairy.gouda, dairy.brie):
            asks[pk] = Ask(520)
        open_dairy(now)
        set_list_prices(asks=asks, market="eu", now=now)
        lines = [StockLine(pk, 20) for pk in asks]
        receive_stock(lines=lines, reference="t", now=now)
        forget_catalog()
        publish_price_book(now=now, market="eu")
        alice = make_treated(now)
        Shopper.objects.filter(pk=alice.id).update(market_code="eu")
        look_at(alice, [*self.sizes, dairy.gouda, dairy.brie], now)
        self.pseudonym = alice.pseudonym
        self.client = browse_as(Shopper.objects.get(pk=alice.id))

    def check(self, token: str, pk: int, language: str) -> tuple[int, int, str]:
        """What the quote of a token says: its price, the price for everybody, its label."""
        now = utc_now()
        quote = verify_quote(token=token, shopper_pseudonym=self.pseudonym, variant_id=pk, now=now)
        assert (quote.is_personal, quote.market, quote.currency) == (True, "eu", "EUR")
        assert quote.quoted_minor < quote.public_minor
        rule = resolve_jurisdiction(code="EU", now=now)
        label = label_text(rule, quote.label_code, language)
        assert label.startswith(LAW[language])
        return quote.quoted_minor, quote.public_minor, label


@pytest.fixture
def europe(dairy: Dairy, settings: Settings) -> Europe:
    settings.MARKET_CODE = "eu"
    return Europe(dairy)


def prices_in(html: str) -> dict[int, str]:
    """The text of each price on a page by variant: all that a shopper reads."""
    return {int(pk): unescape(re.sub(r"<[^>]+>", "|", inner)) for pk, inner in PRICE.findall(html)}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_each_variant_shows_the_price_and_label_of_its_quote(europe: Europe, language: str) -> None:
    prefix, seen = ("" if language == "en" else f"/{language}"), set()
    for pk in europe.sizes:
        html = europe.client.get(f"{prefix}/p/cheddar/?variant={pk}").content.decode()
        (token,) = re.findall(rf'name="line" value="{pk}:([^"]+)"', html)
        quoted, public, label = europe.check(token, pk, language)
        parts = [part.strip() for part in prices_in(html)[pk].split("|")]
        amounts = [format_money(one, "EUR", LOCALES[language]) for one in (quoted, public)]
        assert [part for part in parts if re.fullmatch(r"€[\d.]+", part)] == amounts
        assert [part for part in parts if part.endswith(label) and amounts[1] in part]  # spoken
        assert f">{label}<span" in html  # read
        seen.add(quoted)
    assert len(seen) == 3


def test_the_label_is_on_cards_cart_and_api(europe: Europe) -> None:
    html = europe.client.get("/c/dairy/cheese/").content.decode()
    assert html.count("inkl. MwSt.") == 1  # above the list
    assert "inkl. MwSt." in europe.client.get("/p/cheddar/").content.decode()
    cards, tokens = prices_in(html), dict(re.findall(r'name="line" value="(\d+):([^"]+)"', html))
    personal = [pk for pk in cards if "Your price" in cards[pk]]
    assert europe.sizes[0] in personal
    with_button = [pk for pk in personal if str(pk) in tokens]  # others lead to their sizes
    assert len(with_button) == 2
    assert all(LAW["en"] in cards[pk] for pk in personal)
    for pk in with_button:
        quoted, _public, label = europe.check(tokens[str(pk)], pk, "en")
        assert format_money(quoted, "EUR", "en_US") in cards[pk]
        assert label in cards[pk]
    told: Any = europe.client.get("/api/v1/products/cheddar").json()
    assert [one["variant_id"] for one in told["variants"]] == list(europe.sizes)
    for price in (one["price"] for one in told["variants"]):
        found = europe.check(price["quote_token"], price["variant_id"], "en")
        amounts = price["quoted_price"]["minor"], price["public_price"]["minor"]
        assert (*amounts, price["label"]) == found
        line = f"{price['variant_id']}:{price['quote_token']}"
        europe.client.post("/cart/add/", {"line": line, "quantity": "1"})
    cart: Any = europe.client.get("/api/v1/cart").json()
    page = europe.client.get("/cart/").content.decode()
    for line in cart["lines"]:
        assert line["price"]["label"].startswith(LAW["en"])
        assert line["price"]["quoted_price"]["display"] in page
        assert line["price"]["label"] in prices_in(page)[line["price"]["variant_id"]]
