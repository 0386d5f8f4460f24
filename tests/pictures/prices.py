"""The price block in its twelve states, in each language, theme and width."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

from django.core.management import call_command

from tests.pictures.camera import Camera, keep_picture, list_looks
from tools.paths import ROOT

FOLDER = ROOT / "docs/images/price-block"
LANGUAGES = {"en": "en", "zh": "zh-hans"}


def take_price_states(camera: Camera) -> Iterator[tuple[Path, str]]:
    """Yield (file, new, changed or same) for each look at the page of all states."""
    pages = {language: write_states(code) for language, code in LANGUAGES.items()}
    for look in list_looks():
        with camera.open(look) as page:
            body = pages[look.language]
            # Served under the shop's address, so that its pictures are found.
            page.route(
                "**/price-states",
                lambda route, body=body: route.fulfill(body=body, content_type="text/html"),
            )
            page.goto("/price-states")
            page.wait_for_load_state("networkidle")
            shot = page.screenshot(full_page=True)
        path = FOLDER / f"{look.name}.webp"
        yield path.relative_to(ROOT), keep_picture(shot, path, lossless=True)


def write_states(language: str) -> str:
    """Return the page of all states in a language."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "states.html"
        call_command("render_price_states", path, language=language)
        return path.read_text(encoding="utf-8")
