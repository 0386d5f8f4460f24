"""One definition of features: additive sums with forward decay, online and in batch.

Accumulate (`increments_of` one by one, `sum_events` in bulk), then derive as of any moment. Both
shells call the same `weigh_events` and the same `derive_values`.
"""

from profiles.features.core.accumulate import (
    HIGHS,
    LONG_HALF_LIFE,
    LOWS,
    SHORT_HALF_LIFE,
    SUMS,
    Increments,
    add_up,
    fade,
    increments_of,
    monthly_rate,
    weigh_events,
)
from profiles.features.core.columns import (
    KIND_CODES,
    KINDS,
    NO_ID,
    NO_SENSITIVE_GOODS,
    EventColumns,
    SensitiveProducts,
    columns_of,
)
from profiles.features.core.derive import (
    UNKNOWN_DAYS,
    VALUE_NAMES,
    derive,
    derive_rows,
    derive_sums,
    derive_values,
)
from profiles.features.core.registry import (
    FEATURES,
    Feature,
    UnknownFeature,
    check_registry,
    require_features,
)
from profiles.features.core.tables import (
    AccumulatorTable,
    AffinityTable,
    NamedSums,
    named_sums,
    sum_events,
    table_of_one,
)

__all__ = [
    "FEATURES",
    "HIGHS",
    "KINDS",
    "KIND_CODES",
    "LONG_HALF_LIFE",
    "LOWS",
    "NO_ID",
    "NO_SENSITIVE_GOODS",
    "SHORT_HALF_LIFE",
    "SUMS",
    "UNKNOWN_DAYS",
    "VALUE_NAMES",
    "AccumulatorTable",
    "AffinityTable",
    "EventColumns",
    "Feature",
    "Increments",
    "NamedSums",
    "SensitiveProducts",
    "UnknownFeature",
    "add_up",
    "check_registry",
    "columns_of",
    "derive",
    "derive_rows",
    "derive_sums",
    "derive_values",
    "fade",
    "increments_of",
    "monthly_rate",
    "named_sums",
    "require_features",
    "sum_events",
    "table_of_one",
    "weigh_events",
]
