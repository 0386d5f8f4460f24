"""What a sentence is called where shoppers read it: what it gives, and nothing the law forbids."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import Value
from django.db.models.functions import Concat

from promotions.law.selectors.violations import list_violations
from promotions.models import Campaign, Partner
from shop.doors.backoffice.campaigns.builder import TEMPLATES
from shop.ground.catalog.models import Brand
from shop.ground.kernel.clock import utc_now
from tests.factories.sentences import KINDS
from tests.integration.backoffice.builder.test_builder import errors_of, save

pytestmark = pytest.mark.django_db
NAMED = {
    "price_cut": "10% off Cheese 1",
    "set_price": "Cheese 1 at $2.50 each",
    "any_few": "Any 3 of Cheese 1 for $6.00",
    "amount_off": "$0.50 off each: Brand 2",
    "cart_amount": "$5.00 off from $40.00",
    "coupon": "$5.00 off from $40.00",
    "coupon_batch": "10% off all products with your code",
    "flash_sale": "Flash sale: 30% off Cheddar 2",
    "member": "With an account: 5% off Brand 3",
    "welcome": "$5.00 off your first order from $15.00",
    "win_back": "Welcome back: 15% off all products",
    "referral": "From a friend: $5.00 off your first order from $20.00",
    "partner": "20% off Brand 1 or Brand 2",
    "gift": "Gift from $40.00: Cheddar 3",
    "buy_get": "Cheese 1: buy 2, get 1 free",
    "cheapest_free": "Cheese 1: of 3 the cheapest is free",
    "cheapest_piece": "Cheese 1: the cheapest of 3 free",
    "bundle": "Cheese 1 + Brand 2: 15% off together",
    "quantity_tiers": "Cheese 1: 10% off from 3, 15% from 6",
    "spend_tiers": "All products: $4.00 off from $40.00, $10.00 from $80.00",
    "free_delivery": "Free delivery from $30.00",
    "points": "Cheese 1: 5 points for each $1.00",
}
# Rules about what a promotion says of itself: a sentence of ours must never break one
SAYING = {
    "free_with_hidden_conditions",
    "percent_untrue",
    "up_to_misleading",
    "price_named_in_name",
    "words_of_urgency",
    "terms_not_in_language",
    "timer_not_the_end",
}


@pytest.mark.parametrize("kind", TEMPLATES)
def test_the_name_says_the_benefit_and_breaks_no_law(stocked_shop: None, kind: str) -> None:
    Partner.objects.create(code="acme", name="Acme Foods")
    clause: dict[str, Any] = {"clause": ["1:cart_quantity"], "c1-pieces": "4", "coupon": "OTHER"}
    none: dict[str, Any] = {}
    for added in (none, clause):
        assert errors_of(save(kind, {**KINDS[kind][0], **added})) == ""
        campaign = Campaign.objects.order_by("-pk")[0]
        offer = campaign.offers.get()
        assert (campaign.name, offer.name) == (NAMED[kind], NAMED[kind])
        assert offer.name_zh not in ("", offer.name)
        _places, found = list_violations(campaign_id=campaign.pk, now=utc_now())
        assert {one.rule for one in found} & SAYING == set()


def test_a_given_name_stays_and_long_scopes_are_not_listed(
    stocked_shop: None,
) -> None:
    typed, _said = KINDS["price_cut"]
    save("price_cut", {**typed, "name": "Cheese days"})
    campaign = Campaign.objects.order_by("-pk")[0]
    assert (campaign.name, campaign.name_zh) == ("Cheese days", "")
    Brand.objects.filter(name__in=("Brand 1", "Brand 2")).update(
        name=Concat("name", Value(" of the far and windy hills"))
    )
    products = "Brand 1 of the far and windy hills, Brand 2 of the far and windy hills, Brand 3"
    assert errors_of(save("price_cut", {**typed, "goods": products})) == ""
    assert Campaign.objects.order_by("-pk")[0].name == "10% off chosen products"
