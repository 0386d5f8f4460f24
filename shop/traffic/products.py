"""Products that simulated visitors view: top categories, with competitor prices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import PriceView
from shop.ground.catalog.selectors import (
    list_categories,
    list_stocked_variants,
    load_variant_arrays,
)
from shop.traffic.truth import IntArray, Shelf, Truth

# A page shows at most so many products of a category; one with fewer than the least is passed over.
PAGE, LEAST = 12, 4


@dataclass(frozen=True, slots=True)
class TrafficProducts:
    """Categories by position, with their family and their products by popularity."""

    category_id: tuple[int, ...]
    family_id: tuple[int, ...]
    name: tuple[str, ...]
    popularity: Mapping[int, float]
    list_minor: Mapping[int, int]
    sku: Mapping[int, str]
    market: str

    def page(self, category: int) -> list[int]:
        """Return what the page of a category shows: the popular products that are not sold out."""
        return [
            one
            for one in list_stocked_variants(
                self.category_id[category], 3 * PAGE, market=self.market
            )
            if one in self.popularity
        ][:PAGE]

    def shelf(
        self, category: int, prices: Mapping[int, PriceView], rivals: Mapping[int, int]
    ) -> Shelf:
        """Return the products of a page as a visitor sees them."""
        ids = list(prices)
        popularity = np.array([self.popularity[one] for one in ids], dtype=np.float64)
        mean = float(popularity.mean()) if ids else 0.0

        def column(values: list[int]) -> IntArray:
            return np.array(values, dtype=np.int64)

        return Shelf(
            variant_id=column(ids),
            family_id=column([self.family_id[category]] * len(ids)),
            # Where nothing was ever sold all products are as popular as each other.
            popularity=popularity / mean if mean > 0.0 else np.ones(len(ids)),
            price_minor=column([prices[one].quoted_minor for one in ids]),
            list_minor=column([self.list_minor[one] for one in ids]),
            rival_minor=column([rivals.get(one, 0) for one in ids]),
        )


def choose_products(market: str, categories: int) -> TrafficProducts:
    """Return the categories that sell most, of products that may have a personal price.

    One is passed over where fewer than LEAST such products are for sale.
    """
    arrays, tree = load_variant_arrays(market), list_categories("en")
    free = ~arrays.never_personal & (arrays.list_minor > 0)
    ids, row = np.unique(arrays.category_id[free], return_inverse=True)
    sold = np.bincount(row, arrays.popularity[free])
    count = np.bincount(row)
    order = np.lexsort((ids, -sold))
    chosen = [int(ids[at]) for at in order if count[at] >= LEAST][:categories]
    where = free & np.isin(arrays.category_id, chosen)
    variants = arrays.variant_id[where].tolist()
    return TrafficProducts(
        category_id=tuple(chosen),
        family_id=tuple(tree.nodes[one].parent_id or one for one in chosen),
        name=tuple(tree.nodes[one].name for one in chosen),
        popularity=dict(zip(variants, arrays.popularity[where].tolist(), strict=True)),
        list_minor=dict(zip(variants, arrays.list_minor[where].tolist(), strict=True)),
        sku=dict(zip(variants, arrays.sku[where].tolist(), strict=True)),
        market=market,
    )


def ask_rival(truth: Truth, goods: TrafficProducts, week: int) -> dict[int, int]:
    """Return the competitor's price of every second good of every page, in a week."""
    known = (one for at in range(len(goods.category_id)) for one in goods.page(at)[::2])
    return {one: truth.rival_minor(one, goods.list_minor[one], week) for one in known}
