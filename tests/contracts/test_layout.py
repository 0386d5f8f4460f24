"""The visible shape of the project: what lies at the top, and that every room introduces itself."""

from __future__ import annotations

import subprocess

import pytest

from tests.contracts.house import (
    ROOMS,
    ROOT,
    expect_none,
    list_sources,
    name_of,
    read_imports,
    read_pyproject,
)
from tools.rooms import PICTURE, draw_house, stack

TOP_LEVEL = {
    # fixed by the project's user
    *("manage.py", "shop", "pricing", "promotions", "profiles", "orders", "templates", "tests"),
    *("requirements.txt", "README.md", "README.zh.md", "CONTRIBUTING.md"),
    # what the ecosystem expects there
    *("dev", "tools", "pyproject.toml", "static", "locale", "docs", "deploy", ".ci"),
    *("requirements.in", "requirements-dev.in", "requirements-dev.txt", "LICENSE", "SECURITY.md"),
    *(".gitignore", ".dockerignore"),
}
# Written by Django's conventions, not floors of a room.
SHOP_LEAVES = {"__init__", "migrations", "ground", "doors"}


def list_tracked() -> list[str]:
    """Paths that git keeps; outside a clone (a copy in an image) there is nothing to judge."""
    command = ["git", "ls-files"]
    asked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if asked.returncode:
        pytest.skip("not a git clone")
    return asked.stdout.splitlines()


def find_strangers(paths: list[str]) -> list[str]:
    """Top-level names that the house does not know."""
    return sorted({path.partition("/")[0] for path in paths} - TOP_LEVEL)


def find_http(source: str) -> list[str]:
    """Imports that only a street door needs."""
    doors = ("django.http", "django.shortcuts", "django.views", "rest_framework")
    return [name for _, name in read_imports(source) if name.startswith(doors)]


def read_layers() -> set[str]:
    """Every module named in the layers contract."""
    contracts = read_pyproject()["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    words = " ".join(layers).replace("|", " ").replace(":", " ").split()
    return {word.strip("()") for word in words}


def test_nothing_strange_lies_at_the_top() -> None:
    assert find_strangers(list_tracked()) == []


def test_no_run_state_is_kept_in_git() -> None:
    state = (".fairtag/", ".venv/", "node_modules/", "media/")
    expect_none(path for path in list_tracked() if path.startswith(state) or "__pycache__" in path)


@pytest.mark.parametrize("room", ROOMS)
def test_every_room_has_a_readme(room: str) -> None:
    text = (ROOT / room / "README.md").read_text()
    assert text.startswith("# ")
    assert len(text.splitlines()) >= 10


@pytest.mark.parametrize("folder", ["shop", "shop/ground", "shop/doors"])
def test_every_part_of_shop_stands_in_a_layer(folder: str) -> None:
    children = {
        path.stem
        for path in (ROOT / folder).iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    prefix = folder.replace("/", ".") + "."
    placed = {name.removeprefix(prefix) for name in read_layers() if name.startswith(prefix)}
    assert children - SHOP_LEAVES - placed == set()


def test_every_room_stands_in_a_layer() -> None:
    assert set(ROOMS) <= read_layers()


def test_rooms_have_no_http() -> None:
    expect_none(
        f"{name_of(path)}: {problem}"
        for path in list_sources(*ROOMS)
        if "admin" not in path.with_suffix("").parts
        for problem in find_http(path.read_text())
    )


def test_the_check_finds_http() -> None:
    assert find_http("from django.http import HttpResponse") == ["django.http"]
    assert find_http("import rest_framework.views") == ["rest_framework.views"]
    assert find_http("from django.db import models") == []


def test_the_check_finds_a_stranger() -> None:
    assert find_strangers(["utils/money.py", "shop/urls.py", "Makefile"]) == ["Makefile", "utils"]


def test_the_drawing_of_the_rooms_is_current() -> None:
    assert PICTURE.read_text() == draw_house(), "run ./dev rooms"


def test_a_suite_stands_above_all_it_imports() -> None:
    assert stack({"a": ["b"], "b": [], "c": ["b"], "d": ["a"]}) == [["d"], ["a", "c"], ["b"]]
