"""`./dev rooms`: draw the rooms and their suites as the import graph has them."""

import html
from collections.abc import Iterable, Mapping

import grimp

from tools.console import say
from tools.paths import ROOT

PICTURE = ROOT / "docs" / "images" / "rooms.svg"
# From above: each uses only what lies below it.
ROOMS = {
    "shop.doors": "Where people and machines come in",
    "orders": "From the cart to the return",
    "promotions": "Campaigns, offers, codes, points",
    "pricing": "One public price, personal prices below it",
    "profiles": "Shoppers, consent, events, experiments",
    "shop.ground": "What every room stands on",
}
# Folders that every room has: no suites.
NO_SUITES = {"admin", "management", "migrations", "models"}
WIDTH, MARGIN, ROW, BOX, GAP, TITLE = 960, 16, 40, 28, 8, 30
STYLE = """
text{font:13px system-ui,sans-serif;fill:#1b2a24}.t{font-weight:600;font-size:15px}.n{fill:#5b6b64}
.r{fill:#eef4f0}.s{fill:#fff;stroke:#9db5a8}
@media(prefers-color-scheme:dark){text{fill:#e6efe9}.n{fill:#9fb2a8}.r{fill:#1b2a24}.s{fill:#24362e;stroke:#4d6a5c}}
"""


def draw_house() -> str:
    """Return the SVG of all rooms; within a room a suite stands above all it imports."""
    graph = grimp.build_graph("shop", *(room for room in ROOMS if "." not in room))
    drawn: list[str] = []
    top = MARGIN
    for room, purpose in ROOMS.items():
        suites = sorted(
            child
            for child in graph.find_children(room)
            if child.rpartition(".")[2] not in NO_SUITES and graph.find_children(child)
        )
        below = {
            suite: [
                other
                for other in suites
                if other != suite
                and graph.direct_import_exists(importer=suite, imported=other, as_packages=True)
            ]
            for suite in suites
        }
        rows = stack(below)
        height = TITLE + ROW * len(rows) + GAP
        drawn += _draw_room(room, purpose, rows, top, height)
        top += height + GAP
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top + GAP}" role="img"'
        f' aria-label="The rooms of the project and their suites">\n<style>{STYLE}</style>\n'
        f"{body}\n</svg>\n"
    )


def stack(below: Mapping[str, Iterable[str]]) -> list[list[str]]:
    """Return the names in rows, the uppermost first; each stands above all that it names.

    >>> stack({"a": ["b"], "b": [], "c": ["b"]})
    [['a', 'c'], ['b']]
    """
    level: dict[str, int] = {}

    def find(name: str) -> int:
        if name not in level:
            level[name] = 0  # ends a circle, which the layers forbid
            level[name] = max((find(other) + 1 for other in below[name]), default=0)
        return level[name]

    for name in sorted(below):
        find(name)
    heights = sorted(set(level.values()), reverse=True)
    return [[name for name in sorted(level) if level[name] == height] for height in heights]


def _draw_room(room: str, purpose: str, rows: list[list[str]], top: int, height: int) -> list[str]:
    name = html.escape(room.replace(".", "/"))
    width = WIDTH - 2 * MARGIN
    drawn = [
        f'<rect class="r" x="{MARGIN}" y="{top}" width="{width}" height="{height}" rx="8"/>',
        f'<text class="t" x="{2 * MARGIN}" y="{top + 20}">{name}</text>',
        f'<text class="n" x="{2 * MARGIN + 110}" y="{top + 20}">{html.escape(purpose)}</text>',
    ]
    for number, row in enumerate(rows):
        each = (WIDTH - 4 * MARGIN - GAP * (len(row) - 1)) / len(row)
        y = top + TITLE + ROW * number
        for place, suite in enumerate(row):
            x = 2 * MARGIN + place * (each + GAP)
            label = html.escape(suite.rpartition(".")[2])
            drawn.append(
                f'<rect class="s" x="{x:.0f}" y="{y}" width="{each:.0f}" height="{BOX}" rx="5"/>'
                f'<text x="{x + each / 2:.0f}" y="{y + 19}" text-anchor="middle">{label}</text>'
            )
    return drawn


if __name__ == "__main__":
    PICTURE.write_text(draw_house())
    say(f"{PICTURE.relative_to(ROOT)} is drawn")
