"""Ask axe-core what breaks WCAG 2.2 AA on an open page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_ALL = {"type": "tag", "values": TAGS}
OF_COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
PROGRAM = Path(__file__).parent / "functional/vendor/axe.min.js"


def read_axe() -> str:
    """The checker, run through the debugger: the page's policy stays as it is."""
    return PROGRAM.read_text()


def find_violations(page: Page, axe: str, scheme: str = "light") -> list[str]:
    """Every rule of the tags in the light; in the dark those of colours, which alone differ."""
    page.evaluate(axe)
    return run_axe(page, OF_COLOURS if scheme == "dark" else OF_ALL)


def run_axe(page: Page, rules: dict[str, Any]) -> list[str]:
    """Return "address rule: element" for each element that breaks one of the rules."""
    # Of what passes only the first node is described, which is most of the work otherwise.
    answer: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})", rules
    )
    return [
        f"{page.url} {violation['id']}: {node['html'][:200]}"
        for violation in answer["violations"]
        for node in violation["nodes"]
    ]


def find_violations_in_both_themes(page: Page, axe: str) -> list[str]:
    """What breaks a rule on a page whose style sheet asks the browser for the theme."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    problems = find_violations(page, axe)
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    return problems + run_axe(page, OF_COLOURS)
