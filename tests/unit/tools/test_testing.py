"""`./dev test` runs what a push needs, and looks for a browser where browser tests are named."""

import pytest

from tools import testing


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], True),
        (["-q", "-n", "0"], True),
        (["tests"], True),
        (["tests/functional"], True),
        (["tests/functional/test_access.py::test_a_page", "-q"], True),
        (["tests/unit", "tests/functional/test_access.py"], True),
        (["tests/unit"], False),
        (["-n", "0", "tests/unit/tools/test_testing.py::test_it", "-k", "browser"], False),
    ],
)
def test_a_browser_is_wanted_by_browser_tests(arguments: list[str], expected: bool) -> None:
    assert testing.wants_browser(arguments) is expected


def test_a_unit_test_needs_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(testing, "ensure_browser", lambda: pytest.fail("a browser is looked for"))
    monkeypatch.setattr(testing, "PYTHON", "true")
    monkeypatch.setattr(testing, "WORKER_END_SECONDS", 0)
    assert testing.run_tests(["tests/unit/tools"]) == 0


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["-m", "not release and not statistical"]),
        (["--all"], [testing.NEW_EXAMPLES]),
        (["--all", "-q"], ["-q", testing.NEW_EXAMPLES]),
        (["tests/unit", "--changed"], ["tests/unit"]),
    ],
)
def test_a_push_leaves_out_what_a_release_runs(arguments: list[str], expected: list[str]) -> None:
    workers, number, *rest = testing.spell_out(arguments)
    assert workers == "-n"
    assert number.isdigit()
    assert rest == ["--dist", "loadfile", "--no-loadscope-reorder", *expected]
