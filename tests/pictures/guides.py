"""The pictures of the guides for staff and for shoppers, in both languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from tests.pictures.camera import LOCALES, Camera, Look, keep_picture
from tools.paths import ROOT

FOLDER = ROOT / "docs/images/guide"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: who sees which page; `open_first` is the selector of what is pressed before."""

    name: str
    path: str
    role: str = ""
    width: int = 1280
    press: str = ""


SHOTS = (
    Shot("home", "/"),
    Shot("category", "/c/dairy-eggs/", "olivia", 390),
)


def take_guides(camera: Camera) -> Iterator[tuple[Path, str]]:
    """Yield (file, new, changed or same) for each picture of the guides."""
    for language in LOCALES:
        for shot in SHOTS:
            with camera.open(Look(language, width=shot.width), shot.role) as page:
                _go(page, shot, language)
                path = FOLDER / language / f"{shot.name}.webp"
                yield path.relative_to(ROOT), keep_picture(page.screenshot(), path)


def _go(page: Page, shot: Shot, language: str) -> None:
    prefix = "/zh-hans" if language == "zh" and not shot.path.startswith("/admin") else ""
    page.goto(prefix + shot.path)
    page.wait_for_load_state("networkidle")
    if shot.press:
        page.locator(shot.press).first.click()
        page.wait_for_load_state("networkidle")
