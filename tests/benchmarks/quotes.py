"""Quotes in process: a page for one shopper, and the vectorised core for many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pricing.services import quote_listing, quote_variants
from tests.benchmarks.measure import Figures, percentiles, time_calls
from tests.benchmarks.shopping import choose_errand, list_households, quote_context

TARGETS = {"page_48_p95_ms": ("<=", 2.0), "fresh_48_p95_ms": ("<=", 5.0)}


def measure() -> Figures:
    """Return latencies of 48 held quotes, 48 fresh quotes, and a whole category's prices."""
    errand = choose_errand()
    page = errand.variant_ids[:48]
    held = time_calls(
        lambda: quote_variants(context=quote_context(errand.pseudonym), variant_ids=page), calls=500
    )
    shoppers = iter(list_households(250))
    fresh = time_calls(lambda: _quote_anew(shoppers, page), calls=200)
    category = np.asarray(errand.variant_ids)
    listing = time_calls(
        lambda: quote_listing(context=quote_context(errand.pseudonym), variant_ids=category),
        calls=200,
    )
    p50, p95, p99 = percentiles(held)
    fresh_p50, fresh_p95, _ = percentiles(fresh)
    listing_p50, listing_p95, _ = percentiles(listing)
    return {
        "page_48_p50_ms": p50,
        "page_48_p95_ms": p95,
        "page_48_p99_ms": p99,
        "quotes_per_second": round(48 * len(held) / sum(held)),
        "fresh_48_p50_ms": fresh_p50,
        "fresh_48_p95_ms": fresh_p95,
        "category_variants": len(errand.variant_ids),
        "category_listing_p50_ms": listing_p50,
        "category_listing_p95_ms": listing_p95,
    }


def _quote_anew(shoppers: Iterator[str], page: tuple[int, ...]) -> None:
    quote_variants(context=quote_context(next(shoppers)), variant_ids=page)
