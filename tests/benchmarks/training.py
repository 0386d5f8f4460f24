"""Retraining on the full year, and the import that filled it."""

from __future__ import annotations

import resource
import sys
import time

from pricing.api import train_demand
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.kernel.clock import utc_now
from tests.benchmarks.measure import Figures

TARGETS = {
    "retrain_seconds": ("<=", 60.0),
    "import_seconds": ("<=", 120.0),
    "peak_mib": ("<=", 2_048.0),
}


def measure() -> Figures:
    """Return seconds and rows a second of a retrain, peak memory, and the last import's time."""
    started = time.perf_counter()
    model = train_demand(as_of=utc_now())
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures: Figures = {
        "retrain_seconds": round(seconds, 1),
        "retrain_rows_per_second": round(model.rows / seconds),
        "peak_mib": round(peak / (1024 if sys.platform == "linux" else 1024**2)),
    }
    figures |= {name: value for name, value in model.metrics.items() if isinstance(value, float)}
    imported = find_latest_run("import_journey")
    if imported is not None and imported.seconds:
        figures["import_seconds"] = round(imported.seconds, 1)
        figures["import_rows_per_second"] = round(imported.rows / imported.seconds)
    return figures
