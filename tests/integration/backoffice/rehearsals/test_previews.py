"""A basket tried with a draft is what the cart shows once it is live; each offer says why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from orders.cart.services.carts import add_to_cart, view_cart
from orders.cart.services.rehearsals import rehearse_cart
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from profiles.shoppers.selectors.shoppers import get_shopper_by_id
from promotions.campaigns.selectors.book import rehearse
from promotions.law.selectors.violations import list_reached_places
from promotions.models import Coupon
from shop.doors.backoffice.rehearsals.previews import PreviewForm, try_basket
from tests.factories.drafts import go_live, make_draft
from tests.factories.orders import NOON, FakePrices, Shelf
from tests.integration.backoffice.rehearsals.test_rehearsals import bob, world

__all__ = ["bob", "world"]  # fixtures
pytestmark = pytest.mark.django_db


DRAFTS: dict[str, Callable[[Shelf], dict[str, Any]]] = {
    "cut": lambda shelf: {"scope": {"categories": [shelf.cheese]}},
    "first order": lambda shelf: {"condition": {"first_order": True}},
    "members": lambda shelf: {"audience": "members"},
    "gift": lambda shelf: {
        "benefit_kind": "gift",
        "target": "cart",
        "terms": {"variants": [shelf.merlot]},
        "condition": {"cart_value": 1000},
    },
    "buy get": lambda shelf: {
        "benefit_kind": "buy_get",
        "target": "cart",
        "percent": 100,
        "terms": {"buy": 2, "get": 1},
    },
    "delivery": lambda shelf: {"benefit_kind": "delivery", "target": "cart", "terms": {"price": 0}},
    "near": lambda shelf: {"condition": {"cart_value": 9_000}},
}


@pytest.mark.parametrize("kind", DRAFTS)
def test_a_preview_shows_the_cart_of_the_live_draft(
    bob: QuoteContext, shelf: Shelf, world: FakePrices, kind: str
) -> None:
    world.personal[bob.shopper_pseudonym or "", shelf.gouda] = 470
    go_live(make_draft("running", percent=10, scope={"categories": [shelf.bread]}))
    draft = make_draft(**DRAFTS[kind](shelf))
    basket = {shelf.cheddar: 3, shelf.gouda: 1, shelf.rye: 2}
    shopper = shopper_of(bob)
    tried = rehearse_cart(
        basket=basket, codes=(), shopper=shopper, context=bob, book=rehearse([draft.pk])
    )
    for variant_id, pieces in basket.items():
        add_to_cart(context=bob, variant_id=variant_id, quantity=pieces)
    before = view_cart(context=bob)
    go_live(draft)
    cart = view_cart(context=bob)
    shown = {line.card.variant_id: line.discount_minor for line in cart.lines if not line.is_gift}
    lines = tried.cart.lines
    found = {
        line.variant_id: line.value_minor - tried.evaluation.totals[line.line_id] for line in lines
    }
    assert found == shown
    assert [(one.label, one.amount_minor) for one in tried.evaluation.applied] == [
        (one.label, one.amount_minor) for one in cart.offers
    ]
    assert [hint.message for hint in tried.evaluation.hints] == [
        hint.message for hint in cart.hints
    ]
    is_changed = kind not in ("members", "near")
    assert (before.discount_minor != cart.discount_minor or kind == "delivery") is is_changed


def test_a_guest_in_a_preview_is_a_new_shopper(
    bob: QuoteContext, shelf: Shelf, world: FakePrices
) -> None:
    draft = make_draft(condition={"all": [{"first_order": True}, {"cart_value": 1_000}]})
    form = PreviewForm({"basket": "CHEDDAR x 3"})
    assert form.is_valid(), form.errors
    tried = try_basket(form, campaign_id=draft.pk, market_code="us", language="en", now=NOON)
    add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=3)
    go_live(draft)
    cart = view_cart(context=bob)
    assert cart.discount_minor > 0
    assert tried.rehearsed.evaluation.discount_minor == cart.discount_minor
    assert [one.is_applied for one in tried.verdicts if one.is_draft] == [True]


def shopper_of(context: QuoteContext) -> Any:
    number = Shopper.objects.get(pseudonym=context.shopper_pseudonym or "").pk
    return get_shopper_by_id(shopper_id=number)


def test_a_preview_says_of_every_offer_why(
    bob: QuoteContext, shelf: Shelf, world: FakePrices
) -> None:
    go_live(make_draft("bread", percent=10, scope={"categories": [shelf.bread]}))
    draft = make_draft("coded", requires_coupon=True)
    Coupon.objects.create(offer=draft.offers.get(), code="MINE")
    asked = {"basket": "CHEDDAR x 2, GOUDA", "at": "2026-11-25 07:00"}

    def texts(**more: Any) -> list[tuple[str, bool, str]]:
        form = PreviewForm({**asked, **more})
        assert form.is_valid(), form.errors
        found = try_basket(form, campaign_id=draft.pk, market_code="us", language="en", now=NOON)
        return [(one.name, one.is_applied, one.text) for one in found.verdicts]

    nothing = "None of the products in the cart are part of this offer."
    assert texts() == [
        ("coded", False, "This offer needs a code."),
        ("bread", False, nothing),
    ]
    assert ("coded", True, "$3.25") in texts(codes="mine")
    for with_code in ({"with_code": "on"}, {"codes": "mine"}):
        assert ("coded", True, "$3.25") in texts(**{"with_code": "on", **with_code})
    early = texts(with_code="on", at="2026-10-01 07:00")
    assert ("coded", False, "This offer starts on 2026-11-24.") in early


def test_a_preview_names_gifts_deliveries_and_refused_codes(
    bob: QuoteContext, shelf: Shelf, world: FakePrices
) -> None:
    gift = {"benefit_kind": "gift", "target": "cart", "terms": {"variants": [shelf.merlot]}}
    go_live(make_draft("present", **gift))
    draft = make_draft("sent", benefit_kind="delivery", target="cart", terms={"price": 0})
    form = PreviewForm({"basket": "CHEDDAR x 2", "codes": "NOSUCHCODE"})
    assert form.is_valid(), form.errors
    tried = try_basket(form, campaign_id=draft.pk, market_code="us", language="en", now=NOON)
    assert tried.total == tried.subtotal
    assert [one for one in tried.extras if "as a gift" in one] == [
        "1 × Merlot (MERLOT) as a gift, worth $9.00"
    ]
    assert "$4.99 off delivery by Standard delivery" in tried.extras
    assert tried.refused == (("NOSUCHCODE", "We do not know this code. Check the spelling."),)


def test_a_preview_is_asked_for_any_place_the_market_reaches(
    bob: QuoteContext, shelf: Shelf, world: FakePrices, root: Client
) -> None:
    draft = make_draft(percent=10, condition={"regions": ["US-NY"]})
    places = list_reached_places("us")
    assert places[0] == ("us", "US")
    assert ("us", "US-NY") in places
    applied = {}
    for chosen in ("", "us:US", "us:US-NY"):
        form = PreviewForm({"basket": "CHEDDAR x 2", "place": chosen}, places=places)
        assert form.is_valid(), form.errors
        tried = try_basket(form, campaign_id=draft.pk, market_code="us", language="en", now=NOON)
        applied[chosen] = tried.verdicts[0].is_applied
    assert applied == {"": False, "us:US": False, "us:US-NY": True}
    assert not PreviewForm({"basket": "CHEDDAR", "place": "de:DE"}, places=places).is_valid()
    page = root.get(reverse("admin:campaign_workspace", args=[draft.pk])).content.decode()
    assert '<option value="us:US-NY">US-NY</option>' in page


def test_a_preview_says_points_where_an_offer_gives_no_money(
    bob: QuoteContext, shelf: Shelf, world: FakePrices
) -> None:
    draft = make_draft(benefit_kind="points", target="cart", terms={"points": 5, "per": 100})
    form = PreviewForm({"basket": "CHEDDAR x 2"})
    assert form.is_valid(), form.errors
    tried = try_basket(form, campaign_id=draft.pk, market_code="us", language="en", now=NOON)
    assert [(one.is_applied, one.text) for one in tried.verdicts] == [(True, "40 points")]


def test_a_preview_refuses_goods_nobody_sells(shelf: Shelf, world: FakePrices) -> None:
    form = PreviewForm({"basket": "CHEDDAR x lots, moon", "shopper": "999999"})
    assert not form.is_valid()
    assert form.errors == {
        "basket": ["Write pieces as a number: SKU x 2."],
        "shopper": ["There is no shopper of this number."],
    }
