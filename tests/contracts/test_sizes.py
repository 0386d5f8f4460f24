"""Small functions, small files, few positional arguments: what a reader can hold in mind."""

from __future__ import annotations

import ast

from tests.contracts.house import expect_none, list_sources, name_of, walk_functions

FUNCTION_LINES = 40
FILE_LINES = 300
POSITIONAL = 5


def find_long_functions(source: str) -> list[str]:
    """Functions of more than 40 lines; docstrings and decorators do not count."""
    return [
        f"{node.lineno}: {node.name} has {count} lines"
        for node in walk_functions(ast.parse(source))
        if (count := count_lines(node)) > FUNCTION_LINES
    ]


def count_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if ast.get_docstring(node) is not None:
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def find_many_arguments(source: str) -> list[str]:
    """Functions that take more than five arguments by position; `self` and `cls` do not count."""
    found = []
    for node in walk_functions(ast.parse(source)):
        names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)]
        taken = [name for name in names if name not in ("self", "cls")]
        if len(taken) > POSITIONAL:
            found.append(f"{node.lineno}: {node.name} takes {len(taken)} arguments by position")
    return found


def test_no_function_is_longer_than_40_lines() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources()
        for problem in find_long_functions(path.read_text())
    )


def test_no_file_is_longer_than_300_lines() -> None:
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


def test_the_check_finds_six_positional_arguments_and_forgives_self_and_keywords() -> None:
    assert find_many_arguments("def f(a, b, c, d, e, g): ...") == [
        "1: f takes 6 arguments by position"
    ]
    assert find_many_arguments("class A:\n def f(self, a, b, c, d, e, *, g, h): ...") == []
