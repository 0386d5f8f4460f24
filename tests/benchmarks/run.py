"""`./dev bench [--keep] [part ...]`: run parts, print a table each, write the figures as JSON.

With `--keep` they are written into the table of `docs/benchmarks.md` as well. `pages --beside
COMMIT` measures pages now and at another commit, in one run.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

# ruff: noqa: E402  # the parts import models, which need the registry that setup() fills
from tests.benchmarks import (
    beside,
    chances,
    choice,
    events,
    journey,
    lanes,
    limits,
    lists,
    memory,
    optimum,
    pages,
    pricing,
    promotions,
    quotes,
    quotes_http,
    recommendations,
    recompute,
    replay,
    served_path,
    training,
)
from tests.benchmarks.keep import keep_figures
from tests.benchmarks.measure import Figures, print_table, write_figures

PAGE = Path("docs/benchmarks.md")
Part = tuple[Callable[[], Figures], dict[str, tuple[str, float]]]
PARTS: dict[str, Part] = {
    "quotes": (
        lambda: quotes.measure() | quotes_http.measure(),
        quotes.TARGETS | quotes_http.TARGETS,
    ),
    "pages": (pages.measure, pages.TARGETS),
    "lists": (lists.measure, lists.TARGETS),
    "lanes": (lanes.measure, lanes.TARGETS),
    "events": (events.measure, events.TARGETS),
    "training": (training.measure, training.TARGETS),
    "chances": (chances.measure, chances.TARGETS),
    "choice": (choice.measure, choice.TARGETS),
    "recompute": (recompute.measure, recompute.TARGETS),
    "recommendations": (recommendations.measure, recommendations.TARGETS),
    "replay": (replay.measure, replay.TARGETS),
    "limits": (limits.measure, limits.TARGETS),
    "pricing": (
        lambda: pricing.measure() | optimum.measure() | journey.measure() | served_path.measure(),
        pricing.TARGETS | optimum.TARGETS | journey.TARGETS | served_path.TARGETS,
    ),
    "promotions": (promotions.measure, promotions.TARGETS),
    "memory": (memory.measure, memory.TARGETS),
}


def main(names: list[str]) -> int:
    """Run the named parts, or all; return the exit status."""
    keeps = "--keep" in names
    names = [name for name in names if name != "--keep"]
    if names[:2] == ["pages", "--beside"] and len(names) == 3:
        return bench_beside(names[2], keeps=keeps)
    unknown = sorted(set(names) - PARTS.keys())
    if unknown:
        print(f"bench: no part called {', '.join(unknown)}; there are: {', '.join(PARTS)}.")
        return 2
    path = bench_file()
    for name in names or list(PARTS):
        measure, targets = PARTS[name]
        figures = measure()
        print_table(name, figures, targets)
        write_figures(path, name, figures)
        if keeps:
            keep_figures(PAGE, name, figures, targets)
    print(f"Written to {path}.")
    return 0


def bench_beside(commit: str, *, keeps: bool) -> int:
    """Measure pages now and at another commit; of what is kept the row names the commit."""
    part, figures = f"pages beside {commit}", beside.measure_beside(commit)
    print_table(part, figures, beside.TARGETS)
    write_figures(bench_file(), part, figures)
    if keeps:
        ratios = {name: value for name, value in figures.items() if name in beside.TARGETS}
        keep_figures(PAGE, part, ratios, beside.TARGETS)
    print(f"Written to {bench_file()}.")
    return 0


def bench_file() -> Path:
    """Return where figures are written as JSON."""
    return Path(os.environ.get("BENCH_FILE", ".fairtag/bench.json"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
