"""The notebook of docs/data-science.md shows what it says, and what the page names is there."""

from __future__ import annotations

import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

from tests.contracts.test_docs import find_dead_links
from tests.unit.pricing.notebook_cells import read_cells, read_texts, run_cell

DOCS = Path(__file__).parents[3] / "docs"
PAGE, NOTEBOOK = DOCS / "data-science.md", DOCS / "notebooks" / "choice.ipynb"
NUMBER = re.compile(r"[-+]?\d+(?:\.\d+)?")


def read_printed(outputs: list[dict[str, Any]]) -> list[float]:
    """Return the numbers of all that was printed, in order."""
    texts = ["".join(one["text"]) for one in outputs if one["output_type"] == "stream"]
    return [float(one) for text in texts for one in NUMBER.findall(text.replace(",", ""))]


def test_the_cells_show_what_the_notebook_and_the_page_say() -> None:
    names: dict[str, Any] = {"__name__": "notebook"}
    for cell in read_cells(NOTEBOOK):
        outputs = run_cell("".join(cell["source"]), names)
        kinds = [one["output_type"] for one in outputs]
        assert kinds == [one["output_type"] for one in cell["outputs"]]
        # Other machines round other last digits; another model prints other numbers.
        shown = pytest.approx(read_printed(cell["outputs"]), rel=0.02, abs=0.011)
        assert read_printed(outputs) == shown
    rows = re.findall(r"^\| ([^`|]+) \| (-?\d\.\d{3}) \|$", PAGE.read_text(), re.MULTILINE)
    said = {name: float(value) for name, value in rows}
    assert said == pytest.approx(names["figures"], rel=0.01, abs=0.002)


def test_what_the_page_names_is_there() -> None:
    paths = re.findall(r"^\| `([a-z_]+\.[\w.]+)` \|", PAGE.read_text(), re.MULTILINE)
    assert len(paths) == 14
    for path in paths:
        assert callable(pkgutil.resolve_name(path)), path


def test_the_notebook_is_light_and_its_links_lead_somewhere() -> None:
    assert NOTEBOOK.stat().st_size < 100_000
    texts = read_texts(NOTEBOOK)
    assert "docs/data-science.md" in texts
    assert find_dead_links(texts, NOTEBOOK.parent) == []
