"""Each figure of `./dev bench` names what it calls; what the shop does not serve is lab."""

from __future__ import annotations

import pkgutil
from pathlib import Path

import pytest

from tests.benchmarks.keep import HEAD, RULE, keep_figures
from tests.benchmarks.rows import LAB, SERVED, find_row
from tests.benchmarks.run import PARTS


@pytest.mark.parametrize("part", PARTS)
def test_every_target_names_what_it_calls(part: str) -> None:
    _, targets = PARTS[part]
    assert targets
    for figure in targets:
        find_row(figure)


@pytest.mark.parametrize("row", {**SERVED, **LAB}.values(), ids=lambda row: row.calls)
def test_what_is_called_exists(row: tuple[str, str]) -> None:
    pkgutil.resolve_name(row[0])


def test_lab_serves_only_the_path_of_the_shop() -> None:
    from_lab = {row.calls for row in SERVED.values() if not row.calls.startswith(ROOMS)}
    assert from_lab == {"shop.lab.shop_path.ShopPath"}


ROOMS = ("profiles.", "pricing.", "promotions.", "orders.", "shop.doors.", "tools.programs.")


def test_kept_figures_replace_their_rows(tmp_path: Path) -> None:
    page = tmp_path / "benchmarks.md"
    other = "| pages | `cart_html_cpu_ms` | 6.900 | | | 2026-11-26 | a laptop |"
    page.write_text(f"# Benchmarks\n\n{HEAD}\n{RULE}\n{other}\n\nAfter it.\n")
    for measured in (20.0, 5.0):
        targets = {"category_html_cpu_ms": ("<=", 15.0)}
        keep_figures(page, "pages", {"category_html_cpu_ms": measured}, targets)
    lines = page.read_text().splitlines()
    assert lines[4] == other
    assert lines[5].startswith("| pages | `category_html_cpu_ms` | 5.000 | <= 15 | met | ")
    assert lines[6:] == ["", "After it."]
