"""The order in which workers take the files, and which files a run waited for.

`--dist loadfile --no-loadscope-reorder` hands whole files out in the order of collection: long
files first, so that no worker is left with one of them while the others have nothing to do. The
browser tests go to one worker as if they were one file: their shop takes two minutes to fill, and a
second worker would do nothing but wait for it.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest

import pytest
from _pytest.terminal import TerminalReporter
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

SHOWN = 5
# Seconds that a test takes, roughly: enough to put the long files first.
SLOW, BROWSER, STATISTICAL, USUAL = 30.0, 8.0, 1.0, 0.2
BROWSER_TESTS = "tests/functional/"


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In a worker: long files first."""
    if hasattr(config, "workerinput"):
        put_long_files_first(items)


def put_long_files_first(items: list[pytest.Item]) -> None:
    """Sort the tests by the weight of what is handed out with them; a file stays together."""
    weights: defaultdict[str, float] = defaultdict(float)
    for item in items:
        weights[unit_of(item.nodeid)] += weigh(item)
    items.sort(key=lambda item: (-weights[unit_of(item.nodeid)], file_of(item.nodeid)))


def weigh(item: pytest.Item) -> float:
    """Guess how many seconds a test takes."""
    if item.get_closest_marker("slow"):
        return SLOW
    if item.nodeid.startswith(BROWSER_TESTS):
        return BROWSER
    return STATISTICAL if item.get_closest_marker("statistical") else USUAL


class HandOut(LoadFileScheduling):
    """Hands out files, and the browser tests as one."""

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> HandOut | None:
    """With `--dist loadfile`: this one."""
    return HandOut(config, log) if config.getvalue("dist") == "loadfile" else None


def unit_of(nodeid: str) -> str:
    """Return what a test is handed out with: its file, or all browser tests.

    >>> unit_of("tests/functional/test_journey.py::test_a_guest_buys")
    'tests/functional/'
    >>> unit_of("tests/unit/test_money.py::test_a_cent")
    'tests/unit/test_money.py'
    """
    return BROWSER_TESTS if nodeid.startswith(BROWSER_TESTS) else file_of(nodeid)


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
