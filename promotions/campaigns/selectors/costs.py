"""Unit costs of products today."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from shop.ground.catalog.selectors import load_variant_arrays


def find_costs(variant_ids: Sequence[int], market: str) -> dict[int, int]:
    """Return, by variant, what a unit costs the shop in a market ("": at home), in minor
    units of its currency.

    Unknown ones are absent. No query.
    """
    arrays = load_variant_arrays(market)
    wanted = np.array(list(variant_ids), dtype=np.int64)
    at = np.flatnonzero(np.isin(arrays.variant_id, wanted) & (arrays.cost_minor >= 0))
    return dict(zip(arrays.variant_id[at].tolist(), arrays.cost_minor[at].tolist(), strict=True))
