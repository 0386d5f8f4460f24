"""Imports stand at the top, where readers and import-linter's users look for them."""

from __future__ import annotations

import ast
import re

from tests.contracts.house import (
    PACKAGES,
    ROOT,
    expect_none,
    list_sources,
    name_of,
    walk_functions,
)

# The app registry must be ready before models are imported: Django's own shape of these two files.
ALLOWED_FILES = ("apps.py", "manage.py")
# Large libraries that few functions use: loaded by them, not by every process of the shop
# (tests/unit/shop/test_web_imports.py); OpenDP takes seconds and 150 MB. What is ours, and every
# other library, stands at the top.
LARGE = {"sklearn", "openpyxl", "opendp", "pypinyin"}
# Where an import in a function can begin: indented, or behind the colon on its line.
INNER = re.compile(r"^[ \t]+(import|from)\b|[;:][ \t]*(import|from)\b", re.MULTILINE)


def find_inner_imports(source: str) -> list[str]:
    """Imports inside functions, but for those of LARGE libraries."""
    if INNER.search(source) is None:
        return []  # most files: parsing all of them takes seconds
    return [
        f"{inner.lineno}: {node.name} imports inside"
        for node in walk_functions(ast.parse(source))
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom) and not _is_large(inner)
    ]


def _is_large(found: ast.Import | ast.ImportFrom) -> bool:
    whole = found.module or "" if isinstance(found, ast.ImportFrom) else found.names[0].name
    return whole.partition(".")[0] in LARGE


def find_dynamic_imports(source: str) -> list[str]:
    """Imports by string: they would pass under every layer check."""
    banned = {"__import__", "import_module", "import_string"}
    if not any(name in source for name in banned):
        return []
    return [
        f"{node.lineno}: {_called(node)}"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Call) and _called(node) in banned
    ]


def find_missing_names(source: str) -> list[str]:
    """Names taken from modules of ours that do not have them: what no test runs breaks unseen."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        place = ROOT.joinpath(*node.module.split("."))
        if node.module.split(".")[0] not in PACKAGES:
            continue
        path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
        has = set(re.findall(r"\w+", path.read_text())) if path.exists() else set()
        has |= {one.stem for one in place.glob("*")}
        found += [f"{node.lineno}: {one.name}" for one in node.names if one.name not in has]
    return found


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


def test_benchmarks_import_what_is_there() -> None:
    expect_none(
        f"{name_of(path)}:{problem}"
        for path in list_sources("tests")
        if {"benchmarks", "statistical"} & set(path.parts)
        for problem in find_missing_names(path.read_text())
    )


def test_the_check_finds_a_name_that_is_gone() -> None:
    assert find_missing_names("from pricing.demand.core.leaderboard import compare, gone") == [
        "1: gone"
    ]
    assert find_missing_names("from pricing.gone import compare") == ["1: compare"]
    assert find_missing_names("from tests.benchmarks import journey\nfrom os import path") == []


def test_the_check_finds_an_import_in_a_function() -> None:
    assert find_inner_imports("def f():\n    import os") == ["2: f imports inside"]
    assert find_inner_imports("def f():\n    from pricing import api") == ["2: f imports inside"]
    assert find_inner_imports("def f():\n    from sklearn.cluster import KMeans") == []
    assert find_inner_imports("def f(): import os") == ["1: f imports inside"]
    assert find_inner_imports("def f(): \\\n  x = 1; from os import path") == [
        "2: f imports inside"
    ]
    assert find_inner_imports("import os\ndef f():\n    return os") == []


def test_the_check_finds_an_import_by_string() -> None:
    assert find_dynamic_imports("importlib.import_module('pricing')") == ["1: import_module"]


def test_the_allowed_files_exist() -> None:
    assert (ROOT / "manage.py").exists()
    assert list(ROOT.glob("*/apps.py"))
