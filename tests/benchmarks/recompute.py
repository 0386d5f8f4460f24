"""The whole shop recomputed: profiles of everybody, then the price book."""

from __future__ import annotations

import time

from pricing.api import publish_price_book
from profiles.segments.services.segments import refresh_profiles
from shop.ground.kernel.clock import utc_now
from tests.benchmarks.measure import Figures

TARGETS = {"whole_shop_seconds": ("<=", 300.0)}


def measure() -> Figures:
    """Return shoppers a second through both steps, and the seconds for the whole shop."""
    started = time.perf_counter()
    shoppers = refresh_profiles(now=utc_now())
    profiled = time.perf_counter() - started
    started = time.perf_counter()
    publish_price_book(now=utc_now())
    published = time.perf_counter() - started
    return {
        "shoppers": shoppers,
        "profiles_seconds": round(profiled, 2),
        "profiles_shoppers_per_second": round(shoppers / profiled),
        "price_book_seconds": round(published, 2),
        "price_book_shoppers_per_second": round(shoppers / published),
        "whole_shop_seconds": round(profiled + published, 2),
    }
