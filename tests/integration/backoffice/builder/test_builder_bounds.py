"""What narrows an offer beside its sentence: how many pieces it lowers."""

from __future__ import annotations

import pytest

from promotions.models import Offer
from promotions.planning.core.builder.bounds import list_bounds
from shop.doors.backoffice.campaigns.builder import TEMPLATES
from tests.factories.sentences import KINDS
from tests.integration.backoffice.builder.test_builder import errors_of, save, sentences

pytestmark = pytest.mark.django_db


def test_a_sentence_may_lower_only_so_many_pieces(stocked_shop: None) -> None:
    typed, _said = KINDS["price_cut"]
    filled = save("price_cut", {**typed, "max_line_units": "3", "max_order_units": "5"})
    assert errors_of(filled) == ""
    said = "Take 10 % off Cheese 1, at most 3 of each product, at most 5 in one order for"
    assert sentences()[0].startswith(said)
    offer = Offer.objects.latest("pk")
    assert (offer.max_line_units, offer.max_order_units) == (3, 5)
    assert errors_of(save("price_cut", {**typed, "max_line_units": "0"})).startswith(
        "max_line_units: "
    )


def test_each_sentence_offers_what_can_narrow_it() -> None:
    units = {kind for kind, one in TEMPLATES.items() if one.is_of_units}
    products = {kind for kind, one in TEMPLATES.items() if one.has_scope}
    shown = {kind: list_bounds(one) for kind, one in TEMPLATES.items()}
    assert {kind for kind, each in shown.items() if any(not b.is_of_goods for b in each)} == units
    assert {kind for kind, each in shown.items() if any(b.is_of_goods for b in each)} == products
    assert (len(units), len(products)) == (9, 15)
    assert "bundle" not in products


def test_a_sentence_may_mean_only_products_of_some_prices(stocked_shop: None) -> None:
    typed, _said = KINDS["price_cut"]
    filled = save("price_cut", {**typed, "goods_at": "list", "price_from": "2", "price_to": "5.50"})
    assert errors_of(filled) == ""
    products = "Cheese 1 (not reduced, from $2.00 to $5.50 each)"
    assert sentences()[0].startswith(f"Take 10 % off {products} for account holders")
    offer = Offer.objects.latest("pk")
    assert offer.name == f"10% off {products}"
    assert {**offer.scope, "categories": None} == {
        "categories": None,
        "not_reduced": True,
        "price_from": 200,
        "price_to": 550,
    }
    wrong = save("price_cut", {**typed, "price_from": "5", "price_to": "2"})
    assert "This is below the lowest price: nothing is priced so." in errors_of(wrong)


def test_the_cheapest_piece_may_be_one_not_reduced(stocked_shop: None) -> None:
    typed, _said = KINDS["cheapest_piece"]
    assert errors_of(save("cheapest_piece", {**typed, "goods_at": "list"})) == ""
    said = "Take 100 % off Cheese 1 (not reduced), only on the cheapest piece of an order"
    assert sentences()[0].startswith(said)
