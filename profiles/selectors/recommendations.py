"""What to show whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from profiles.core.recommend import PATTERN, blend
from profiles.core.values import FeatureRow, Recommendation
from profiles.selectors.segments import get_similarity_model
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import load_variant_arrays


@dataclass(frozen=True, slots=True)
class _Popular:
    """Variants anybody may be shown, most popular first."""

    arrays: VariantArrays
    ranked: tuple[int, ...]
    allowed: frozenset[int]


_cache: dict[str, _Popular] = {}


def recommend_variants(
    row: FeatureRow | None,
    limit: int,
    exclude: frozenset[int] = frozenset(),
    pattern: Sequence[str] = PATTERN,
    market: str = "",
) -> list[Recommendation]:
    """Return up to `limit` variants of a market (home by default) worth showing, best first;
    without a row the popular ones.

    Pass no row where the shopper did not agree to recommendations: the list is then the same for
    everybody. `pattern` says in which turn known and new ones stand. Restricted and sensitive
    goods are never recommended. No query once the arrays are in memory.
    """
    popular = _popular(market)
    interests = {} if row is None else row.variant_affinity
    model = get_similarity_model() if interests else None
    return blend(
        interests=interests,
        together={} if model is None else model.suggest(interests),
        popular=popular.ranked,
        allowed=popular.allowed,
        exclude=exclude,
        limit=limit,
        pattern=pattern,
    )


def _popular(market: str) -> _Popular:
    arrays = load_variant_arrays(market)
    known = _cache.get(market)
    if known is None or known.arrays is not arrays:
        order = np.lexsort((arrays.variant_id, -arrays.popularity))
        ranked = arrays.variant_id[order][~arrays.never_picked[order]].tolist()
        known = _cache[market] = _Popular(arrays, tuple(ranked), frozenset(ranked))
    return known
