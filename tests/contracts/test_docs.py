"""Documents keep their word: links lead somewhere, commands exist, decisions are numbered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.contracts.house import ROOT, expect_none
from tests.contracts.test_layout import list_tracked
from tools.__main__ import COMMANDS, USAGE

DOCUMENTS = sorted(
    {path for pattern in ("*.md", "docs/**/*.md", "*/README.md") for path in ROOT.glob(pattern)}
)
LINK = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
HIDDEN_COMMANDS = {"supervise"}
# Examples in which the reader makes the file.
NEW_MODULES = {"rungs.py", "tests/integration/promotions/coupons/test_old_refusals.py"}
ADR = ROOT / "docs/adr"
RECORDS = [(int(path.name[:4]), path) for path in sorted(ADR.glob("[0-9]*.md"))]


def find_dead_links(text: str, folder: Path) -> list[str]:
    """Relative links of a document that lead nowhere."""
    return [target for target in LINK.findall(text) if not (folder / target).exists()]


def find_unknown_commands(text: str) -> list[str]:
    """`./dev <word>` where there is no such command."""
    known = {*COMMANDS, "help"}
    return [word for word in re.findall(r"\./dev ([a-z]+)\b", text) if word not in known]


def find_unknown_modules(text: str, tracked: list[str]) -> list[str]:
    """Python files in backquotes that end no path of ours."""
    named = re.findall(r"`([\w./-]+\.py)`", text)
    return [one for one in named if not any(f"/{path}".endswith(f"/{one}") for path in tracked)]


def find_decisions(text: str) -> list[int]:
    """The numbers of decision records that a text names."""
    return [int(number) for number in re.findall(r"\b(?:adr/|ADR )(\d+)", text)]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_and_commands_of_documents_exist(path: Path) -> None:
    text = path.read_text()
    expect_none(find_dead_links(text, path.parent))
    # In backquotes or alone on a line: elsewhere "./dev finds a Python" is prose.
    spoken = re.findall(r"`(\./dev [^`]*)`|^(\./dev .*)$", text, re.MULTILINE)
    expect_none(find_unknown_commands("\n".join("".join(pair) for pair in spoken)))


def test_modules_that_documents_name_exist() -> None:
    tracked = list_tracked()
    expect_none(
        f"{path.relative_to(ROOT)}: {name}"
        for path in DOCUMENTS
        for name in find_unknown_modules(path.read_text(), tracked)
        if name not in NEW_MODULES
    )


def test_help_lists_every_command() -> None:
    expect_none(
        name for name in COMMANDS if f"  {name} " not in USAGE and name not in HIDDEN_COMMANDS
    )


def test_decisions_are_numbered_once_and_dated() -> None:
    assert len(RECORDS) >= 5
    assert len({number for number, _path in RECORDS}) == len(RECORDS)
    for number, path in RECORDS:
        text = path.read_text()
        assert text.startswith(f"# {number}. "), path.name
        assert re.search(r"\b20\d\d-\d\d-\d\d\b", text), path.name


def test_the_index_names_every_decision_with_its_title() -> None:
    rows = re.findall(
        r"^\| (\d+) \| \[(.+)\]\((.+)\) \| \w+ \| .+ \|$",
        (ADR / "README.md").read_text(),
        re.MULTILINE,
    )
    titles = [
        (str(number), path.read_text().splitlines()[0].partition(". ")[2], path.name)
        for number, path in RECORDS
    ]
    assert rows == titles


def test_every_decision_that_is_named_exists() -> None:
    numbers = {number for number, _path in RECORDS}
    named = [
        (path, number)
        for path in list_tracked()
        if path.endswith((".py", ".md", ".html", ".toml", ".yaml", ".ipynb", ".in"))
        for number in find_decisions((ROOT / path).read_text())
    ]
    expect_none(f"{path} names decision {one}" for path, one in named if one not in numbers)


def test_the_checks_find_dead_links_unknown_commands_and_modules() -> None:
    assert find_dead_links("[a](nowhere.md) [b](https://x.example) [c](#part)", ROOT) == [
        "nowhere.md"
    ]
    assert find_unknown_commands("./dev demo and ./dev fly") == ["fly"]
    tracked = ["shop/clock.py", "tools/paths.py"]
    assert find_unknown_modules("`clock.py`, `shop/paths.py`, `lock.py`", tracked) == [
        "shop/paths.py",
        "lock.py",
    ]
    assert find_decisions("[ADR 4](adr/0004-x.md) and `docs/adr/0190`") == [4, 4, 190]
