"""Chance has one source: nothing but the module of lots draws what somebody is shown."""

from __future__ import annotations

import ast

from tests.contracts.house import expect_none, list_sources, name_of

LOTS = "profiles/lots.py"
DRAWS = {"stable_draw", "stable_seed"}


def find_draws(source: str) -> list[str]:
    """Names of hashes to draw by that a module imports."""
    if not any(name in source for name in DRAWS):
        return []
    return [
        f"{node.lineno}: {one.name}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom)
        for one in node.names
        if one.name in DRAWS
    ]


def test_nothing_but_the_module_of_lots_draws() -> None:
    sources = list_sources("profiles", "pricing", "promotions", "orders")
    expect_none(
        f"{name_of(path)}:{found}"
        for path in sources
        if name_of(path) != LOTS
        for found in find_draws(path.read_text())
    )


def test_the_check_finds_a_draw() -> None:
    assert find_draws("from shop.ground.kernel.hashing import sign, stable_draw") == [
        "1: stable_draw"
    ]
    assert find_draws("from shop.ground.kernel.hashing import sign") == []
