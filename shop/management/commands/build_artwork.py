"""Draw the pictures of all categories anew, after the word lists or the icon set changed."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shop.doors.intake.artwork import NEUTRAL, compose_picture, shorten_numbers
from shop.doors.intake.branches import NO_ART, art_key
from shop.doors.intake.naming import read_words
from shop.doors.intake.source import find_files
from shop.doors.intake.tree import Code, find_homes, find_leaf, list_departments
from shop.management.commands.import_journey import find_journey

FALLBACK = "🛍️"


class Command(BaseCommand):
    """`manage.py build_artwork FOLDER`."""

    help = (
        "Draw static/catalog/*.svg. FOLDER is the unpacked npm package"
        " @iconify-json/fluent-emoji-flat (icons.json, chars.json)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("folder", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        """Draw what is named in the word lists; remove what is not any more."""
        icons = _read_icons(options["folder"])
        target = settings.BASE_DIR / "static" / "catalog"
        target.mkdir(parents=True, exist_ok=True)
        wanted = _list_wanted()
        for key, (emoji, color) in wanted.items():
            body = icons.get(_points(emoji))
            if body is None:
                raise CommandError(f"The icon set has no picture of {emoji} ({key}).")
            (target / f"{key}.svg").write_text(compose_picture(key, body, color), encoding="utf-8")
        for path in target.glob("*.svg"):
            if path.stem not in wanted:
                path.unlink()
        self.stdout.write(f"{len(wanted)} pictures in {target}")


def _points(emoji: str) -> str:
    return "-".join(f"{ord(char):x}" for char in emoji if char != "\ufe0f")


def _read_icons(folder: Path) -> dict[str, str]:
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))["icons"]
    chars = json.loads((folder / "chars.json").read_text(encoding="utf-8"))
    return {
        points: shorten_numbers(icons[name]["body"])
        for points, name in chars.items()
        if name in icons
    }


def _list_wanted() -> dict[str, tuple[str, str]]:
    """Return (emoji, color) by picture name: all departments, and what Journey's goods need."""
    departments = list_departments()
    wanted = {NO_ART: (FALLBACK, NEUTRAL)}
    for department in departments.values():
        wanted[art_key(department, department.emoji)] = (department.emoji, department.color)
    for row in read_words("categories"):
        department = departments[row["place"]]
        wanted[art_key(department, row["emoji"])] = (row["emoji"], department.color)
    codes = _read_codes()
    homes = find_homes(codes)
    for code in set(codes):
        leaf = find_leaf(homes.get(code, code))
        department = leaf.place.department
        wanted[art_key(department, leaf.emoji)] = (leaf.emoji, department.color)
    return wanted


def _read_codes() -> list[Code]:
    file = find_files(find_journey())["products"]
    rows = duckdb.execute(
        "SELECT coalesce(department, ''), coalesce(product_category, ''),"  # noqa: S608  # own path
        f" coalesce(product_type, '') FROM {file.scan}"
    ).fetchall()
    return [(department, category, product_type) for department, category, product_type in rows]
