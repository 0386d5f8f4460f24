"""The kept figures of the project: a rise is said, a fall is free."""

from __future__ import annotations

from pathlib import Path

from tools.house import KEPT, compare, lower, weigh_files

KEPT_TEXT = KEPT.read_text()


def test_lines_count_for_their_suite_in_whole_hundreds(tmp_path: Path) -> None:
    write(tmp_path / "pricing/demand/core/choice.py", lines=101)
    write(tmp_path / "pricing/demand/api.py", lines=100)
    write(tmp_path / "pricing/migrations/0001_initial.py", lines=900)
    write(tmp_path / "tests/unit/test_choice.py", lines=1)
    assert weigh_files(tmp_path) == {
        "files of the product": 2,
        "lines of pricing/demand": 300,
        "lines of tests": 100,
    }


def test_what_rose_is_new_or_gone_is_said() -> None:
    kept = {"tables": 8, "files": 4, "staff tables": 3}
    assert compare({"tables": 9, "files": 4, "queues": 1}, kept) == [
        "tables: 9, kept 8.",
        "queues: 1, kept nowhere.",
        "staff tables: kept, and there is no such thing.",
    ]


def test_the_kept_file_is_lowered_and_never_raised() -> None:
    lowered = lower(KEPT_TEXT, {"tables": 1, "lines of tools": 10**6})
    changed = [
        (before, after)
        for before, after in zip(KEPT_TEXT.splitlines(), lowered.splitlines(), strict=True)
        if before != after
    ]
    assert [after for _before, after in changed] == ['"tables" = 1']


def write(path: Path, *, lines: int) -> None:
    """Write a file of so many lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n" * lines)
