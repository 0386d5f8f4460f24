"""Two versions of a campaign, what differs and what is refused, in words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promotions.campaigns.core.revisions import Change
from promotions.sentences.core.changes import describe_change, describe_fault
from promotions.sentences.core.words import Lexicon

MANY = list(range(1, 77))
NAMES: dict[tuple[str, int | str], str] = {
    ("category", 3): "Cheese",
    ("brand", 5): "Acme",
    ("goal", "stock"): "clear stock",
    ("offer", "tenth"): "A tenth off",
    **{("variant", one): f"FT-{one}" for one in range(1, 100)},
}
ENGLISH = Lexicon("en", "en_US", "USD", NAMES)
CHINESE = replace(ENGLISH, language="zh-hans", locale="zh_Hans_CN")
BUY = {"benefit_kind": "buy_get", "target": "cart", "percent": "100", "scope": {"brands": [5]}}


@pytest.mark.parametrize(
    ("field", "old", "new", "english", "chinese"),
    [
        (
            "scope",
            {"categories": [3]},
            {"categories": [3], "except_variants": MANY},
            "products in scope: except for SKUs + FT-1, FT-2, FT-3, FT-4, FT-5, FT-6 and 70 more",
            "适用商品：不含 SKU + FT-1、FT-2、FT-3、FT-4、FT-5、FT-6等，另有 70 个",
        ),
        (
            "scope",
            {"categories": [3], "except_variants": [*MANY, 90]},
            {"categories": [3], "except_variants": [80, *MANY], "price_to": 900},
            "products in scope: except for SKUs + FT-80 − FT-90; highest price none → $9.00",
            "适用商品：不含 SKU + FT-80 − FT-90；最高单价 无 → US$9.00",
        ),
        ("variants", [1, 2], [2], "products listed one by one: − FT-1", None),
        ("variants", [1, 2], [2, 1], "products listed one by one: in another order", None),
        ("scope", {}, {"brands": [5]}, "products in scope: all products → Acme", None),
        ("goal", "sales", "stock", "goal: sales → clear stock", None),
        ("budget_minor", None, 50_000, "budget: none → $500.00", "预算：无 → US$500.00"),
        (
            "starts_at",
            "2026-12-01T00:00:00+00:00",
            "2026-12-02T00:00:00+00:00",
            "start: 2026-11-30 19:00 → 2026-12-01 19:00",
            None,
        ),
        (
            "condition",
            {},
            {"all": [{"cart_value": 4000}, {"categories": [3], "quantity": 2}]},
            (
                "condition: none → the cart is worth at least $40.00 and the cart holds at least 2"
                " of Cheese"
            ),
            None,
        ),
        (
            "terms",
            {**BUY, "terms": {"buy": 2, "get": 1}},
            {**BUY, "terms": {"buy": 3, "get": 1}},
            (
                "terms of the benefit: For every 2 of Acme give 1 of Acme free → For every 3 of"
                " Acme give 1 of Acme free"
            ),
            None,
        ),
        (
            "claims",
            {"countdown": True},
            {"terms": "one per order", "review": {"min_rating": 4}},
            (
                "what it claims: countdown yes → none; what it takes none → one per order; reward"
                " for a review none → least rating none → 4"
            ),
            None,
        ),
        ("terms", {"benefit_kind": "formula", "target": "cart"}, {}, "changed", None),
    ],
)
def test_differences_are_said_in_words(
    field: str, old: Any, new: Any, english: str, chinese: str | None
) -> None:
    change = Change("changed", "", field, old, new)
    assert describe_change(change, ENGLISH, "America/New_York").endswith(english)
    if chinese is not None:
        assert describe_change(change, CHINESE, "America/New_York") == chinese


def test_offers_are_named_where_they_differ_or_are_refused() -> None:
    assert (
        describe_change(Change("added", "tenth", ""), ENGLISH) == "Offer “A tenth off” was added."
    )
    change = Change("changed", "tenth", "percent", "10", "15")
    assert describe_change(change, ENGLISH) == "Offer “A tenth off”, percent: 10 → 15"
    told = describe_fault("offers[0].terms.parts[1].scope", "expected an object", "Set", ENGLISH)
    assert told == "Offer “Set”, terms of the benefit (2): expected an object."
    assert describe_fault("ends_at", "too early", "", ENGLISH) == "end: too early."
    assert describe_fault("", "too early", "", ENGLISH) == "too early."
