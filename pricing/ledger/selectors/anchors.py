"""The price of each variant that somebody set last, before the model or chance moved it."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import IntArray
from pricing.ledger.models.ledger import PublicPrice


def load_anchors(variant_id: IntArray, place: tuple[str, str]) -> IntArray:
    """Return the anchors of variants (n,), in minor units; 0 where one has no price. One query."""
    ids, row = np.unique(variant_id, return_inverse=True)
    rows = PublicPrice.objects.filter(market_id=place[0], channel=place[1])
    known = dict(rows.filter(variant_id__in=ids.tolist()).values_list("variant_id", "anchor_minor"))
    anchors = np.array([known.get(one, 0) for one in ids.tolist()], dtype=np.int64)
    found: IntArray = anchors[row.ravel()]
    return found
