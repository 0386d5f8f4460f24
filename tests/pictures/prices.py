"""The price block in its twelve states, in each language, theme and width."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tests.pictures.camera import Camera, keep_picture, list_impressions
from tools.paths import ROOT

FOLDER = ROOT / "docs/images/price-block"
ADDRESS = "/demo/price-block/"


def take_price_states(camera: Camera) -> Iterator[tuple[Path, str]]:
    """Yield (file, new, changed or same) for each look at the page of all states."""
    for look in list_impressions():
        with camera.open(look) as page:
            page.goto(f"/zh-hans{ADDRESS}" if look.language == "zh" else ADDRESS)
            page.wait_for_load_state("networkidle")
            shot = page.locator("#main").screenshot()
        path = FOLDER / f"{look.name}.webp"
        yield path.relative_to(ROOT), keep_picture(shot, path, lossless=True)
