"""Two versions of a campaign, and what differs, in words."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.campaigns.core.revisions import Change, describe_change

MANY = [f"FT-{number}" for number in range(1, 77)]


@pytest.mark.parametrize(
    ("field", "old", "new", "english", "chinese"),
    [
        (
            "scope",
            {"categories": ["baby"]},
            {"categories": ["baby"], "except_variants": MANY},
            "products in scope: except for SKUs + FT-1, FT-2, FT-3, FT-4, FT-5, FT-6 and 70 more",
            "适用商品：不含 SKU + FT-1、FT-2、FT-3、FT-4、FT-5、FT-6等，另有 70 个",
        ),
        (
            "scope",
            {"categories": ["baby"], "except_variants": [*MANY, "FT-90"]},
            {"categories": ["baby"], "except_variants": ["FT-80", *MANY]},
            "products in scope: except for SKUs + FT-80 − FT-90",
            "适用商品：不含 SKU + FT-80 − FT-90",
        ),
        ("variants", ["A", "B"], ["B"], "products listed one by one: − A", None),
        (
            "variants",
            ["A", "B"],
            ["B", "A"],
            'products listed one by one: ["A", "B"] → ["B", "A"]',
            None,
        ),
        ("scope", {}, {"brands": ["b"]}, 'products in scope: none → {"brands": ["b"]}', None),
        (
            "terms",
            {"buy": 2, "get": 1},
            {"buy": 3, "get": 1},
            "terms of the benefit: buy 2 → 3",
            None,
        ),
    ],
)
def test_of_long_values_only_what_differs_is_said(
    field: str, old: Any, new: Any, english: str, chinese: str | None
) -> None:
    change = Change("changed", "", field, old, new)
    assert describe_change(change, "en") == english
    if chinese is not None:
        assert describe_change(change, "zh-hans") == chinese
