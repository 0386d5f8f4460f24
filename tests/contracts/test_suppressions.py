"""A silenced warning names its rule and gives its reason on the same line."""

from __future__ import annotations

import re

from tests.contracts.house import expect_none, list_sources, name_of, read_comments, read_pyproject

SHORTEST_REASON = 5
SILENCER = re.compile(r"#\s*(noqa|type:\s*ignore|nosec|pragma:\s*no\s*cover)(.*)", re.IGNORECASE)


def find_unexplained(source: str) -> list[str]:
    """Comments that silence a tool without a rule or without a reason."""
    if SILENCER.search(source) is None:
        return []
    found = []
    for line, comment in read_comments(source):
        match = SILENCER.search(comment)
        if match and not _is_explained(match.group(1).lower(), match.group(2)):
            found.append(f"{line}: {comment}")
    return found


def _is_explained(kind: str, rest: str) -> bool:
    named, _, reason = rest.partition("]" if "type" in kind else " ")
    if kind == "noqa":
        named, _, reason = rest.lstrip(": ").partition(" ")
        while re.match(r"^[A-Z]+[0-9]+,?\s", reason):
            reason = reason.partition(" ")[2]
    has_rule = "pragma" in kind or bool(re.search(r"[A-Za-z]", named))
    return has_rule and len(reason.strip(" -#:")) >= SHORTEST_REASON


def test_every_silenced_warning_has_a_rule_and_a_reason() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources()
        for problem in find_unexplained(path.read_text())
    )


def test_import_linter_ignores_nothing() -> None:
    contracts = read_pyproject()["tool"]["importlinter"]["contracts"]
    assert len(contracts) >= 5
    assert [contract["id"] for contract in contracts if "ignore_imports" in contract] == []


def test_the_check_finds_unexplained_silence() -> None:
    bad = ["x = 1  # noqa", "x = 1  # noqa: S101", "x = f()  # type: ignore", "x  # nosec"]
    bad += ["x = f()  # type: ignore[arg-type]", "x = f()  # type: ignore  # because of stubs"]
    assert [line for line in bad if not find_unexplained(line)] == []


def test_the_check_accepts_a_rule_with_a_reason() -> None:
    good = [
        "x = 1  # noqa: S101 - a fixed word, no secret",
        "x = 1  # noqa: S101, S105 - a fixed word, no secret",
        "x = f()  # type: ignore[arg-type]  # the stubs lag behind",
        "text = 'no # noqa here'",
    ]
    assert [line for line in good if find_unexplained(line)] == []
