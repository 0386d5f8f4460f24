"""The examples in the simulation's docstrings are true."""

from __future__ import annotations

import doctest
import importlib

import pytest

from tests.contracts.house import ROOT, list_sources, name_of

MODULES = [
    name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    for path in list_sources("shop")
    if (ROOT / "shop/lab") in path.parents
]


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_true(module: str) -> None:
    assert doctest.testmod(importlib.import_module(module)).failed == 0


def test_there_are_examples() -> None:
    assert "shop.lab.substitutes" in MODULES
    found = doctest.DocTestFinder().find(importlib.import_module("shop.lab.substitutes"))
    assert sum(bool(test.examples) for test in found) == 3
