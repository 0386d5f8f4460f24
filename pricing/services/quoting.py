"""The request path: what each variant costs this shopper now."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pricing.core.values import QuoteBatch, QuoteContext


def quote_variants(*, context: QuoteContext, variant_ids: Sequence[int]) -> QuoteBatch:
    """Quote `variant_ids` to the shopper of `context`; never raises for want of Redis or model."""
    raise NotImplementedError


def quote_listing(*, context: QuoteContext, variant_ids: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return this shopper's prices (minor units) of many variants, for sorting; stores nothing."""
    raise NotImplementedError
