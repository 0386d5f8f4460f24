"""Segments as the optimum sees them: their average members, kept with a price book for the next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.optimum.core.batch import SegmentMeans
from pricing.optimum.core.joint import Segments, mix_segments, one_segment
from pricing.optimum.core.signals import (
    ShopperSignals,
    SignalWeights,
    sensitivity_boost,
    sum_families,
)

GENERAL = ("activity", "discounted", "offer_clicks")


def pack_means(means: SegmentMeans) -> dict[str, NDArray[Any]]:
    """Return the running means as named arrays; `read_means` reads them back.

    >>> read_means(pack_means(example_means())).counts
    {'loyal': 2}
    """
    names = sorted(means.counts)
    rows = [
        (at, category, value)
        for at, name in enumerate(names)
        for category, value in sorted(means.interest.get(name, {}).items())
    ]
    general = [means.general[name] for name in names]
    return {
        "mix_segments": np.array(names, dtype=np.str_),
        "mix_counts": np.array([means.counts[name] for name in names], dtype=np.int64),
        "mix_general": np.array(general, dtype=np.float64).reshape(len(names), len(GENERAL)),
        "mix_owner": np.array([row[0] for row in rows], dtype=np.int64),
        "mix_category": np.array([row[1] for row in rows], dtype=np.int64),
        "mix_interest": np.array([row[2] for row in rows], dtype=np.float64),
    }


def read_means(arrays: Mapping[str, NDArray[Any]]) -> SegmentMeans:
    """Return the means that `pack_means` was given; none where a book holds none."""
    means = SegmentMeans()
    if "mix_segments" not in arrays:
        return means
    names = arrays["mix_segments"].tolist()
    means.counts = dict(zip(names, arrays["mix_counts"].tolist(), strict=True))
    means.general = dict(zip(names, arrays["mix_general"], strict=True))
    means.interest = {name: {} for name in names}
    rows = (arrays[f"mix_{name}"].tolist() for name in ("owner", "category", "interest"))
    for owner, category, value in zip(*rows, strict=True):
        means.interest[names[owner]][category] = value
    return means


def segment_mix(
    means: SegmentMeans,
    category_id: IntArray,
    family_of: Mapping[int, int],
    weights: SignalWeights,
    *,
    holdout_share: float,
) -> Segments:
    """Return the segments as buyers of variants in `category_id` (m,), the holdout among them.

    Each segment buys like its average member; the permanent holdout, which pays public prices
    always, is a segment without signals. Without segments there is one market.

    >>> mix = segment_mix(
    ...     example_means(), np.array([5, 6]), {5: 1, 6: 2}, SignalWeights(), holdout_share=0.5
    ... )
    >>> mix.weight[:, 0].tolist(), mix.is_personal.tolist()
    ([0.5, 0.5], [[False, False], [True, False]])
    """
    names = sorted(means.counts)
    if not names or not len(category_id):
        return one_segment(len(category_id))
    kinds, place = np.unique(category_id, return_inverse=True)
    boosts = [_boost(means, name, kinds, family_of, weights)[place] for name in names]
    members = np.array([means.counts[name] for name in names], dtype=np.float64)
    outside = members.sum() * holdout_share / max(1.0 - holdout_share, 1e-9)
    sizes = np.concatenate([[outside], members])
    return mix_segments(sizes, np.stack([np.zeros(len(category_id)), *boosts]))


def _boost(
    means: SegmentMeans,
    name: str,
    categories: IntArray,
    family_of: Mapping[int, int],
    weights: SignalWeights,
) -> FloatArray:
    """Return the boost of a segment's average member for products of each category, (c,)."""
    count = means.counts[name]
    mean = {one: value / count for one, value in means.interest[name].items()}
    above = sum_families(mean, family_of)
    activity, deals, offers = (means.general[name] / count).tolist()
    ids = categories.tolist()
    signals = ShopperSignals(
        activity=np.array([[activity]]),
        deals=np.array([[deals]]),
        offers=np.array([[offers]]),
        category=np.array([[max(0.0, mean.get(one, 0.0)) for one in ids]]),
        family=np.array([[above.get(family_of.get(one, one), 0.0) for one in ids]]),
        variant=np.zeros((1, len(ids))),
    )
    boost: FloatArray = sensitivity_boost(signals, weights)[0]
    return boost


def example_means() -> SegmentMeans:
    """Return one segment of two members who like category 5, for examples."""
    means = SegmentMeans()
    means.counts["loyal"] = 2
    means.general["loyal"] = np.array([6.0, 2.0, 0.0])
    means.interest["loyal"] = {5: 4.0}
    return means
