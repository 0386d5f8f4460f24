"""Workers begin with the long files, and a run tells which it waited for."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.plugin_order import put_long_files_first, pytest_terminal_summary, unit_of


def item(nodeid: str, *marks: str) -> Any:
    """A collected test, as far as its order is concerned."""
    return SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name: name in marks)


def test_long_files_come_first_and_tests_stay_by_file() -> None:
    items = [
        item("tests/unit/test_a.py::test_1"),
        item("tests/unit/test_b.py::test_1"),
        item("tests/functional/test_z.py::test_1"),
        item("tests/functional/test_f.py::test_1"),
        item("tests/unit/test_a.py::test_2", "slow"),
        item("tests/statistical/test_s.py::test_1", "statistical"),
        item("tests/unit/test_a.py::test_0"),
    ]
    put_long_files_first(items)
    assert [one.nodeid.removeprefix("tests/") for one in items] == [
        "unit/test_a.py::test_1",
        "unit/test_a.py::test_2",
        "unit/test_a.py::test_0",
        "functional/test_f.py::test_1",
        "functional/test_z.py::test_1",
        "statistical/test_s.py::test_1",
        "unit/test_b.py::test_1",
    ]


def test_browser_tests_are_handed_out_as_one() -> None:
    names = [
        "functional/test_f.py::test_1",
        "functional/test_z.py::test_2",
        "unit/test_a.py::test_1",
    ]
    units = [unit_of(f"tests/{name}") for name in names]
    assert units == ["tests/functional/", "tests/functional/", "tests/unit/test_a.py"]


def test_the_five_slowest_files_are_reported() -> None:
    lines: list[str] = []
    terminal = SimpleNamespace(
        stats={"passed": [report(f"tests/test_{n}.py::test_it", n) for n in range(6)] * 2},
        section=lines.append,
        write_line=lines.append,
    )
    pytest_terminal_summary(cast("Any", terminal))
    assert lines[0] == "slowest 5 of 6 files"
    assert [line.split() for line in lines[1:3]] == [
        ["10.0", "s", "tests/test_5.py"],
        ["8.0", "s", "tests/test_4.py"],
    ]
    assert len(lines) == 6


def report(nodeid: str, seconds: float) -> pytest.TestReport:
    """The report of a passed test."""
    return pytest.TestReport(nodeid, ("", None, ""), {}, "passed", None, "call", duration=seconds)
