"""The door of `events`, the only module of it that others import.

What shoppers did: taken in, stored, counted; online sums and their repair.
"""

from profiles.events.core import (
    SHOP,
    SIMULATED,
    is_crawler,
)
from profiles.events.selectors.offer_events import (
    BasketLine,
    DayFunnel,
    ShopperLine,
    count_offer_events,
    count_weekly_traffic,
    list_basket_lines,
    list_day_funnels,
    list_shopper_lines,
    list_shopper_returns,
    list_viewed,
    measure_return_rate,
    sum_returns,
)
from profiles.events.selectors.purchases import (
    QUOTE_ID,
    PurchaseWeeks,
    QuoteOutcomes,
    load_paid_prices,
    load_purchase_cells,
    load_purchase_weeks,
    load_quote_outcomes,
    start_of_day,
    start_of_week,
)
from profiles.events.services.drain import (
    PAGE,
    LiveEvent,
    drain_events,
    find_waiting,
    list_live_events,
)
from profiles.events.services.events import (
    ingest_events,
    record_purchase_events,
    record_return_events,
)
from profiles.events.services.online import (
    bar_guest,
    forget_profile,
    write_consents,
)
from profiles.events.services.rebuild import (
    drop_partitions,
    ensure_partitions,
    is_warm,
    months_ahead,
    rebuild_online_features,
    repair_online_features,
    restore_online_features,
    warm_shopper,
)
from profiles.events.services.table import (
    clear_lag,
    note_lag,
)

__all__ = [
    "PAGE",
    "QUOTE_ID",
    "SHOP",
    "SIMULATED",
    "BasketLine",
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
