"""A draft before it goes live: previews that hold, counts that are exact, stacks that are found."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from pytest_django import DjangoAssertNumQueries

from orders.cart.services import evaluation_input as cart_values
from orders.cart.services.carts import add_to_cart
from pricing.base.core.reference import PriceSeries
from pricing.base.core.values import QuoteContext
from profiles.models import Segment, Shopper, ShopperProfile
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.selectors.campaigns import find_campaign
from promotions.engine.api import Evaluation, evaluate_offers
from promotions.models import Campaign, Offer
from promotions.release import selectors as overlaps
from promotions.release.selectors import list_conflicts
from shop.doors.backoffice.campaigns.audiences import count_audience
from shop.doors.backoffice.memory import forget_all
from shop.doors.backoffice.rehearsals import cart_comparison, prospects, rehearsals
from shop.doors.backoffice.rehearsals.prospects import describe_prospect, foresee
from shop.doors.backoffice.rehearsals.rehearsals import rehearse_campaign
from tests.factories.drafts import go_live, make_draft
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def world(prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> FakePrices:
    """The shelf, with the test's prices and floors wherever a rehearsal asks."""

    def quote_listing(*, context: QuoteContext, variant_ids: Any) -> Any:
        asked = prices.quote_variants(context=context, variant_ids=variant_ids.tolist()).prices
        return np.array(
            [asked[one].quoted_minor if one in asked else 0 for one in variant_ids.tolist()]
        )

    monkeypatch.setattr(cart_values, "quote_listing", quote_listing)
    for module in (cart_values, rehearsals, overlaps):
        monkeypatch.setattr(module, "floor_minor", prices.floor_minor)
    return prices


@pytest.fixture
def bob(world: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


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


def test_carts_without_a_drafts_products_are_evaluated_once(
    bob: QuoteContext, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, variant_id in enumerate((shelf.cheddar, shelf.rye, shelf.rye)):
        add_to_cart(context=bob, variant_id=variant_id, quantity=1)
        pay(place(bob, key=f"press-{number}"), key=f"pay-{number}")
    asked: list[tuple[int, ...]] = []

    def evaluate(**said: Any) -> Evaluation:
        asked.append(tuple(line.variant_id for line in said["cart"].lines))
        return evaluate_offers(**said)

    monkeypatch.setattr(cart_comparison, "evaluate_offers", evaluate)
    weeks = {"starts_at": LATER, "ends_at": LATER + timedelta(days=7)}
    drafts = [make_draft(code, scope={"categories": [shelf.cheese]}, **weeks) for code in "ab"]
    found = []
    for draft in drafts:
        campaign = find_campaign(draft.pk, now=LATER)
        assert campaign is not None
        found.append(rehearse_campaign(campaign, market_code="us", now=LATER).outcomes)
    cheddar, rye = (shelf.cheddar,), (shelf.rye,)
    assert asked == [cheddar, cheddar, rye, rye, cheddar]
    forget_all()
    assert found[1] == rehearse_campaign(campaign, market_code="us", now=LATER).outcomes
    assert [one.is_reached for one in found[1]] == [True, False, False]


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
