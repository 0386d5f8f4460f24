"""What competitors ask: read a feed, find our goods in it, and believe only what is plausible.

    from pricing.core.competitors import read_feed, screen_prices

Pure: text and arrays in, rows and reasons out. Fetching and storing are services.
"""

from pricing.core.competitors.band import competitor_band
from pricing.core.competitors.feed import FeedRow, read_feed
from pricing.core.competitors.matching import NameIndex, name_key
from pricing.core.competitors.money import read_amount
from pricing.core.competitors.screening import Screened, screen_prices

__all__ = [
    "FeedRow",
    "NameIndex",
    "Screened",
    "competitor_band",
    "name_key",
    "read_amount",
    "read_feed",
    "screen_prices",
]
