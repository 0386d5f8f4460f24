"""A Chromium for the browser tests: found, or on Debian installed as root."""

import os
import shutil
from pathlib import Path

from tools.console import Refusal, say
from tools.environment import apt_install, may_install

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
MAC_PROGRAMS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
PLAYWRIGHT_CACHES = ("~/.cache/ms-playwright", "~/Library/Caches/ms-playwright")
# Without a Chinese font the pages under test show boxes.
DEBIAN_PACKAGES = ("chromium", "fonts-wqy-zenhei")


def find_browser() -> Path | None:
    """The browser that $CHROMIUM names, or one of this machine, or None."""
    named = os.environ.get("CHROMIUM")
    if named:
        found = shutil.which(named)
        if found is None:
            raise Refusal(f"CHROMIUM={named} is not a program.")
        return Path(found)
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return Path(found)
    candidates = [Path(program) for program in MAC_PROGRAMS]
    for cache in PLAYWRIGHT_CACHES:
        candidates += sorted(Path(cache).expanduser().glob("chromium-*/chrome-linux*/chrome"))
    return next((program for program in candidates if os.access(program, os.X_OK)), None)


def ensure_browser() -> Path | None:
    """Find a browser; as root on Debian install one; without any, say so, and refuse in CI."""
    browser = find_browser()
    if browser is None and may_install():
        say("no browser on this machine: apt-get install chromium (a minute or two)")
        apt_install(*DEBIAN_PACKAGES)
        browser = find_browser()
    if browser is not None:
        return browser
    hint = "install Chromium or Chrome, or set CHROMIUM=/path/to/it"
    if os.environ.get("CI", "").lower() in ("1", "true", "yes"):
        raise Refusal(f"CI needs a browser and this machine has none: {hint}.")
    say(f"there is no browser here, so the browser tests are skipped: {hint}")
    return None
