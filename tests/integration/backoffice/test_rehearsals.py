"""A draft before it goes live: previews that hold, counts that are exact, stacks that are found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from orders.services import add_to_cart, rehearsing, view_cart
from orders.services.rehearsing import rehearse_cart
from pricing.core.reference import PriceSeries
from pricing.core.values import QuoteContext
from profiles.models import Segment, Shopper, ShopperProfile
from profiles.selectors import get_shopper_by_id
from promotions.models import Campaign, Coupon, Offer
from promotions.selectors import forget_offer_book
from promotions.selectors.builder_drafts import rehearse
from promotions.selectors.campaigns import find_campaign
from shop.backoffice import conflicts, prospects, rehearsals
from shop.backoffice.audiences import count_audience
from shop.backoffice.conflicts import list_conflicts
from shop.backoffice.previews import PreviewForm, try_basket
from shop.backoffice.prospects import describe_prospect, foresee
from shop.backoffice.rehearsals import rehearse_campaign
from tests.factories.drafts import go_live, make_draft
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def world(prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> FakePrices:
    """The shelf, with the test's prices and floors wherever a rehearsal asks."""

    def quote_listing(*, context: QuoteContext, variant_ids: Any) -> Any:
        asked = prices.quote_variants(context=context, variant_ids=variant_ids.tolist()).prices
        return np.array([asked[one].quoted_minor for one in variant_ids.tolist()])

    monkeypatch.setattr(rehearsing, "quote_listing", quote_listing)
    for module in (rehearsing, rehearsals, conflicts):
        monkeypatch.setattr(module, "floor_minor", prices.floor_minor)
    return prices


@pytest.fixture
def bob(world: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


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
def test_a_preview_of_a_draft_is_what_the_cart_shows_once_it_is_live(
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


def test_a_guest_of_a_preview_is_new_as_a_guest_with_a_cart_is(
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


def test_a_preview_names_gifts_and_ways_of_delivery_and_says_why_a_code_is_none(
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


def test_the_audience_is_counted_exactly(
    shelf: Shelf, world: FakePrices, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    loyal = Segment.objects.create(code="loyal", name="Loyal", name_zh="忠", created_at=NOON)
    for n in range(40):
        shopper = Shopper.objects.create(
            market_code="us" if n < 36 else "de",
            consent_recommendations=n % 2 == 0,
            created_at=NOON,
            last_seen_at=NOON,
            merged_into=Shopper.objects.first() if n == 34 else None,
        )
        tags = ["baker"] if n % 3 == 0 else []
        segment = loyal if n % 4 < 2 else None
        ShopperProfile.objects.create(
            shopper=shopper, segment=segment, tags=tags, refreshed_at=NOON
        )
    draft = make_draft(
        condition={"all": [{"segments": ["loyal"]}, {"not": {"tags": ["baker"]}}]}, percent=25
    )
    forget_offer_book()
    with django_assert_max_num_queries(12):  # seven of them read the book and its laws anew
        found = count_audience(campaign_id=draft.pk, market_code="us", carts=(), now=NOON)
    expected = [n for n in range(36) if n % 2 == 0 and n % 4 < 2 and n % 3 and n != 34]
    assert (found.count, found.total, found.is_at_most) == (len(expected), 35, False)
    assert (found.cart_share, found.every) == (None, 1)
    assert (found.low, found.high) == (found.count, found.count)


def test_the_share_of_carts_and_at_most_are_said(bob: QuoteContext, shelf: Shelf) -> None:
    for pieces in (1, 3, 4):
        add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=pieces)
        pay(place(bob, key=f"press-{pieces}"), key=f"pay-{pieces}")
    draft = make_draft(
        condition={"cart_value": 1000},
        starts_at=LATER,
        ends_at=LATER + timedelta(days=7),
    )
    campaign = find_campaign(draft.pk, now=LATER)
    assert campaign is not None
    tried = rehearse_campaign(campaign, market_code="us", now=LATER)
    found = count_audience(campaign_id=draft.pk, market_code="us", carts=tried.carts, now=NOON)
    assert (found.is_at_most, found.carts, found.cart_share) == (True, 3, 2 / 3)


def test_recorded_carts_say_what_a_draft_would_have_given_away(
    bob: QuoteContext, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for pieces in (1, 2, 3):
        add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=pieces)
        pay(place(bob, key=f"press-{pieces}"), key=f"pay-{pieces}")
    draft = make_draft(
        condition={"cart_value": 800},
        starts_at=LATER,
        ends_at=LATER + timedelta(days=7),
    )
    campaign = find_campaign(draft.pk, now=LATER)
    assert campaign is not None
    tried = rehearse_campaign(campaign, market_code="us", now=LATER)
    assert [(one.is_reached, one.cost_minor) for one in tried.outcomes] == [
        (False, 0),
        (True, 200),
        (True, 300),
    ]
    assert tried.shift == timedelta(days=7)
    assert tried.forecast is not None
    assert (tried.forecast.people, tried.forecast.cost_minor.estimate) == (1, 500.0)
    assert tried.displaced == ()
    seconds = int(NOON.timestamp()) - 86_400
    ledger = PriceSeries(np.array([0, 1]), np.array([seconds]), np.array([400]))
    monkeypatch.setattr(prospects, "load_series", lambda **_: ledger)
    Offer.objects.filter(campaign=draft).update(condition={})
    found = foresee(campaign, tried, market_code="us", now=LATER)
    assert found.lowered == ((shelf.cheddar, 400, 300),)
    said = describe_prospect(found, "us", "en")
    (name, chance, pieces) = said["scarce"][0]
    assert (name, pieces, said["lowered"]) == ("Cheddar", 4, [("Cheddar", "$4.00", "$3.00")])
    assert chance == pytest.approx(71, abs=5)


def test_a_planted_stack_is_found_with_its_goods_and_price(
    bob: QuoteContext, shelf: Shelf, world: FakePrices
) -> None:
    world.has_floors = False
    cheese = {"scope": {"categories": [shelf.cheese]}}
    go_live(make_draft("deep", percent=75, condition={"first_order": True}, **cheese))
    go_live(make_draft("bread", percent=5, scope={"categories": [shelf.bread]}))
    draft = make_draft("second", percent=60, requires_coupon=True, **cheese)
    campaign = find_campaign(draft.pk, now=NOON)
    assert campaign is not None
    others = list(Campaign.objects.exclude(pk=draft.pk).values_list("pk", flat=True))
    found = list_conflicts(
        campaign, market_code="us", neighbours=others, carts=(), threshold=85.0, now=NOON
    )
    deep = Campaign.objects.get(code="deep")
    assert [one.campaign_ids for one in found] == [tuple(sorted((deep.pk, draft.pk)))]
    assert found[0].variant_id in (shelf.cheddar, shelf.gouda)
    assert round(found[0].depth) == 90
    assert found[0].combined_minor * 10 == found[0].quoted_minor
