"""What the project weighs, beside the figures of `house.toml`: `./dev check house`.

A figure may fall freely; `./dev house` then writes the lower one. One that rises fails the check
until it is raised by hand in `house.toml`, with a comment above it that says for what.
"""

import os
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import django
import grimp
from django.apps import apps
from django.contrib import admin
from django.urls import get_resolver

from tools.console import say
from tools.paths import ROOT

KEPT = ROOT / "tools" / "house.toml"
ROOMS = ("orders", "pricing", "profiles", "promotions", "shop", "tools")
# A suite's lines are kept in whole hundreds: a small mend needs no word in the file.
HUNDRED = 100
Figures = dict[str, int]


def weigh() -> Figures:
    """Return every figure of now by its name."""
    found = weigh_files(ROOT) | count_loaded()
    return found | {"modules that placing an order reaches": count_reached()}


def weigh_files(root: Path) -> Figures:
    """Return the lines of each suite, those of the tests, and how many files the product has."""
    lines: Counter[str] = Counter()
    files = 0
    for path in _modules(root):
        suite = suite_of(path.relative_to(root))
        files += suite != "tests"
        lines[suite] += path.read_bytes().count(b"\n")
    rounded = {f"lines of {suite}": _round_up(count) for suite, count in sorted(lines.items())}
    return {"files of the product": files, **rounded}


def suite_of(path: Path) -> str:
    """Return the suite that a module belongs to.

    >>> suite_of(Path("pricing/demand/core/choice.py")), suite_of(Path("tests/conftest.py"))
    ('pricing/demand', 'tests')
    >>> suite_of(Path("shop/doors/backoffice/views/live.py")), suite_of(Path("shop/env.py"))
    ('shop/doors/backoffice', 'shop')
    """
    folders = path.parts[:-1]
    if folders[0] in ("tests", "tools"):
        return folders[0]
    deep = 3 if folders[:2] in (("shop", "doors"), ("shop", "ground")) else 2
    return "/".join(folders[:deep])


def count_loaded() -> Figures:
    """Return what Django knows and has loaded once it can answer a page."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
    django.setup()
    _ = get_resolver().url_patterns  # read with the first page
    own = sum(1 for name in sys.modules if name.partition(".")[0] in ROOMS and name != __name__)
    return {
        "tables": len(apps.get_models()),
        "staff tables": len(admin.site._registry),
        "own modules loaded at start": own,
    }


def count_reached() -> int:
    """Return how many of our modules the order's service imports, over all steps."""
    graph = grimp.build_graph(*(room for room in ROOMS if room != "tools"))
    return len(graph.find_upstream_modules("orders.checkout.services.placing"))


def compare(now: Mapping[str, int], kept: Mapping[str, int]) -> list[str]:
    """Return a sentence for each figure that rose, is new or is gone.

    >>> compare({"tables": 9, "files": 3}, {"tables": 8, "files": 4})
    ['tables: 9, kept 8.']
    """
    rose = [
        f"{name}: {figure}, kept {kept.get(name, 'nowhere')}."
        for name, figure in now.items()
        if figure > kept.get(name, -1)
    ]
    return rose + [f"{name}: kept, and there is no such thing." for name in kept if name not in now]


def lower(text: str, now: Mapping[str, int]) -> str:
    """Return the kept file with the lower figures of now, and nothing else changed.

    >>> print(lower('# Why.\\n"tables" = 8\\n"files" = 3', {"tables": 7, "files": 4}))
    # Why.
    "tables" = 7
    "files" = 3
    """

    def write(found: re.Match[str]) -> str:
        name, kept = found[1], int(found[2])
        return f'"{name}" = {min(kept, now.get(name, kept))}'

    return re.sub(r'^"(.+)" = (\d+)$', write, text, flags=re.MULTILINE)


def check_house() -> int:
    """Say which figures rose; return how many."""
    kept = tomllib.loads(KEPT.read_text())
    kept.pop("paths")  # tests/integration/storefront/test_paths.py
    wrong = compare(weigh(), kept)
    for sentence in wrong:
        print(sentence)
    if wrong:
        print("Make it smaller, or write the figure into tools/house.toml and above it for what.")
    return len(wrong)


def lower_house() -> int:
    """Write the figures that fell into the kept file."""
    before = KEPT.read_text()
    after = lower(before, weigh())
    KEPT.write_text(after)
    say("tools/house.toml " + ("is as it was" if after == before else "has the lower figures"))
    return 0


def _modules(root: Path) -> Iterator[Path]:
    for room in (*ROOMS, "tests"):
        for path in (root / room).rglob("*.py"):
            if "migrations" not in path.parts:
                yield path


def _round_up(count: int) -> int:
    return -(-count // HUNDRED) * HUNDRED


if __name__ == "__main__":
    raise SystemExit(lower_house() if sys.argv[1:] == ["lower"] else check_house())
