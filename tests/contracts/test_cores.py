"""Cores are pure: numbers in, numbers out. No framework, no input or output, no clock, no luck."""

from __future__ import annotations

import ast
import doctest
import importlib
import sys
from pathlib import Path

import pytest

from tests.contracts.house import ROOT, expect_none, name_of, read_cores, read_imports

# Words in, words out: segmenter and pinyin read only the dictionaries they are built with. Check
# digits (`stdnum.ean`, `stdnum.iso7064`) are arithmetic.
SCIENCE = {"numpy", "scipy", "pandas", "sklearn", "babel", "rjieba", "pypinyin", "PIL", "stdnum"}
# Parts of the standard library through which the world comes in.
WORLD = {
    *("os", "pathlib", "shutil", "socket", "subprocess", "tempfile", "urllib", "http", "sqlite3"),
    *("random", "secrets", "time", "threading", "asyncio", "multiprocessing", "logging", "pickle"),
}
# The edges of the kernel: the one place that reads the clock, draws ids and reads the catalogue.
KERNEL_EDGES = {f"shop/ground/kernel/{name}.py" for name in ("clock", "ids", "translation")}
# The one source of chance: a core below all that draw, itself as pure as they are (ADR 202).
LOTS = "profiles.lots"
# Frozen values that rooms say to each other.
VALUES = ("profiles.values", "orders.values", "orders.refusals", "orders.wording")
# The door of a suite that is nothing but a core; import-linter checks that it is pure.
ENGINE = ("promotions.engine", "promotions.engine.api")
CALLS = {"now", "today", "utcnow", "open", "input", "print"}
GLOBAL_RANDOMNESS = {"seed", "rand", "randn", "randint", "random", "choice", "shuffle", "normal"}


def find_foreign_imports(source: str, own: str) -> list[str]:
    """Imports of a core other than pure standard library, science, kernel, values and itself."""
    found = []
    for line, name in read_imports(source):
        top = name.partition(".")[0]
        # A room may have a core in each suite. Frozen values are what rooms say to each other. The
        # layers still decide who to whom.
        is_ours = name.startswith(("shop.ground.kernel", own)) or name.endswith(".core.values")
        is_ours = is_ours or (is_room(own, name) and "core" in name.split("."))
        is_ours = is_ours or name in (LOTS, *VALUES, *ENGINE)
        is_pure = top in SCIENCE or (top in sys.stdlib_module_names and top not in WORLD)
        if not (is_ours or is_pure):
            found.append(f"{line}: imports {name}")
    return found


def is_room(own: str, name: str) -> bool:
    """Whether a module is of the room that has suites and the core `own`."""
    room, *between = own.split(".")[:-1]
    return bool(between) and room != "shop" and name.startswith(f"{room}.")


def find_world_calls(source: str) -> list[str]:
    """Calls that read the clock, touch files, or draw from numpy's global generator."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        called = ast.unparse(node.func)
        last = called.rpartition(".")[2]
        is_global_draw = called.startswith(("np.random.", "numpy.random."))
        if called == "Image.open" and ast.unparse(node.args[0]).startswith("io.BytesIO("):
            continue  # bytes in memory, no file
        if last in CALLS or (is_global_draw and last in GLOBAL_RANDOMNESS):
            found.append(f"{node.lineno}: calls {called}")
    return found


def read_examples() -> list[Path]:
    """The pure files with an example; looking for one in the others takes as long as running it."""
    return [path for path in read_cores() if ">>> " in path.read_text()]


def _own_package(name: str) -> str:
    head, _, _ = name.partition("/core")
    return f"{head.replace('/', '.')}.core"


def test_cores_import_only_pure_things() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in read_cores()
        if name_of(path) not in KERNEL_EDGES
        for problem in find_foreign_imports(path.read_text(), _own_package(name_of(path)))
    )


def test_cores_call_nothing_of_the_world() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in read_cores()
        if name_of(path) not in KERNEL_EDGES
        for problem in find_world_calls(path.read_text())
    )


@pytest.mark.parametrize("path", read_examples(), ids=name_of)
def test_examples_in_docstrings_are_true(path: Path) -> None:
    name = name_of(path).removesuffix(".py").removesuffix("/__init__")
    outcome = doctest.testmod(importlib.import_module(name.replace("/", ".")))
    assert outcome.failed == 0


def test_public_functions_of_cores_say_what_they_do() -> None:
    expect_none(
        f"{name_of(path)}:{node.lineno}: {node.name} has no docstring"
        for path in read_cores()
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and ast.get_docstring(node) is None
    )


def test_the_cores_are_found() -> None:
    packages = {path.relative_to(ROOT).parts[0] for path in read_cores()}
    assert packages == {"shop", "profiles", "pricing", "promotions", "orders"}
    assert ROOT / "shop/ground/kernel/money.py" in read_examples()


def test_the_check_finds_the_world() -> None:
    own = "pricing.quoting.core"
    assert find_foreign_imports("import os\nimport math", own) == ["1: imports os"]
    assert find_foreign_imports("from django.db import models", own) == ["1: imports django.db"]
    assert find_foreign_imports("from pricing.models import Quote", own) == [
        "1: imports pricing.models"
    ]
    assert find_foreign_imports("from pricing.optimum.core import quote", own) == []
    assert find_foreign_imports(f"from {LOTS} import draw_lot", own) == []
    assert find_foreign_imports("from profiles.experiments.core import assign", own) == [
        "1: imports profiles.experiments.core"
    ]


def test_the_check_finds_the_clock_and_luck() -> None:
    assert find_world_calls("datetime.now()") == ["1: calls datetime.now"]
    assert find_world_calls("np.random.rand(3)") == ["1: calls np.random.rand"]
    assert find_world_calls("rng.random(3)\nnp.random.default_rng(1)") == []
