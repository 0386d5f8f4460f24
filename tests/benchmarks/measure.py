"""Measure: percentiles, CPU of processes, peak memory; print a table, write JSON."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from tests.benchmarks.rows import find_row

Figures = dict[str, Any]


def percentiles(seconds: Sequence[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99 of durations, in milliseconds."""
    p50, p95, p99 = np.percentile(np.asarray(seconds) * 1000, [50, 95, 99])
    return round(float(p50), 3), round(float(p95), 3), round(float(p99), 3)


def time_calls(call: Callable[[], object], *, calls: int, warm_up: int = 5) -> list[float]:
    """Return the durations in seconds of `calls` calls after `warm_up` unmeasured ones."""
    for _ in range(warm_up):
        call()
    durations = []
    for _ in range(calls):
        started = time.perf_counter()
        call()
        durations.append(time.perf_counter() - started)
    return durations


def list_descendants(pid: int) -> list[int]:
    """Return `pid` and all processes below it."""
    listing = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    children: dict[int, list[int]] = {}
    for line in listing.splitlines():
        child, parent = map(int, line.split())
        children.setdefault(parent, []).append(child)
    found, queue = [], [pid]
    while queue:
        current = queue.pop()
        found.append(current)
        queue.extend(children.get(current, []))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time (user + system) that the processes `pids` have used so far.

    Linux counts in ticks of 10 ms, so measure over hundreds of requests.
    """
    ticks = os.sysconf("SC_CLK_TCK")
    total = 0.0
    for pid in pids:
        stat = Path(f"/proc/{pid}/stat")
        if not stat.exists():
            continue
        fields = stat.read_text().rsplit(")", 1)[1].split()
        total += (int(fields[11]) + int(fields[12]) + int(fields[13]) + int(fields[14])) / ticks
    return total


def print_table(part: str, figures: Figures, targets: dict[str, tuple[str, float]]) -> None:
    """Print the figures of one part beside their targets (`<=` or `>=`, number)."""
    for is_lab, title in ((False, part), (True, f"{part}, lab: not what the shop serves")):
        table = Table(title=title, title_justify="left")
        for column in ("figure", "measured", "target", "", "calls", "setting"):
            table.add_column(column, justify="right" if column == "measured" else "left")
        for name, value in figures.items():
            row, in_lab = find_row(name)
            if in_lab == is_lab:
                table.add_row(
                    name, show_figure(value), *judge_figure(value, targets.get(name)), *row
                )
        if table.rows:
            Console().print(table)


def write_figures(path: Path, part: str, figures: Figures) -> None:
    """Write the figures of one part into the JSON file at `path`, other parts kept."""
    path.parent.mkdir(parents=True, exist_ok=True)
    parts = json.loads(path.read_text()) if path.exists() else {}
    parts[part] = figures
    path.write_text(json.dumps(parts, indent=2, sort_keys=True) + "\n")


def judge_figure(value: float, target: tuple[str, float] | None) -> tuple[str, str]:
    """Return a target in words, and whether it is met."""
    if target is None:
        return "", ""
    relation, bound = target
    is_met = value <= bound if relation == "<=" else value >= bound
    return f"{relation} {bound:g}", "met" if is_met else "missed"


def show_figure(value: object) -> str:
    """Return a figure as the tables print it."""
    if isinstance(value, float):
        return f"{value:,.3f}" if abs(value) < 100 else f"{value:,.0f}"
    return f"{value:,}" if isinstance(value, int) else str(value)
