"""Budgets and gifts of a draft are used up by recorded carts, one after another."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cart.services.carts import add_to_cart
from pricing.base.core.values import QuoteContext
from promotions.campaigns.selectors.campaigns import find_campaign
from promotions.models import Campaign
from shop.doors.backoffice.rehearsals import prospects, rehearsals
from shop.doors.backoffice.rehearsals.rehearsals import rehearse_campaign
from shop.ground.catalog.models import Variant
from shop.ground.inventory.models import StockRecord
from tests.factories.drafts import go_live, make_draft
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=2)


@pytest.fixture
def bob(prices: FakePrices, monkeypatch: pytest.MonkeyPatch) -> QuoteContext:
    monkeypatch.setattr(rehearsals, "floor_minor", prices.floor_minor)
    return context_of(make_shopper())


def buy(context: QuoteContext, variant_id: int, pieces: int, key: str) -> None:
    add_to_cart(context=context, variant_id=variant_id, quantity=pieces)
    pay(place(context, key=f"press-{key}"), key=f"pay-{key}")


def rehearse_later(draft: Campaign) -> rehearsals.Rehearsal:
    campaign = find_campaign(draft.pk, now=LATER)
    assert campaign is not None
    return rehearse_campaign(campaign, market_code="us", now=LATER)


WEEK = {"starts_at": LATER, "ends_at": LATER + timedelta(days=7)}


def test_carts_spend_the_budget_in_order_until_they_are_refused(
    bob: QuoteContext, shelf: Shelf
) -> None:
    for number, pieces in enumerate((1, 3, 2, 1)):
        buy(bob, shelf.cheddar, pieces, str(number))
    draft = make_draft(budget_minor=450, **WEEK)
    tried = rehearse_later(draft)
    # 1.00, then 3.00, then the 0.50 left of 2.00; nothing is left of 1.00
    assert [(one.spent_minor, one.burnt_minor, one.is_refused) for one in tried.outcomes] == [
        (100, 100, False),
        (300, 300, False),
        (200, 50, False),
        (100, 0, True),
    ]
    assert (tried.refused, tried.is_cut) == (1, False)
    assert [(one.carts, one.burnt_minor, one.left_minor, one.refused) for one in tried.burn] == [
        (3, 450, 0, 1)
    ]
    shown = prospects.describe_burn(tried, "us", "en")
    assert (shown[0]["burnt"], shown[0]["left"]) == ("$4.50", "$0.00")
    Campaign.objects.filter(pk=draft.pk).update(budget_minor=None)
    assert (rehearse_later(draft).refused, rehearse_later(draft).burn) == (0, ())


def test_gifts_are_given_while_in_stock_and_cost_their_price(
    bob: QuoteContext, shelf: Shelf
) -> None:
    Variant.objects.filter(pk__in=[shelf.rye, shelf.cheddar]).update(
        cost_minor=110, cost_source="merchant"
    )
    for number in range(3):
        buy(bob, shelf.cheddar, 1, str(number))
    StockRecord.objects.filter(variant_id=shelf.rye).update(on_hand=2)
    gift = {"benefit_kind": "gift", "target": "cart", "terms": {"variants": [shelf.rye]}}
    tried = rehearse_later(make_draft(budget_minor=1_000, **gift, **WEEK))
    assert [(one.cost_minor, one.margin_minor) for one in tried.outcomes] == [
        (300, 290 - 110),
        (300, 290 - 110),
        (0, 290),
    ]
    assert tried.burn[0].left_minor == 400


def test_a_cheaper_delivery_costs_what_the_chosen_method_would(
    bob: QuoteContext, shelf: Shelf
) -> None:
    buy(bob, shelf.cheddar, 1, "one")
    cut = {"benefit_kind": "delivery", "target": "cart", "terms": {"price": 199}}
    tried = rehearse_later(make_draft(budget_minor=1_000, **cut, **WEEK))
    assert [(one.is_reached, one.cost_minor) for one in tried.outcomes] == [(True, 300)]
    assert tried.outcomes[0].margin_minor - tried.outcomes[0].margin_before_minor == -300


def test_budgets_of_running_campaigns_run_out_too(bob: QuoteContext, shelf: Shelf) -> None:
    Variant.objects.filter(pk=shelf.cheddar).update(cost_minor=0, cost_source="merchant")
    for number in range(3):
        buy(bob, shelf.cheddar, 1, str(number))
    running = make_draft("running", budget_minor=100, percent=15, ends_at=LATER + timedelta(days=9))
    go_live(running)
    tried = rehearse_later(make_draft(scope={"categories": [shelf.bread]}, **WEEK))
    assert [one.margin_before_minor for one in tried.outcomes] == [340, 360, 400]
    assert [one.cost_minor for one in tried.outcomes] == [0, 0, 0]
