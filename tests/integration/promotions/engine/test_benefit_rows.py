"""Rows of every kind through the database: refused, compiled, stacked, forgotten and read anew."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.campaigns.services.rows import CampaignRefused
from promotions.engine.core.carts import CartValue, DeliveryFee, GiftStock, ShopperView
from promotions.engine.core.values import Evaluation
from promotions.models import Campaign, Offer, StackingCategory, StackingGroup
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.release.services.steps import release_agreed
from tests.factories.previews import preview
from tests.factories.promotions import NOON, make_line

pytestmark = pytest.mark.django_db

CHEESE = make_line("cheese", category_ids=(1,), quantity=3)
WINE = make_line("wine", category_ids=(2,), unit_minor=2_000)


def _offer(kind: str, terms: Any = None, **fields: Any) -> Offer:
    code = fields.pop("code", kind)
    campaign = Campaign.objects.create(
        code=code,
        name=code,
        kind="price_cut",
        status="live",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=1),
    )
    known = {"target": "cart", "terms": terms or {}}
    offer = Offer(campaign=campaign, code=code, name=code, benefit_kind=kind, **(known | fields))
    offer.full_clean()
    offer.save()
    forget_offer_book()
    return offer


def _evaluate(*lines: Any, **cart: Any) -> Evaluation:
    return evaluate_cart(
        cart=CartValue(lines or (CHEESE, WINE), "USD", "us", "online", **cart),
        codes=(),
        shopper=ShopperView(None),
        now=NOON,
        language="en",
        locale="en_US",
    )


OFF = {"percent": Decimal(50)}
BOTH = {
    "parts": [
        {"scope": {"categories": [1]}, "quantity": 2},
        {"scope": {"categories": [2]}},
    ]
}
KINDS = [
    ("set_price", {}, {"amount_minor": 900, "target": "unit"}, 1_400),
    ("set_price", {"size": 3}, {"amount_minor": 2_500, "scope": {"categories": [1]}}, 500),
    ("buy_get", {"buy": 2, "get": 1}, {**OFF, "scope": {"categories": [1]}}, 500),
    ("cheapest_free", {"size": 4}, {"percent": Decimal(100)}, 1_000),
    ("bundle", BOTH, {"amount_minor": 3_000}, 1_000),
    (
        "quantity_tiers",
        {"steps": [{"from": 2, "percent": 5}, {"from": 3, "percent": 10}]},
        {"target": "line"},
        300,
    ),
    (
        "spend_tiers",
        {"steps": [{"from": 2_000, "amount": 100}, {"from": 5_000, "amount": 400}]},
        {},
        400,
    ),
]


@pytest.mark.parametrize(("kind", "terms", "fields", "expected"), KINDS)
def test_a_saved_offer_of_every_kind_takes_this_off(
    kind: str, terms: Any, fields: dict[str, Any], expected: int
) -> None:
    _offer(kind, terms, **fields)
    found = _evaluate()
    assert found.discount_minor == expected
    assert {a.reason_code for a in found.adjustments} == {f"offer_{kind}"}


def test_gift_delivery_and_points_come_back_beside_the_lines() -> None:
    _offer("gift", {"variants": [8, 7]})
    _offer("delivery", {"methods": ["post"]}, percent=Decimal(100))
    _offer("points", {"points": 3, "per": 1_000})
    found = _evaluate(
        gifts=(GiftStock(7, 450, 5), GiftStock(8, 300, 0)),
        deliveries=(DeliveryFee("post", 499), DeliveryFee("van", 900)),
    )
    assert [(g.variant_id, g.quantity, g.value_minor) for g in found.gifts] == [(7, 1, 450)]
    assert [(c.method_code, c.amount_minor) for c in found.deliveries] == [("post", -499)]
    assert [grant.points for grant in found.points] == [15]
    assert sorted(a.amount_minor for a in found.applied) == [0, 450, 499]
    assert found.discount_minor == 0


def test_groups_and_categories_are_read_anew_when_changed() -> None:
    root = StackingGroup.objects.create(code="week", name="Week", mode="best")
    inner = StackingGroup.objects.create(code="pair", name="Pair", mode="stack", parent=root)
    amount = {"amount_minor": 100}
    for n in (1, 2):
        _offer("fixed_amount", code=f"pair-{n}", group=inner, **amount)
    _offer("fixed_amount", code="alone", group=root, amount_minor=150)
    assert _evaluate().discount_minor == 200
    StackingGroup.objects.filter(pk=inner.pk).update(mode="best")
    forget_offer_book()
    assert _evaluate().discount_minor == 150
    club = StackingCategory.objects.create(code="club", name="Club", mode="exclusive")
    Offer.objects.filter(code="alone").update(category=club)
    _offer("fixed_amount", code="other", amount_minor=120)
    assert _evaluate().discount_minor == 220


def test_an_offer_lowers_so_many_units_as_its_row_says() -> None:
    offer = _offer("set_price", {}, amount_minor=900, target="unit", max_order_units=1)
    assert _evaluate(CHEESE).totals == {"cheese": 2_900}
    Offer.objects.filter(pk=offer.pk).update(max_order_units=None, max_line_units=2)
    forget_offer_book()
    assert _evaluate(CHEESE).totals == {"cheese": 2_800}


def test_a_list_page_shows_only_what_one_unit_alone_gets() -> None:
    _offer("buy_get", {"buy": 1, "get": 1}, **OFF)
    _offer("quantity_tiers", {"steps": [{"from": 2, "percent": 20}]}, target="line")
    _offer("gift", {"variants": [7]})
    _offer("points", {"points": 3})
    shopper = ShopperView(None)
    alone = preview([CHEESE], shopper).mine[CHEESE.variant_id]
    assert (alone.adjusted_minor, alone.labels) == (alone.quoted_minor, ())
    assert [deal.text for deal in alone.deals] == [
        "all products: buy 1, get 1 at 50% off",
        "all products (of one product): 20% off from 2",
    ]
    _offer("set_price", {}, amount_minor=900, target="unit")
    shown = preview([CHEESE], shopper).mine
    assert shown[CHEESE.variant_id].adjusted_minor == 900
    assert shown[CHEESE.variant_id].labels == ("set_price",)


REFUSED = [
    ("bundle", BOTH, {**OFF, "scope": {"brands": [1]}}, "scope"),
    ("gift", {"variants": []}, {}, "terms"),
    ("formula", {"formula": "value / 20"}, {}, "benefit_kind"),
    ("buy_get", {"buy": 1, "get": 1}, {}, "benefit_kind"),
    ("buy_get", {"buy": 1, "get": 1, "get_scope": {}}, OFF, "terms"),
    ("percentage", {"size": 1}, {**OFF, "target": "line"}, "terms"),
    ("points", {"points": 1}, {"max_line_minor": 5}, "benefit_kind"),
]


@pytest.mark.parametrize(("kind", "terms", "fields", "field"), REFUSED)
def test_saving_is_refused_at_the_field_with_the_reason(
    kind: str, terms: Any, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        _offer(kind, terms, **fields)
    assert list(refusal.value.error_dict) == [field]


@pytest.mark.parametrize(
    "wrong",
    [
        {"benefit_kind": "gift", "percent": 5},
        {"benefit_kind": "set_price", "percent": 5},
        {"benefit_kind": "bundle", "percent": 5, "amount_minor": 5},
        {"benefit_kind": "percentage", "percent": 5, "max_line_minor": 0},
        {"benefit_kind": "percentage", "percent": 5, "max_line_units": 0},
        {"benefit_kind": "percentage", "percent": 5, "max_order_units": 0},
    ],
)
def test_the_database_refuses_what_the_form_would(wrong: dict[str, Any]) -> None:
    offer = _offer("points", {"points": 1})
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(**wrong)


def test_groups_do_not_go_round_in_circles() -> None:
    root = StackingGroup.objects.create(code="root", name="Root")
    leaf = StackingGroup.objects.create(code="leaf", name="Leaf", parent=root)
    root.parent = leaf
    with pytest.raises(ValidationError, match="never in a circle"):
        root.full_clean()


def test_a_stored_formula_applies_to_nobody_and_is_not_released() -> None:
    offer = _offer("points", {"points": 1})
    Offer.objects.filter(pk=offer.pk).update(benefit_kind="formula", terms={"formula": "value / 2"})
    forget_offer_book()
    assert _evaluate().discount_minor == 0
    Campaign.objects.update(status=Campaign.Status.DRAFT)
    with pytest.raises(CampaignRefused, match="An offer has a formula, which is no longer"):
        release_agreed(campaign_id=offer.campaign_id, now=NOON)
