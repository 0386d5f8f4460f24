"""Quotes in process: a page for one shopper, and the vectorised core for many."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from pricing.api import quote_listing, quote_variants
from pricing.base.core.values import Policy
from pricing.optimum.core.quote import VariantTerms, quote_prices
from pricing.optimum.core.signals import ShopperSignals, SignalWeights
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
        "quotes_per_second_1000_x_500": round(500_000 / min(time_calls(quote_many, calls=3))),
        "fresh_48_p50_ms": fresh_p50,
        "fresh_48_p95_ms": fresh_p95,
        "category_variants": len(errand.variant_ids),
        "category_listing_p50_ms": listing_p50,
        "category_listing_p95_ms": listing_p95,
    }


def _quote_anew(shoppers: Iterator[str], page: tuple[int, ...]) -> None:
    quote_variants(context=quote_context(next(shoppers)), variant_ids=page)


def quote_many() -> None:
    """Quote 500 variants to each of 1,000 shoppers at once: prices, choice, gate, drawn alike."""
    rng = np.random.default_rng(4)
    public = rng.integers(150, 3_000, 500)
    cost = public * rng.uniform(0.5, 0.8, 500)
    terms = VariantTerms(
        variant_id=np.arange(500),
        public_minor=public,
        list_minor=public + 50,
        floor_minor=np.ceil(cost * 1.02).astype(np.int64),
        unit_cost=cost,
        elasticity=rng.uniform(1.0, 4.0, 500),
        elasticity_sd=rng.uniform(0.1, 0.6, 500),
        category_id=rng.integers(1, 40, 500),
        is_open=np.ones(500, dtype=bool),
    )
    person, pair = rng.exponential(3.0, (3, 1_000, 1)), rng.exponential(1.0, (3, 1_000, 500))
    quote_prices(ShopperSignals(*person, *pair), terms, SignalWeights(), Policy())
