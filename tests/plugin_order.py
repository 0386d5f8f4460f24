"""The order in which workers take the files, and which files a run waited for.

`--dist loadfile --no-loadscope-reorder` hands whole files out in the order of collection: long
files first, so that no worker is left with one of them while the others have nothing to do.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest

import pytest
from _pytest.terminal import TerminalReporter

SHOWN = 5
# Seconds that a test takes, roughly: enough to put the long files first.
SLOW, BROWSER, STATISTICAL, USUAL = 30.0, 8.0, 1.0, 0.2


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: long files first."""
    if hasattr(config, "workerinput"):
        put_long_files_first(items)


def put_long_files_first(items: list[pytest.Item]) -> None:
    """Sort the tests by the weight of their file; those of a file stay together."""
    weights: defaultdict[str, float] = defaultdict(float)
    for item in items:
        weights[file_of(item.nodeid)] += weigh(item)
    items.sort(key=lambda item: (-weights[file_of(item.nodeid)], file_of(item.nodeid)))


def weigh(item: pytest.Item) -> float:
    """Guess how many seconds a test takes."""
    if item.get_closest_marker("slow"):
        return SLOW
    if item.nodeid.startswith("tests/functional/"):
        return BROWSER
    return STATISTICAL if item.get_closest_marker("statistical") else USUAL


def file_of(nodeid: str) -> str:
    """Return the file of a test."""
    return nodeid.partition("::")[0]


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Name the files that took longest, in a run of many."""
    seconds: defaultdict[str, float] = defaultdict(float)
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[file_of(report.nodeid)] += report.duration
    if len(seconds) > SHOWN:
        terminalreporter.section(f"slowest {SHOWN} of {len(seconds)} files")
        for file, duration in nlargest(SHOWN, seconds.items(), key=lambda one: one[1]):
            terminalreporter.write_line(f"{duration:8.1f} s  {file}")
