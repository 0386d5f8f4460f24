"""The door of `features`, the only module of it that others import.

The one definition of features, and what it needs to know of products.
"""

from profiles.features.core.accumulate import (
    LONG_HALF_LIFE,
    SHORT_HALF_LIFE,
    fade,
    monthly_rate,
    weigh,
)
from profiles.features.core.derive import (
    VALUE_NAMES,
)
from profiles.features.core.registry import (
    FEATURES,
    KIND_CODES,
    EventColumns,
    require_features,
)
from profiles.features.selectors import (
    ShopperEvents,
    load_price_ranks,
    load_shopper_events,
    lookup_variants,
    sensitive_products,
)

__all__ = [
    "FEATURES",
    "KIND_CODES",
    "LONG_HALF_LIFE",
    "SHORT_HALF_LIFE",
    "VALUE_NAMES",
    "EventColumns",
    "ShopperEvents",
    "fade",
    "load_price_ranks",
    "load_shopper_events",
    "lookup_variants",
    "monthly_rate",
    "require_features",
    "sensitive_products",
    "weigh",
]
