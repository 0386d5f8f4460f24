"""Terms of an offer as blanks: what is read and written back is what was stored."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from shop.doors.backoffice.campaigns.offer_terms import (
    list_term_blanks,
    read_terms,
    say_terms_of,
    write_terms,
)
from shop.doors.backoffice.campaigns.sentences import MarketContext

PLACE = MarketContext("us", "USD", "UTC", "en", datetime(2026, 11, 30, tzinfo=UTC))
STEPS = {"steps": [{"from": 3, "percent": "5"}, {"from": 6, "percent": "10"}]}
SPENT = {"steps": [{"from": 4000, "amount": 500}]}
SETS = {"buy": 2, "get": 1, "get_scope": {"brands": [5]}}


@pytest.mark.parametrize(
    ("kind", "terms", "said"),
    [
        ("quantity_tiers", STEPS, "5 % from 3, 10 % from 6"),
        ("spend_tiers", SPENT, "$5.00 from $40.00"),
        ("buy_get", SETS, "pieces bought: 2, pieces cheaper: 1"),
        ("delivery", {"methods": ["standard"], "price": 199}, "price of the delivery: $1.99"),
        ("points", {"points": 5, "per": 100}, "points: 5, for each full amount of: $1.00"),
        ("set_price", {}, "as usual"),
    ],
)
def test_terms_are_read_said_and_written_back(kind: str, terms: dict[str, Any], said: str) -> None:
    offer = {"benefit_kind": kind, "terms": terms}
    stands = read_terms(offer)
    answers = {blank.name: stands.get(blank.name) for blank in list_term_blanks(offer)}
    assert write_terms(offer, answers) == {"terms": terms}
    assert say_terms_of(offer, PLACE) == said


def test_steps_stay_in_order_and_empty_ones_go() -> None:
    offer = {"benefit_kind": "quantity_tiers", "terms": STEPS}
    answers = {"from0": None, "gives0": None, "from1": 6, "gives1": Decimal(10)}
    found = write_terms(offer, answers | {"from2": 4, "gives2": Decimal("7.50")})
    steps = [{"from": 4, "percent": "7.5"}, {"from": 6, "percent": "10"}]
    assert found == {"terms": {"steps": steps}}


def test_a_gift_is_picked_among_products() -> None:
    offer = {"benefit_kind": "gift", "terms": {"variants": [12]}}
    assert read_terms(offer)["variants"] == "variant:12"
    answers = {"variants": [7, 12], "quantity": 2}
    assert write_terms(offer, answers) == {"terms": {"variants": [7, 12], "quantity": 2}}
