"""Draw the pictures of all categories anew, after the word lists or the icon set changed."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from shop.doors.intake.artwork import compose_glyph
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
        for key, emoji in wanted.items():
            body = icons.get(art_key(emoji))
            if body is None:
                raise CommandError(f"The icon set has no picture of {emoji} ({key}).")
            (target / f"{key}.svg").write_text(compose_glyph(body), encoding="utf-8")
        for path in target.glob("*.svg"):
            if path.stem not in wanted:
                path.unlink()
        self.stdout.write(f"{len(wanted)} pictures in {target}")


def _read_icons(folder: Path) -> dict[str, str]:
    icons = json.loads((folder / "icons.json").read_text(encoding="utf-8"))["icons"]
    chars = json.loads((folder / "chars.json").read_text(encoding="utf-8"))
    return {points: icons[name]["body"] for points, name in chars.items() if name in icons}


def _list_wanted() -> dict[str, str]:
    """Return emojis by picture name: of all departments, and what Journey's products need."""
    codes = _read_codes()
    homes = find_homes(codes)
    emojis = {department.emoji for department in list_departments().values()}
    emojis |= {row["emoji"] for row in read_words("categories")}
    emojis |= {find_leaf(homes.get(code, code)).emoji for code in set(codes)}
    return {NO_ART: FALLBACK} | {art_key(emoji): emoji for emoji in emojis if emoji}


def _read_codes() -> list[Code]:
    file = find_files(find_journey())["products"]
    rows = duckdb.execute(
        "SELECT coalesce(department, ''), coalesce(product_category, ''),"  # noqa: S608  # own path
        f" coalesce(product_type, '') FROM {file.scan}"
    ).fetchall()
    return [(department, category, product_type) for department, category, product_type in rows]
