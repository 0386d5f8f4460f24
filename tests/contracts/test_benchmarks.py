"""Each figure of `./dev bench` names what it calls; what the shop does not serve is lab."""

from __future__ import annotations

import pkgutil

import pytest

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
