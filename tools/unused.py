"""Code that nothing but tests calls, by vulture: `./dev check unused`."""

import ast
import re
from pathlib import Path

from vulture import Vulture

from tools.paths import ROOT

ROOMS = ("shop", "profiles", "pricing", "promotions", "orders", "tools")
ENTRY_POINTS = ROOT / "tools" / "entry_points.txt"
KINDS = frozenset({"function", "method", "property", "class"})
_TAG = re.compile(r"\{[{%](.*?)[%}]\}", re.DOTALL)
_TEXT = re.compile(r'"([A-Za-z_][\w.]*)"')
_NAME = re.compile(r"[A-Za-z_]\w*")


class Finder(Vulture):  # type: ignore[misc]  # vulture ships no types
    """Vulture, but a name that is only exported (`__all__`) counts as unused."""

    def visit_Assign(self, node: ast.Assign) -> None:  # noqa: N802 - the visitor's own name
        """Take no name from `__all__`: a door that nobody uses opens on dead code."""


def list_unused(root: Path = ROOT) -> list[str]:
    """Return one line for each definition that neither product code nor a template names.

    Tests are not read, so what only they call is listed. Fields of models and of value classes are
    not: forms, serializers and the database name them by text.
    """
    patterns, decorators = _read_entry_points()
    finder = Finder(ignore_names=patterns, ignore_decorators=decorators)
    finder.scavenge([str(root / room) for room in ROOMS if (root / room).is_dir()])
    finder.used_names.update(_names_in_templates(root) | _names_in_strings(root))
    return [
        f"{item.filename.relative_to(root)}:{item.first_lineno}: {item.typ} {item.name}"
        for item in finder.get_unused_code()
        if item.typ in KINDS and "migrations" not in item.filename.parts
    ]


def _read_entry_points() -> tuple[list[str], list[str]]:
    """Return the patterns of names and of decorators (with @) that a framework calls by name."""
    lines = ENTRY_POINTS.read_text().splitlines()
    words = [word for line in lines for word in line.partition("#")[0].split()]
    return [w for w in words if w[0] != "@"], [w for w in words if w[0] == "@"]


def _names_in_templates(root: Path) -> set[str]:
    pages = [path for path in (root / "templates").rglob("*") if path.is_file()]
    tags = (tag for page in pages for tag in _TAG.findall(page.read_text()))
    return {name for tag in tags for name in _NAME.findall(tag)}


def _names_in_strings(root: Path) -> set[str]:
    """Return what is named by text: by dotted path anywhere, by a bare name in the admin."""
    found: set[str] = set()
    for path in (path for room in ROOMS for path in (root / room).rglob("*.py")):
        is_admin = "admin" in path.relative_to(root).as_posix()
        words = _TEXT.findall(path.read_text())
        found |= {word.rpartition(".")[2] for word in words if is_admin or "." in word}
    return found


if __name__ == "__main__":
    found = list_unused()
    print("\n".join(found))
    raise SystemExit(bool(found))
