"""`./dev bench --keep`: write the figures of a run into the one table of `docs/benchmarks.md`."""

from __future__ import annotations

import os
from pathlib import Path

from django.utils import timezone

from tests.benchmarks.measure import Figures, judge_figure, show_figure

HEAD = "| part | figure | measured | target | | date | machine |"
RULE = "|---|---|---|---|---|---|---|"
Targets = dict[str, tuple[str, float]]


def keep_figures(page: Path, part: str, figures: Figures, targets: Targets) -> None:
    """Write the figures of one part into the table of `page`; rows of other figures stay.

    Raise ValueError where the page has no such table.
    """
    before, found, rest = page.read_text().partition(f"{HEAD}\n{RULE}\n")
    if not found:
        raise ValueError(f"{page} has no table that begins with: {HEAD}")
    lines = rest.splitlines()
    length = next((at for at, line in enumerate(lines) if not line.startswith("|")), len(lines))
    rows = {_name_row(line): line for line in lines[:length]}
    for figure, value in figures.items():
        verdict = " | ".join(judge_figure(value, targets.get(figure)))
        cells = f"{show_figure(value)} | {verdict} | {timezone.localdate()} | {name_machine()}"
        rows[part, figure] = f"| {part} | `{figure}` | {cells} |"
    table = [HEAD, RULE, *(rows[key] for key in sorted(rows)), *lines[length:]]
    page.write_text(before + "\n".join(table) + "\n")


def name_machine() -> str:
    """Return cores, memory and load of this machine, such as "2 cores, 24 GiB, load 0.3"."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return f"{os.cpu_count()} cores, {memory:.0f} GiB, load {load:.1f}"


def _name_row(line: str) -> tuple[str, str]:
    part, figure = (cell.strip().strip("`") for cell in line.split("|")[1:3])
    return part, figure
