"""Prices that a model would charge audited shoppers, input of a fairness audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched

import numpy as np

from pricing.base.core.values import FloatArray, IntArray, ModelVersionRow, Policy
from pricing.demand.core.served import ServedDemand
from pricing.fairness.core.groups import PaidPrices
from pricing.learning.selectors.publishing import category_paths, load_shelf
from pricing.optimum.core.batch import (
    Entries,
    ShopperFeatures,
    choose_candidates,
    popular_by_category,
    price_shoppers,
)
from pricing.optimum.core.quote import VariantTerms, drop_signals
from pricing.optimum.core.signals import GENERAL_FEATURES
from pricing.policy.selectors import load_active_policy
from pricing.publishing.services.books import read_book_notes
from pricing.publishing.services.drafts import draft_prices
from pricing.publishing.services.publish_context import PublishContext
from profiles.segments.api import compute_feature_rows
from shop.ground.catalog.core.values import CategoryTree
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.money import exponent

CHUNK = 250


@dataclass(frozen=True, slots=True)
class Shelves:
    """The products an audit prices, under a model: what the next price book would hold.

    `terms` are those of a shopper without signals, `elasticity` (m,) is the market's.
    """

    terms: VariantTerms
    elasticity: FloatArray
    popular: Mapping[int, Sequence[int]]
    tree: CategoryTree
    family_of: Mapping[int, int]
    policy: Policy
    served: ServedDemand


def open_shelves(
    *, model: tuple[ModelVersionRow, ServedDemand], place: tuple[str, str], now: datetime
) -> Shelves:
    """Return the shelves of a place as `model` would price them, with the segments of its book.

    About twelve queries, no write.
    """
    policy, shelf = load_active_policy(), load_shelf(place=place)
    context = PublishContext(
        policy=policy,
        model=model,
        now=now,
        effective_at=now,
        place=place,
        exponent=exponent(get_market(place[0]).currency),
        is_dry=True,
    )
    draft = draft_prices(shelf=shelf, context=context, means=read_book_notes(place))
    terms = drop_signals(draft.terms, draft.proposed.segments.sensitivity_mean)
    return Shelves(
        terms=terms,
        elasticity=draft.terms.elasticity,
        popular=popular_by_category(terms.category_id, shelf.variants.popularity),
        tree=shelf.tree,
        family_of=category_paths(shelf.tree)[0],
        policy=policy,
        served=model[1],
    )


def load_audited(shopper_ids: Sequence[int], now: datetime) -> list[ShopperFeatures]:
    """Return what prices are made from of each shopper, in the order of the ids.

    One query, and one per 500 shoppers. Everybody counts as if they had agreed and were in no
    holdout: the audit is of the model, not of who uses it.
    """
    rows = compute_feature_rows(sorted(shopper_ids), now)
    known = {
        shopper: ShopperFeatures(
            shopper_id=shopper,
            values=row.values,
            category_affinity=row.category_affinity,
            variant_affinity=row.variant_affinity,
        )
        for shopper, row in zip(sorted(shopper_ids), rows, strict=True)
    }
    return [known[one] for one in shopper_ids]


def price_audited(shelves: Shelves, shoppers: Sequence[ShopperFeatures]) -> PaidPrices:
    """Return what each shopper would pay for the products they know and their categories sell best.

    By the very function that fills the price book, with the expected best price point in place of
    drawn ones: a draw is the same for all shoppers and would only blur the groups.
    """
    counts = np.array([_count(shelves, one) for one in shoppers], dtype=np.int64)
    found: dict[int, Entries] = {}
    for chunk in batched(shoppers, CHUNK):
        for entries in price_shoppers(
            chunk,
            shelves.terms,
            shelves.popular,
            shelves.family_of,
            weights=shelves.served.weights,
            policy=shelves.policy,
        ):
            found[entries.shopper_id] = entries
    discounts = [_discounts(shelves.terms, found.get(one.shopper_id)) for one in shoppers]
    least = np.maximum(counts, 1)
    return PaidPrices(
        paid_ratio=1.0 - np.array([one.sum() for one in discounts]) / least,
        offer_share=np.array([len(one) for one in discounts]) / least,
        deepest=np.array([one.max(initial=0.0) for one in discounts]),
    )


def tabulate_features(
    shelves: Shelves, shoppers: Sequence[ShopperFeatures]
) -> dict[str, FloatArray]:
    """Return the inputs of prices as columns (n,): sums, and interest by department."""
    roots = _roots(shelves.tree)
    names = {root: shelves.tree.nodes[root].path for root in set(roots.values())}
    columns = {
        name: np.array([one.values.get(name, 0.0) for one in shoppers]) for name in GENERAL_FEATURES
    }
    columns["variant_affinity"] = np.array(
        [sum(one.variant_affinity.values()) for one in shoppers], dtype=np.float64
    )
    interest = {root: np.zeros(len(shoppers)) for root in sorted(names)}
    for row, one in enumerate(shoppers):
        for category, value in sorted(one.category_affinity.items()):
            if category in roots:
                interest[roots[category]][row] += value
    return columns | {f"category_affinity {names[root]}": interest[root] for root in interest}


def _count(shelves: Shelves, shopper: ShopperFeatures) -> int:
    """Return how many products a shopper may look at that can have a personal price at all."""
    chosen: IntArray = choose_candidates(shopper, shelves.terms.variant_id, shelves.popular)
    return int(shelves.terms.is_open[chosen].sum())


def _discounts(terms: VariantTerms, entries: Entries | None) -> FloatArray:
    if entries is None:
        return np.zeros(0)
    public = terms.public_minor[np.searchsorted(terms.variant_id, entries.variant_id)]
    return 1.0 - entries.quoted_minor / public


def _roots(tree: CategoryTree) -> dict[int, int]:
    """Return the department of each category."""
    return {one: tree.by_path[tree.trail(one)[0].path] for one in tree.nodes}
