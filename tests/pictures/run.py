"""`./dev pictures [part ...]`: take the documents' pictures and check every page of the demo."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django
from playwright.sync_api import sync_playwright
from rich.console import Console
from rich.progress import track

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

# ruff: noqa: E402  # addresses are resolved by Django, which setup() has to make ready
from tests.pictures.access import Finding, visit_pages
from tests.pictures.camera import Camera, list_impressions
from tests.pictures.guides import take_guides
from tests.pictures.prices import take_price_states

PARTS = ("prices", "guides", "shoppers", "staff")


def main(words: list[str]) -> int:
    """Run the parts that are named, or pictures alone; return the exit status."""
    parser = argparse.ArgumentParser(prog="./dev pictures")
    parser.add_argument("part", nargs="*", choices=[*PARTS, []], default=["prices", "guides"])
    parser.add_argument("--look", help="only looks whose name has this in it: zh, dark, 320")
    chosen = parser.parse_args(words)
    impressions = [
        each for each in list_impressions() if not chosen.look or chosen.look in each.name
    ]
    failed = 0
    with open_camera() as camera:
        for part in chosen.part:
            if part in ("prices", "guides"):
                take = take_price_states if part == "prices" else take_guides
                print_counts(part, take(camera))
            else:
                failed += print_problems(
                    part, visit_pages(camera, staff=part == "staff", looks=impressions)
                )
    return 1 if failed else 0


@contextmanager
def open_camera() -> Iterator[Camera]:
    """A browser before the running demo, with its logins."""
    logins = json.loads(Path(os.environ["LOGINS"]).read_text())
    by_role = {
        each["email"].partition("@")[0]: (each["email"], each["password"]) for each in logins
    }
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"])
        yield Camera(browser, os.environ["SHOP_URL"], by_role)
        browser.close()


def print_counts(part: str, taken: Iterator[tuple[Path, str]]) -> None:
    """Say which pictures are new or changed while they are taken."""
    counts = Counter[str]()
    for path, state in taken:
        counts[state] += 1
        if state != "same":
            print(f"{state:8} {path}", flush=True)
    print(f"{part}: " + ", ".join(f"{n} {state}" for state, n in sorted(counts.items())))


def print_problems(part: str, found: Iterator[Finding]) -> int:
    """Show how far the visit is, then each rule with its pages; return how many are broken."""
    by_rule: dict[str, list[Finding]] = defaultdict(list)
    good = 0
    for finding in track(found, description=part, console=Console(stderr=True)):
        if finding.rule:
            by_rule[finding.rule].append(finding)
        else:
            good += 1
    for rule, broken in sorted(by_rule.items(), key=lambda item: -len(item[1])):
        pages = sorted({finding.page for finding in broken})
        print(f"{rule}: {len(broken)} elements on {len(pages)} pages, such as {pages[0]}")
        for element, times in Counter(finding.element for finding in broken).most_common(5):
            print(f"  {times:4} x {' '.join(element.split())[:150]}")
    print(f"{part}: {good} pages without a problem, {sum(map(len, by_rule.values()))} problems")
    return len(by_rule)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
