"""Counters of the room."""

from __future__ import annotations

from prometheus_client import Counter, Histogram

events_total = Counter(
    "fairtag_events_total", "Events at the door by what became of them", ["outcome"]
)
events_drained_total = Counter(
    "fairtag_events_drained_total", "Stream entries by what became of them", ["outcome"]
)
event_lag_seconds = Histogram(
    "fairtag_event_lag_seconds",
    "Time from acceptance to the table",
    buckets=(0.5, 1, 2, 5, 10, 30, 60, 300, 1800),
)
profile_reads_total = Counter("fairtag_profile_reads_total", "Online profile reads", ["outcome"])
profile_rebuilds_total = Counter(
    "fairtag_profile_rebuilds_total", "Online profiles rebuilt from the table"
)
consent_changes_total = Counter(
    "fairtag_consent_changes_total", "Recorded answers", ["purpose", "granted"]
)
experiment_exposures_total = Counter(
    "fairtag_experiment_exposures_total", "First exposures of shoppers to an arm"
)
experiment_stops_total = Counter(
    "fairtag_experiment_stops_total", "Experiments stopped, by themselves or by staff", ["by"]
)
