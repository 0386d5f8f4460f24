"""Tests enter the code where others do: no private name of ours is imported, used or replaced."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.contracts.house import PACKAGES, expect_none, list_sources, name_of

PRIVATE = re.compile(r"_(?!_|meta$)\w+")  # Model._meta is Django's, for everybody
OURS = set(PACKAGES) - {"tests"}
# What puts another object in the place of a name: `monkeypatch.setattr`, `mock.patch.object`.
REPLACING = {"setattr", "delattr", "object", "patch"}


def find_private_imports(tree: ast.AST) -> Iterator[str]:
    """Private names that are imported from modules of ours."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
            for alias in node.names:
                if PRIVATE.fullmatch(alias.name):
                    yield f"{node.lineno}: {alias.name} is imported"


def find_private_uses(tree: ast.AST) -> Iterator[str]:
    """Private names of imported modules and classes of ours: `module._name`."""
    known = {name for node in ast.walk(tree) for name in _imported_names(node)}
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Attribute)
            and PRIVATE.fullmatch(node.attr)
            and isinstance(node.value, ast.Name)
            and node.value.id in known
        ):
            yield f"{node.lineno}: {ast.unparse(node)} is used"


def find_private_patches(tree: ast.AST) -> Iterator[str]:
    """Private names, of whatever library, in whose place a test puts something else."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _called(node) in REPLACING:
            for given in node.args[:2]:
                if isinstance(given, ast.Constant) and isinstance(given.value, str):
                    last = given.value.rpartition(".")[2]
                    if PRIVATE.fullmatch(last):
                        yield f"{node.lineno}: {given.value} is replaced"


def _is_ours(module: str) -> bool:
    return module.partition(".")[0] in OURS


def _imported_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and _is_ours(node.module or ""):
        yield from (alias.asname or alias.name for alias in node.names)


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_no_test_reaches_for_private_names() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources("tests")
        for tree in [ast.parse(path.read_text())]
        for find in (find_private_imports, find_private_uses, find_private_patches)
        for problem in find(tree)
    )


def test_the_check_finds_private_names_and_forgives_public_ones() -> None:
    imports = "from orders.cart import _lock, view_cart\nfrom django.db import _private\n"
    assert list(find_private_imports(ast.parse(imports))) == ["1: _lock is imported"]
    uses = "from orders import cart as c\nc._lock(c.view)\nself._own()\nc.__doc__\nc._meta\n"
    assert list(find_private_uses(ast.parse(uses))) == ["2: c._lock is used"]
    patches = (
        'p.setattr(cart, "_lock", 1)\nmock.patch("orders.cart._lock")\npatch.object(A, "_x")\n'
        'p.setattr(cart, "lock", 1)\nsetattr(a, "__name__", 1)\nask("_form")\n'
    )
    assert list(find_private_patches(ast.parse(patches))) == [
        "1: _lock is replaced",
        "2: orders.cart._lock is replaced",
        "3: _x is replaced",
    ]
