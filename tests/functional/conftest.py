"""A browser and a shop for the whole session; a fresh visitor for each test."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from shop.ground.kernel.clock import utc_now
from tests.accessibility import read_axe
from tests.functional.shop import Shop, open_shop
from tools.browser import find_browser
from tools.clock import VARIABLES

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
FOLDER = Path(__file__).parent
TIMEOUT_MS = 15_000
expect.set_options(timeout=TIMEOUT_MS)  # a busy machine needs more than the usual five seconds
Visitor = Callable[..., Page]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Six journeys run at each push; the other browser tests run before a release."""
    for item in items:
        if item.path.is_relative_to(FOLDER) and not item.get_closest_marker("journey"):
            item.add_marker("release")


@pytest.fixture(autouse=True)
def _isolate() -> None:
    """Overrides the suite's: the shop keeps its Redis between tests; each visitor is new."""


@pytest.fixture(scope="session")
def shop(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """The shop, filled once with the purchases of 300 real households."""
    with open_shop(tmp_path_factory.mktemp("shop")) as opened:
        yield opened


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium; without one the tests are skipped, or fail where CI demands it."""
    found = find_browser()
    if found is None:
        if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
            pytest.fail("CI needs a browser and there is none")
        pytest.skip("no Chromium here: set CHROMIUM=/path/to/it")
    # Playwright keeps an event loop in this thread until the session ends. Django would refuse to
    # talk to the database beside it, also to later tests of this process that have no browser.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        # It reads the clock too often for another clock to be put before it (`./dev test --ahead`).
        own = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        opened = playwright.chromium.launch(executable_path=found, args=list(QUIET), env=own)
        yield opened
        opened.close()


@pytest.fixture
def visit(shop: Shop, browser: Browser) -> Iterator[Visitor]:
    """Open a page as a new visitor; options go to the browser context. Errors fail the test."""
    problems: list[str] = []
    with contextlib.ExitStack() as stack:

        def open_page(**options: Any) -> Page:
            context = browser.new_context(base_url=shop.url, reduced_motion="reduce", **options)
            stack.callback(context.close)
            return watch(context, problems)

        yield open_page
    assert problems == []


@pytest.fixture
def page(visit: Visitor) -> Page:
    """A new visitor's page at desktop size."""
    return visit(viewport={"width": 1280, "height": 900})


def watch(context: BrowserContext, problems: list[str]) -> Page:
    """Return a page that reports script errors and violations of the content security policy."""
    if "FAKETIME" in os.environ:
        context.clock.set_system_time(utc_now())
    page = context.new_page()
    page.set_default_timeout(TIMEOUT_MS)
    page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))

    def hear(message: Any) -> None:
        if message.type == "error" and "Content Security Policy" in message.text:
            problems.append(f"{page.url}: {message.text}")

    page.on("console", hear)
    return page


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker."""
    return read_axe()
