"""Competitor prices: reading feeds, matching products, and screening implausible prices.

    from pricing.competitors.core import read_feed, screen_prices

Pure: text and arrays in, rows and reasons out. Fetching and storing are services.
"""

from pricing.competitors.core.band import competitor_ceiling
from pricing.competitors.core.feed import FeedRow, read_amount, read_feed
from pricing.competitors.core.matching import NameIndex, name_key
from pricing.competitors.core.screening import Screened, screen_prices

__all__ = [
    "FeedRow",
    "NameIndex",
    "Screened",
    "competitor_ceiling",
    "name_key",
    "read_amount",
    "read_feed",
    "screen_prices",
]
