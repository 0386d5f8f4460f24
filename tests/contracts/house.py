"""Reading the project's own source for the contract tests."""

from __future__ import annotations

import ast
import io
import tokenize
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("profiles", "pricing", "promotions", "orders")
PACKAGES = ("shop", *ROOMS, "tools", "deploy", "tests")
# What rooms say to each other; stands above the suites.
PURE = {
    *("profiles/values.py", "profiles/lots.py"),
    *("orders/values.py", "orders/refusals.py", "orders/wording.py"),
}


def list_sources(*packages: str) -> list[Path]:
    """All Python files of the packages, migrations aside: those are written by Django."""
    return [
        path
        for package in packages or PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts and "node_modules" not in path.parts
    ]


def read_cores() -> list[Path]:
    """The pure files: the kernel and every `core`."""
    return [
        path
        for path in list_sources("shop", *ROOMS)
        if "core" in path.relative_to(ROOT).parts[:-1]
        or (ROOT / "shop/ground/kernel") in path.parents
        or path.name == "core.py"
        or name_of(path) in PURE
    ]


def name_of(path: Path) -> str:
    """The path as people write it."""
    return path.relative_to(ROOT).as_posix()


def walk_functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def read_imports(source: str) -> Iterator[tuple[int, str]]:
    """Line number and full name of each imported module."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.lineno, node.module


def read_comments(source: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each comment; the same characters inside a string do not count."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def read_pyproject() -> dict[str, Any]:
    """pyproject.toml as Python values."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())


def expect_none(problems: Iterable[str]) -> None:
    """Fail with every problem on a line of its own."""
    found = list(problems)
    assert not found, "\n" + "\n".join(found)
