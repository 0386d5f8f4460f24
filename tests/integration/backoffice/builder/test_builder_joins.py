"""Alternatives of several clauses, and the share that is held out, are said in the builder."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from promotions.models import Campaign, Offer
from promotions.planning.selectors.builder import say_campaign
from shop.doors.backoffice.campaigns.builder import TEMPLATES, open_sentence, read_place
from shop.doors.backoffice.campaigns.clauses import JOINS
from shop.doors.backoffice.campaigns.summary import say_power
from tests.factories.sentences import WINDOW
from tests.integration.backoffice.builder.test_builder import errors_of, save, sentences

pytestmark = pytest.mark.django_db
CUT = {"percent": "10", "goods": "", "audience": "members"}
MEMBER, FIRST = {"member": True}, {"first_order": True}
DEAR, MANY = {"cart_value": 4_000}, {"cart_quantity": 3}
TYPED = {"c2-cart_value": "40", "c4-pieces": "3"}
CLAUSES = ["1:member", "2:cart_value", "3:first_order", "4:cart_quantity"]


@pytest.mark.parametrize(
    ("joins", "condition", "said"),
    [
        (
            ("with", "or", ""),
            {"all": [{"any": [{"all": [MEMBER, DEAR]}, FIRST]}, MANY]},
            (
                "(the shopper has an account and the cart is worth at least $40.00) or it is the"
                " shopper's first order, and only if the cart holds at least 3 pieces"
            ),
        ),
        (
            ("or", "with", "with-not"),
            {"any": [MEMBER, {"all": [DEAR, FIRST, {"not": MANY}]}]},
            (
                "the shopper has an account or (the cart is worth at least $40.00 and it is the"
                " shopper's first order and"
            ),
        ),
        (("with", "with", "with"), {"all": [MEMBER, DEAR, FIRST, MANY]}, "only if the shopper has"),
    ],
)
def test_together_with_binds_closer_than_or(
    stocked_shop: None, joins: tuple[str, ...], condition: dict[str, Any], said: str
) -> None:
    typed = {**CUT, **TYPED, "clause": CLAUSES}
    typed |= {f"c{key}-not": how for key, how in zip("234", joins, strict=True)}
    assert errors_of(save("price_cut", typed)) == ""
    assert Offer.objects.order_by("-pk")[0].condition == condition
    assert said in sentences()[0]


def test_a_clause_is_added_to_the_one_before_it(root: Client) -> None:
    address = reverse("admin:builder_sentence", args=["price_cut"])
    typed = {**WINDOW, "percent": "11", "clause": ["1:cart_value"], "clause_code": "member"}
    page = root.post(address, {**typed, "add": "with"}).content.decode()
    assert '<option value="with" selected>' in page
    assert "binds closer than" in page
    alone = root.post(address, {**typed, "clause": [], "add": "with"}).content.decode()
    assert '<option value="with"' not in alone
    assert sorted(JOINS) == ["", "not", "or", "or-not", "with", "with-not"]


def test_only_an_offer_for_members_may_hold_people_out(
    stocked_shop: None,
) -> None:
    assert errors_of(save("price_cut", {**CUT, "holdout_percent": "20"})) == ""
    assert Campaign.objects.order_by("-pk")[0].holdout_percent == 20
    assert "20 % of these shoppers do not get it, to measure what it brings" in sentences()[0]
    count = Campaign.objects.count()
    public = {**CUT, "audience": "public"}
    refused = errors_of(save("price_cut", {**public, "holdout_percent": "20"}))
    assert refused.startswith("holdout_percent: A public offer is for everybody")
    assert errors_of(save("price_cut", {**CUT, "holdout_percent": "51"})) == (
        "holdout_percent: Ensure this value is less than or equal to 50."
    )
    assert Campaign.objects.count() == count
    assert errors_of(save("price_cut", {**public, "holdout_percent": ""})) == ""


def test_two_offers_on_one_product_do_not_stack_by_default(root: Client) -> None:
    place = read_place()
    proposed = {
        kind: open_sentence(one, place).stacking["stacking"].value()
        for kind, one in TEMPLATES.items()
    }
    on_orders = {"coupon", "cart_amount", "welcome", "referral", "gift", "spend_tiers"}
    on_orders |= {"free_delivery", "points"}
    assert {kind for kind, how in proposed.items() if how == "stack"} == on_orders
    assert {how for kind, how in proposed.items() if kind not in on_orders} == {"best_unit"}
    page = root.get(reverse("admin:builder_sentence", args=["price_cut"])).content.decode()
    assert '<option value="best_unit" selected>' in page
    assert 'maxlength="40" value="weekly"' in page
    for _ in range(2):
        assert errors_of(save("price_cut", CUT)) == ""
    assert errors_of(save("price_cut", {**CUT, "stacking": "stack"})) == ""
    newest = Offer.objects.order_by("-pk").values_list("stacking", "stacking_group")[:3]
    assert list(newest) == [("stack", ""), ("best_unit", "weekly"), ("best_unit", "weekly")]
    for language, said in (
        ("en", "Each piece gets the best offer of the group weekly for it."),
        ("zh-hans", "每件商品享受每周优惠组中对其最优惠的一项。"),
    ):
        proposal = Campaign.objects.order_by("-pk")[1]
        assert say_campaign(proposal.pk, language=language)[0].sentence.endswith(said)


@pytest.mark.parametrize(
    ("kind", "is_offered"),
    [("price_cut", True), ("member", True), ("points", True), ("coupon", False), ("gift", False)],
)
def test_a_holdout_is_offered_where_it_is_allowed(
    root: Client, kind: str, is_offered: bool
) -> None:
    page = root.get(reverse("admin:builder_sentence", args=[kind])).content.decode()
    assert ('name="holdout_percent"' in page) is is_offered
    assert ("so nobody can be held out" in page) is not is_offered


@pytest.mark.parametrize(
    ("shoppers", "said"),
    [
        (10, "about 2 of them are held out: too few to ever show what it brings, both groups need"),
        (499, "about 100 of them are held out"),
    ],
)
def test_a_holdout_says_what_it_can_show(shoppers: int, said: str) -> None:
    told = say_power(shoppers, 20)
    assert told.startswith(said)
    assert told.endswith("held out") is (shoppers == 499)
