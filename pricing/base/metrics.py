"""Counters of the room."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

quotes_total = Counter("fairtag_quotes_total", "Prices quoted by rung of the ladder", ["rung"])
quote_fallbacks_total = Counter(
    "fairtag_quote_fallbacks_total", "Requests answered with public prices, and why", ["reason"]
)
guard_hits_total = Counter(
    "fairtag_guard_hits_total", "Prices that a guardrail changed", ["gate", "action"]
)
quote_seconds = Histogram(
    "fairtag_quote_seconds",
    "Time to quote one page",
    ["kind"],
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
)
quotes_issued_total = Counter("fairtag_quotes_issued_total", "New quotes by arm", ["arm"])
quotes_refused_total = Counter(
    "fairtag_quotes_refused_total", "Quote tokens that were not honoured, by code", ["code"]
)
quotes_drained_total = Counter(
    "fairtag_quotes_drained_total", "Quotes from the stream by what became of them", ["outcome"]
)
looks_total = Counter("fairtag_public_looks_total", "Looks at public prices that were counted")
looks_lost_total = Counter(
    "fairtag_public_looks_lost_total", "Looks at public prices not counted, and why", ["reason"]
)
look_pages_dropped_total = Counter(
    "fairtag_public_look_pages_dropped_total", "Pages of looks the full stream let go uncounted"
)
price_changes_total = Counter(
    "fairtag_public_price_changes_total", "Changes of public prices", ["direction"]
)
# Set by whoever publishes and by whoever is asked for metrics. Every process begins with 0, which
# "mostrecent" passes over; a restored backup may bring a lower version, which "max" would hide.
book_version = Gauge(
    "fairtag_price_book_version",
    "Version of the current price book",
    multiprocess_mode="mostrecent",
)
breaker_trips_total = Counter("fairtag_breaker_trips_total", "Breakers that tripped", ["kind"])
refits_total = Counter(
    "fairtag_refits_total", "Candidates for the next model by what became of them", ["outcome"]
)
seals_checked_total = Counter(
    "fairtag_seals_checked_total",
    "Sealed days compared with their tables, by outcome",
    ["table", "outcome"],
)
broken_seals = Gauge(
    "fairtag_broken_seals",
    "Sealed days that are not what was sealed",
    ["table"],
    multiprocess_mode="mostrecent",
)
