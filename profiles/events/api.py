"""The door of `events`, the only module of it that others import.

What shoppers did: taken in, stored, counted; online sums and their repair.
"""

from profiles.events.core.cleaning import (
    is_crawler,
)
from profiles.events.core.records import (
    SHOP,
    SIMULATED,
)
from profiles.events.selectors.funnels import DayFunnel, list_day_funnels
from profiles.events.selectors.offer_events import (
    BasketLine,
    ShopperLine,
    count_offer_events,
    count_weekly_traffic,
    list_basket_lines,
    list_shopper_lines,
    list_shopper_returns,
    measure_return_rate,
    sum_returns,
)
from profiles.events.selectors.outcomes import (
    QUOTE_ID,
    QuoteOutcomes,
    load_quote_outcomes,
)
from profiles.events.selectors.paid import (
    load_paid_prices,
)
from profiles.events.selectors.purchases import (
    PurchaseWeeks,
    load_purchase_cells,
    load_purchase_weeks,
    start_of_day,
    start_of_week,
)
from profiles.events.selectors.viewed import list_viewed
from profiles.events.services.drain import (
    drain_events,
)
from profiles.events.services.events import (
    MAX_BATCH,
    BatchTooLarge,
    ingest_events,
)
from profiles.events.services.online import (
    bar_guest,
    forget_profile,
    write_consents,
)
from profiles.events.services.partitions import (
    drop_partitions,
    ensure_partitions,
    months_ahead,
)
from profiles.events.services.purchases import (
    record_purchase_events,
    record_return_events,
)
from profiles.events.services.rebuild import (
    is_warm,
    rebuild_online_features,
    repair_online_features,
    restore_online_features,
    warm_shopper,
)
from profiles.events.services.stream import (
    PAGE,
    LiveEvent,
    find_waiting,
    list_live_events,
)
from profiles.events.services.table import (
    clear_lag,
    note_lag,
)

__all__ = [
    "MAX_BATCH",
    "PAGE",
    "QUOTE_ID",
    "SHOP",
    "SIMULATED",
    "BasketLine",
    "BatchTooLarge",
    "DayFunnel",
    "LiveEvent",
    "PurchaseWeeks",
    "QuoteOutcomes",
    "ShopperLine",
    "bar_guest",
    "clear_lag",
    "count_offer_events",
    "count_weekly_traffic",
    "drain_events",
    "drop_partitions",
    "ensure_partitions",
    "find_waiting",
    "forget_profile",
    "ingest_events",
    "is_crawler",
    "is_warm",
    "list_basket_lines",
    "list_day_funnels",
    "list_live_events",
    "list_shopper_lines",
    "list_shopper_returns",
    "list_viewed",
    "load_paid_prices",
    "load_purchase_cells",
    "load_purchase_weeks",
    "load_quote_outcomes",
    "measure_return_rate",
    "months_ahead",
    "note_lag",
    "rebuild_online_features",
    "record_purchase_events",
    "record_return_events",
    "repair_online_features",
    "restore_online_features",
    "start_of_day",
    "start_of_week",
    "sum_returns",
    "warm_shopper",
    "write_consents",
]
