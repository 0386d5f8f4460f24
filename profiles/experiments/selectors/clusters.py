"""Clusters of goods for experiments with public prices: by category and by what goes together."""

from __future__ import annotations

import numpy as np

from profiles.experiments.core import cluster_items
from profiles.experiments.core.sequences import FloatArray, IntArray
from profiles.recommend.api import get_similarity_model
from shop.ground.catalog.selectors import load_variant_arrays

# How many goods categories that are joined may hold together.
MOST_GOODS = 40


def propose_clusters(variant_ids: IntArray, most: int = MOST_GOODS) -> IntArray:
    """Return the cluster of each variant, (n,): the goods of a category stay together, and what is
    bought by the same shoppers joins categories, up to `most` goods.

    One query for the similarity model if it is not in memory, catalogue aside.
    """
    first, second, weight = read_pairs(variant_ids, variant_ids)
    return cluster_items(first, second, weight, find_kin(variant_ids), most)


def find_kin(variant_ids: IntArray) -> IntArray:
    """Return the category of each variant, (n,); what is not sold is kin to nothing."""
    goods = load_variant_arrays()
    kin = -np.asarray(variant_ids, dtype=np.int64) - 1
    if len(goods.variant_id):
        at = np.minimum(np.searchsorted(goods.variant_id, variant_ids), len(goods.variant_id) - 1)
        kin = np.where(goods.variant_id[at] == variant_ids, goods.category_id[at], kin)
    return kin


def read_pairs(variant_ids: IntArray, others: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """Return which of some variants suggest which others, by place in both, and how strongly."""
    model = get_similarity_model()
    mine = {one: at for at, one in enumerate(variant_ids.tolist())}
    theirs = {one: at for at, one in enumerate(others.tolist())}
    pairs = []
    if model is not None:
        known = model.variant_id.tolist()
        for row, variant in enumerate(known):
            if variant not in mine:
                continue
            near = zip(model.neighbor[row].tolist(), model.weight[row].tolist(), strict=True)
            pairs += [
                (mine[variant], theirs[known[at]], value)
                for at, value in near
                if value > 0.0 and known[at] in theirs
            ]
    found = np.array(pairs, dtype=np.float64).reshape(-1, 3)
    return found[:, 0].astype(np.int64), found[:, 1].astype(np.int64), found[:, 2]
