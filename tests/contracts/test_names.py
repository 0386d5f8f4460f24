"""Names: a module is named after what it is about, a test in ten words at most."""

from __future__ import annotations

import ast
import re
from pathlib import PurePosixPath

from tests.contracts.house import expect_none, list_sources, name_of, walk_functions

EMPTY_NAMES = {
    *("util", "utils", "helper", "helpers", "manager", "managers", "data", "info"),
    *(
        "common",
        "misc",
        "stuff",
    ),
}
EMPTY_SUFFIXES = ("Helper", "Helpers", "Util", "Utils", "Info", "Data", "Common")
WORDS_OF_A_TEST = 10
ENDING = re.compile(rf"({'|'.join(EMPTY_SUFFIXES)})\b")


def find_empty_names(path: str) -> list[str]:
    """The parts of a path that name nothing."""
    return [part for part in PurePosixPath(path).with_suffix("").parts if part in EMPTY_NAMES]


def find_empty_classes(source: str) -> list[str]:
    """Classes whose names end in a word that says nothing."""
    if ENDING.search(source) is None:
        return []
    return [
        node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef) and node.name.endswith(EMPTY_SUFFIXES)
    ]


def find_long_test_names(source: str) -> list[str]:
    """Tests whose names have more than ten words; "test" does not count."""
    return [
        node.name
        for node in walk_functions(ast.parse(source))
        if node.name.startswith("test_") and node.name.count("_") > WORDS_OF_A_TEST
    ]


def test_no_module_has_an_empty_name() -> None:
    names = [name_of(path) for path in list_sources()]
    assert [name for name in names if find_empty_names(name)] == []


def test_no_class_has_an_empty_name() -> None:
    assert {
        name_of(path): found
        for path in list_sources()
        if (found := find_empty_classes(path.read_text()))
    } == {}


def test_the_check_finds_empty_names() -> None:
    assert find_empty_names("pricing/utils/money.py") == ["utils"]
    assert find_empty_names("orders/helpers.py") == ["helpers"]
    assert find_empty_names("pricing/optimum/core/quote.py") == []
    assert find_empty_classes("class CartHelper: ...") == ["CartHelper"]


def test_no_test_has_a_name_of_more_than_ten_words() -> None:
    expect_none(
        f"{name_of(path)}: {name}"
        for path in list_sources("tests")
        if path.name.startswith("test_")
        for name in find_long_test_names(path.read_text())
    )


def test_the_check_finds_a_test_name_of_eleven_words() -> None:
    ten, eleven = (f"test_{'_'.join(['word'] * count)}" for count in (10, 11))
    methods = f"class TestCart:\n    async def {eleven}(self): ..."
    assert find_long_test_names(f"def {ten}(): ...\ndef {eleven}(): ...") == [eleven]
    assert find_long_test_names(methods) == [eleven]
