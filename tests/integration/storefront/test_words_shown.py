"""Notices and labels that promise something, read on the page itself in both languages."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from orders.cart.services.carts import add_to_cart
from orders.models import Order
from orders.order.services.mail import send_order_email
from pricing.ledger.models.ledger import PublicPrice
from pricing.publishing.services.books import turn_public_arms
from pricing.quoting.selectors.serving import forget_serving
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, UseLimit
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.experiments import start_switchback
from tests.factories.orders import NOON, RULE, FakePrices, Shelf, context_of, make_shopper, place
from tests.factories.pricing_shocks import make_teas, open_tea_shop
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
PREFIXES = ("", "/zh-hans")


def read(client: Client, path: str) -> str:
    """Return the words of a page's main part."""
    page = client.get(path)
    assert page.status_code == 200
    return page.content.decode().partition("<main")[2].partition("</main>")[0]


def make_live(name: str, **fields: object) -> Campaign:
    campaign = make_campaign(name, **fields)
    Campaign.objects.update(ends_at=utc_now() + timedelta(days=9))
    forget_offer_book()
    return campaign


def test_the_cart_says_how_many_pieces_an_offer_still_lowers(
    shelf: Shelf, prices: FakePrices
) -> None:
    campaign = make_live("Cheese week", percent="10")
    UseLimit.objects.create(campaign=campaign, entity="global", counted="units", max_uses=2)
    forget_offer_book()
    client = browse_as(None)
    for _ in range(3):
        client.post("/cart/add/", {"line": f"{shelf.cheddar}:"})
    said = ("Cheese week: Only 2 left at this price.", "该价格仅剩 2 件。")
    for prefix, words in zip(PREFIXES, said, strict=True):
        assert words in read(client, f"{prefix}/cart/")


def test_the_cart_says_which_price_stays_lower_until_when(shelf: Shelf, prices: FakePrices) -> None:
    shopper = make_shopper()
    prices.personal[shopper.pseudonym, shelf.cheddar] = 380
    client = browse_as(shopper)  # type: ignore[arg-type]  # only its pseudonym is read
    client.post("/cart/add/", {"line": f"{shelf.cheddar}:"})
    assert "keeps its promised" not in read(client, "/cart/")
    client.post("/privacy/choices/", {"personal": "off"})
    prices.personal.clear()
    said = (
        ("Personal prices are off. Until ", "Cheddar keeps its promised $3.80, not $4.00."),
        ("个性化价格已关闭。在 ", "Cheddar仍按已承诺的较低价格 US$3.80 计费，而非 US$4.00。"),
    )
    for prefix, parts in zip(PREFIXES, said, strict=True):
        page = read(client, f"{prefix}/cart/")
        assert all(part in page for part in parts)


def test_the_offers_page_lists_offers_or_says_none(shelf: Shelf) -> None:
    none = ("There are no offers at the moment.", "目前没有优惠。")
    some = (("Flash sales", "More offers"), ("限时抢购", "更多优惠"))
    for prefix, words in zip(PREFIXES, none, strict=True):
        assert words in read(browse_as(None), f"{prefix}/offers/")
    make_live("Cheese week", percent="10")
    flash = make_live("One hour", percent="20")
    UseLimit.objects.create(campaign=flash, entity="global", counted="units", max_uses=9)
    end = utc_now() + timedelta(days=9)
    Campaign.objects.filter(pk=flash.pk).update(
        claims={"countdown": True}, promised_ends_at=end, ends_at=end
    )
    forget_offer_book()
    for prefix, heads in zip(PREFIXES, some, strict=True):
        page = read(browse_as(None), f"{prefix}/offers/")
        assert all(head in page for head in heads)
        assert page.index("One hour") < page.index(heads[1]) < page.index("Cheese week")


def test_order_and_email_keep_the_label_of_a_tested_price(shelf: Shelf, prices: FakePrices) -> None:
    visit = context_of(make_shopper())
    prices.label_code = "us_ny-test"
    prices.personal[str(visit.shopper_pseudonym), shelf.cheddar] = 380
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    order = place(visit)
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    html = letter.alternatives[0][0]
    labels = [RULE.label(language, is_test=True) for language in ("en", "zh-hans")]
    assert labels[0] != RULE.label("en")
    for text in (letter.body, html):
        assert labels[0] in text
    Order.objects.update(link_until=utc_now() + timedelta(days=1))
    for prefix, label in zip(PREFIXES, labels, strict=True):
        assert label in read(browse_as(None), f"{prefix}/orders/{order.token}/")


@pytest.mark.usefixtures("forgetful")
def test_a_price_lowered_by_an_experiment_is_labelled() -> None:
    teas = make_teas(12)
    open_tea_shop(teas)
    begun = utc_now() - timedelta(minutes=1)
    start_switchback(teas[:8], now=begun)
    turn_public_arms(now=begun)
    forget_serving()
    low = set(PublicPrice.objects.filter(public_minor=436).values_list("variant_id", flat=True))
    assert 0 < len(low) < 8
    labels = ("Price test: the same price for everybody", "价格测试：所有人价格相同")
    paths = dict(Variant.objects.values_list("pk", "product__slug"))
    for prefix, label in zip(PREFIXES, labels, strict=True):
        for tea in teas[:8]:
            own = read(browse_as(None), f"{prefix}/p/{paths[tea]}/").partition("<ul")[0]
            assert (label in own) == (tea in low)
        assert label in read(browse_as(None), f"{prefix}/search/?q=tea")
