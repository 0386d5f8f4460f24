"""A browser in front of the demo: visitors of any language, theme and width, and their pictures."""

from __future__ import annotations

import io
import itertools
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops
from playwright.sync_api import Browser, Page

TIMEOUT_MS = 30_000
HEIGHTS = {320: 640, 390: 844, 1280: 900}
LOCALES = {"en": "en-US", "zh": "zh-CN"}
THEMES = ("light", "dark")
# A few pixels differ between two runs: a caret, the last digit of a clock.
SAME_SHARE = 0.001


@dataclass(frozen=True, slots=True)
class Look:
    """How a visitor sees a page: language, theme and width of the window in pixels."""

    language: str = "en"
    theme: str = "light"
    width: int = 1280

    @property
    def name(self) -> str:
        """Such as "zh-dark-320"."""
        return f"{self.language}-{self.theme}-{self.width}"


def list_impressions(widths: tuple[int, ...] = (320, 390, 1280)) -> list[Look]:
    """Every language and theme at these widths."""
    return [Look(*each) for each in itertools.product(LOCALES, THEMES, widths)]


@dataclass(frozen=True, slots=True)
class Camera:
    """Opens pages of the shop at `url`; `logins` are (address, password) by role."""

    browser: Browser
    url: str
    logins: dict[str, tuple[str, str]]

    @contextmanager
    def open(self, look: Look, role: str = "") -> Iterator[Page]:
        """Yield a page of a new visitor, signed in as `role` if one is named."""
        context = self.browser.new_context(
            base_url=self.url,
            viewport={"width": look.width, "height": HEIGHTS.get(look.width, 900)},
            color_scheme="dark" if look.theme == "dark" else "light",
            locale=LOCALES[look.language],
            reduced_motion="reduce",
        )
        context.set_default_timeout(TIMEOUT_MS)
        try:
            page = context.new_page()
            if role:
                self._sign_in(page, role)
            yield page
        finally:
            context.close()

    def _sign_in(self, page: Page, role: str) -> None:
        address, password = self.logins[role]
        page.goto("/account/login/")
        page.fill("#id_login", address)
        page.fill("#id_password", password)
        page.locator("#id_password").press("Enter")
        page.wait_for_url(re.compile(r"^(?!.*/login/).*$"))


def keep_picture(shot: bytes, path: Path, *, lossless: bool = False) -> str:
    """Write a PNG as WebP if it differs from what the file shows; return new, changed or same."""
    taken = Image.open(io.BytesIO(shot)).convert("RGB")
    found = "new"
    if path.exists():
        with Image.open(path) as kept:
            if not differs(kept.convert("RGB"), taken, tolerance=0 if lossless else 24):
                return "same"
        found = "changed"
    path.parent.mkdir(parents=True, exist_ok=True)
    taken.save(path, "WEBP", lossless=lossless, quality=80, method=6)
    return found


def differs(one: Image.Image, other: Image.Image, *, tolerance: int) -> bool:
    """Whether more than a thousandth of the pixels differ by more than `tolerance` of 255."""
    if one.size != other.size:
        return True
    difference = ImageChops.difference(one, other).convert("L")
    many = sum(difference.histogram()[tolerance + 1 :])
    return many > SAME_SHARE * one.width * one.height
