"""Imports stand at the top, where readers and import-linter's users look for them."""

from __future__ import annotations

import ast

from tests.contracts.house import ROOT, expect_none, list_sources, name_of, walk_functions

# The app registry must be ready before models are imported: Django's own shape of these two files.
ALLOWED_FILES = ("apps.py", "manage.py")


def find_inner_imports(source: str) -> list[str]:
    """Imports inside functions."""
    return [
        f"{inner.lineno}: {node.name} imports inside"
        for node in walk_functions(ast.parse(source))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
    ]


def find_dynamic_imports(source: str) -> list[str]:
    """Imports by string: they would pass under every layer check."""
    banned = {"__import__", "import_module", "import_string"}
    return [
        f"{node.lineno}: {_called(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _called(node) in banned
    ]


def _called(call: ast.Call) -> str:
    if isinstance(call.func, ast.Name):
        return call.func.id
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def test_no_function_imports() -> None:
    sources = [path for path in list_sources() if path.name not in ALLOWED_FILES]
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in sources
        for problem in find_inner_imports(path.read_text())
    )


def test_no_room_imports_by_string() -> None:
    sources = list_sources("shop", "profiles", "pricing", "promotions", "orders")
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in sources
        for problem in find_dynamic_imports(path.read_text())
    )


def test_the_check_finds_an_import_in_a_function() -> None:
    assert find_inner_imports("def f():\n    import os") == ["2: f imports inside"]
    assert find_inner_imports("import os\ndef f():\n    return os") == []


def test_the_check_finds_an_import_by_string() -> None:
    assert find_dynamic_imports("importlib.import_module('pricing')") == ["1: import_module"]


def test_the_allowed_files_exist() -> None:
    assert (ROOT / "manage.py").exists()
    assert list(ROOT.glob("*/apps.py"))
