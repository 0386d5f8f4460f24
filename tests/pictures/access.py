"""axe, sideways scroll and script errors on every page of the demo, in every look.

Pages are found as a visitor finds them, by links: one page for each pattern of addresses.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page

from tests.accessibility import OF_COLOURS, find_violations, read_axe, run_axe
from tests.pictures.camera import LOCALES, Camera, Look

CHINESE = "/zh-hans"
WIDTHS = (320, 390, 1280)
# What a visitor of each kind starts from; "" is a guest.
STARTS = {"": ("/", "/search/?q=cheese", "/no-such-page/"), "olivia": ("/account/",)}
STAFF_STARTS = {"admin": ("/admin/",)}
# Pages that end the visit, answer with files, or are the theme's own for each table.
LEFT_OUT = ("logout", "_delete", "_history", "manifest", "robots", "sitemap", "metrics")
LINKS = "[...document.links].map(each => each.href)"
IS_WIDE = "document.documentElement.scrollWidth > window.innerWidth"


@dataclass(frozen=True, slots=True)
class Finding:
    """An element that breaks a rule; a page without any is one finding without a rule."""

    page: str
    rule: str = ""
    element: str = ""


def visit_pages(camera: Camera, *, staff: bool, looks: list[Look]) -> Iterator[Finding]:
    """Yield what is found on each page in each look."""
    for role, starts in (STAFF_STARTS if staff else STARTS).items():
        with camera.open(Look(), role) as page:
            if not staff:
                fill_cart(page)
            paths = list(find_pages(page, starts))
        for language in LOCALES:
            for width in WIDTHS:
                if wanted := [
                    each for each in looks if (each.language, each.width) == (language, width)
                ]:
                    yield from _look_at(camera, role, paths, wanted)


def fill_cart(page: Page) -> None:
    """Put something into the cart, so that cart and checkout have something to show."""
    page.goto("/search/?q=cheese")
    page.locator("main button[name=line]").first.click()
    page.wait_for_load_state("networkidle")


def find_pages(page: Page, starts: tuple[str, ...]) -> Iterator[str]:
    """Yield one address for each pattern of addresses that links lead to."""
    known: set[str] = set()
    waiting = deque(starts)
    while waiting:
        path = waiting.popleft()
        name = _name(path)
        if name in known or any(word in name for word in LEFT_OUT):
            continue
        known.add(name)
        try:
            page.goto(path)
        except Error:  # a file to keep, not a page
            continue
        yield path
        here = urlsplit(page.url).netloc
        for link in map(urlsplit, page.evaluate(LINKS)):
            if link.netloc == here and not link.path.startswith(CHINESE):
                waiting.append(link.path + (f"?{link.query}" if link.query else ""))


def _name(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).view_name or path
    except Resolver404:
        return path


def _look_at(camera: Camera, role: str, paths: list[str], looks: list[Look]) -> Iterator[Finding]:
    """All themes of one language and width in one visit: only colours differ between them."""
    axe, first = read_axe(), looks[0]
    with camera.open(first, role) as page:
        if role not in STAFF_STARTS:
            fill_cart(page)
        broken: list[str] = []
        page.on("pageerror", lambda error: broken.append(f"{page.url} script: {error}"))
        for path in paths:
            page.goto(f"{CHINESE}{path}" if first.language == "zh" else path)
            found = find_violations(page, axe, first.theme)
            if page.evaluate(IS_WIDE):
                found.append(f"{page.url} sideways-scroll: ")
            for look in looks[1:]:
                page.emulate_media(color_scheme=look.theme, reduced_motion="reduce")
                found += run_axe(page, OF_COLOURS)
            page.emulate_media(color_scheme=first.theme, reduced_motion="reduce")
            yield from name_findings(f"{first.language} {first.width} {path}", [*found, *broken])
            broken.clear()


def name_findings(page: str, problems: list[str]) -> Iterator[Finding]:
    """Yield what `run_axe` says of a page as findings."""
    for problem in problems:
        rule, _, element = problem.partition(" ")[2].partition(": ")
        yield Finding(page, rule, element)
    if not problems:
        yield Finding(page)
