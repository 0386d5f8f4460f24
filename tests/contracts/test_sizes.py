"""Small functions, small files, few positional arguments: what a reader can hold in mind."""

from __future__ import annotations

import ast
from functools import cache
from typing import NamedTuple

from tests.contracts.house import expect_none, list_sources, name_of, walk_functions

FUNCTION_LINES = 40
FILE_LINES = 500
POSITIONAL = 5


class Measured(NamedTuple):
    """A function: where it stands, and how large it is."""

    line: int
    name: str
    lines: int
    positional: int


@cache
def measure_functions(source: str) -> list[Measured]:
    """Return the size of each function; parsed once for all that is asked about it."""
    return [
        Measured(node.lineno, node.name, count_lines(node), count_positional(node))
        for node in walk_functions(ast.parse(source))
    ]


def find_long_functions(source: str) -> list[str]:
    """Functions of more than 40 lines; docstrings and decorators do not count."""
    return [
        f"{each.line}: {each.name} has {each.lines} lines"
        for each in measure_functions(source)
        if each.lines > FUNCTION_LINES
    ]


def find_many_arguments(source: str) -> list[str]:
    """Functions that take more than five arguments by position; `self` and `cls` do not count."""
    return [
        f"{each.line}: {each.name} takes {each.positional} arguments by position"
        for each in measure_functions(source)
        if each.positional > POSITIONAL
    ]


def count_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def count_positional(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Arguments taken by position, without `self` and `cls`."""
    names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
    return sum(name not in ("self", "cls") for name in names)


def test_no_function_is_longer_than_40_lines() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources()
        for problem in find_long_functions(path.read_text())
    )


def test_no_file_is_longer_than_500_lines() -> None:
    lengths = {name_of(path): len(path.read_text().splitlines()) for path in list_sources()}
    assert {name: length for name, length in lengths.items() if length > FILE_LINES} == {}


def test_no_function_takes_more_than_five_arguments_by_position() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources()
        for problem in find_many_arguments(path.read_text())
    )


def test_the_check_finds_a_long_function_and_forgives_its_docstring() -> None:
    body = "    x = 1\n" * 40
    assert find_long_functions(f"def f():\n{body}") == ["1: f has 41 lines"]
    docstring = '    """A\n' + "long\n" * 50 + '    """\n'
    assert find_long_functions(f"def f():\n{docstring}{'    x = 1\n' * 39}") == []


def test_the_check_finds_six_positional_arguments_and_forgives_self() -> None:
    assert find_many_arguments("def f(a, b, c, d, e, g): ...") == [
        "1: f takes 6 arguments by position"
    ]
    assert find_many_arguments("class A:\n def f(self, a, b, c, d, e, *, g, h): ...") == []
