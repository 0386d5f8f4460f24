"""`./dev test` looks for a browser only where browser tests are among those named."""

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
