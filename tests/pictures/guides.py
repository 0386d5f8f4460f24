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
    """One picture: who sees which page, at which width; `press` names what is pressed before, and
    `shows` what must then be in sight."""

    name: str
    path: str
    role: str = ""
    press: tuple[str, ...] = ()
    width: int = 1280
    shows: str = "main"


FIRST_ROW = "#result_list tbody a[href]"
SHOTS = (
    # Questions of shoppers
    Shot("price", "/demo/price-block/", width=390),
    Shot(
        "why",
        "/search/?q=cheese",
        "olivia",
        (".price--mine .price__tag a",),
        390,
        "dialog.sheet[open]",
    ),
    Shot("order", "/account/orders/", "olivia", ("main a[href*='/orders/FT']",), 390),
    # Guide for staff
    Shot("home-staff", "/admin/", "merchandiser"),
    Shot("campaign", "/admin/promotions/campaign/", "merchandiser", (FIRST_ROW,)),
    Shot("prices", "/admin/prices/", "merchandiser"),
    Shot("models", "/admin/models/", "analyst"),
    Shot("lift", "/admin/insights/lift/", "analyst"),
    Shot("live", "/admin/insights/live/", "analyst", ("main form[action*='simul'] button",)),
    Shot("order-staff", "/admin/orders/order/", "support", (FIRST_ROW,)),
    Shot("product-staff", "/admin/shop/product/", "merchandiser", (FIRST_ROW,)),
    Shot("segment", "/admin/segments/", "analyst", ("main tbody a[href*='/segments/']",)),
)


# The README's: in English alone.
FRONT = Shot("home", "/", "olivia")


def take_guides(camera: Camera) -> Iterator[tuple[Path, str]]:
    """Yield (file, new, changed or same) for each picture of the guides."""
    yield _take(camera, FRONT, "en", FOLDER.parent)
    for language in LOCALES:
        for shot in SHOTS:
            yield _take(camera, shot, language, FOLDER / language)


def _take(camera: Camera, shot: Shot, language: str, folder: Path) -> tuple[Path, str]:
    with camera.open(Look(language, width=shot.width), shot.role) as page:
        _go(page, shot, language)
        path = folder / f"{shot.name}.webp"
        return path.relative_to(ROOT), keep_picture(page.screenshot(), path)


def _go(page: Page, shot: Shot, language: str) -> None:
    prefix = "/zh-hans" if language == "zh" else ""
    page.goto(prefix + shot.path)
    page.wait_for_load_state("networkidle")
    for selector in shot.press:
        page.locator(selector).first.click()
        page.wait_for_load_state("networkidle")
    page.locator(shot.shows).first.wait_for()
