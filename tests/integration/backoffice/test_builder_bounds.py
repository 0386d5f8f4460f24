"""What narrows an offer beside its sentence: how many pieces it lowers."""

from __future__ import annotations

import pytest

from promotions.core.builder.bounds import list_bounds
from promotions.models import Offer
from shop.backoffice.builder import TEMPLATES
from tests.factories.sentences import KINDS
from tests.integration.backoffice.test_builder import errors_of, save, sentences

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
    kinds = {kind for kind, one in TEMPLATES.items() if one.is_of_units}
    assert {one.code for one in TEMPLATES.values() if list_bounds(one)} == kinds
    assert len(kinds) == 9
