"""Runs a notebook's cells without Jupyter, and writes what they show into it:

PYTHONPATH=. .venv/bin/python -m tests.unit.pricing.notebook_cells docs/notebooks/choice.ipynb
"""

from __future__ import annotations

import ast
import io
import json
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

Cell = dict[str, Any]


def read_cells(path: Path) -> list[Cell]:
    """Return the code cells of a notebook."""
    cells: list[Cell] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return [cell for cell in cells if cell["cell_type"] == "code"]


def read_texts(path: Path) -> str:
    """Return what a notebook says between its cells."""
    cells: list[Cell] = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")


def run_cell(source: str, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Run one cell among `names` and return its outputs as Jupyter would keep them: what was
    printed, and the picture if the cell ends in one."""
    parsed, shown, printed = ast.parse(source), None, io.StringIO()
    last = parsed.body[-1]
    with redirect_stdout(printed):
        if isinstance(last, ast.Expr):
            parsed.body.pop()
        exec(compile(parsed, "<cell>", "exec"), names)  # noqa: S102  # our own notebook's code
        if isinstance(last, ast.Expr):
            ends = ast.Expression(last.value)
            shown = eval(compile(ends, "<cell>", "eval"), names)  # noqa: S307  # our own notebook
    outputs: list[dict[str, Any]] = []
    if text := printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": split(text)})
    if shown is not None and hasattr(shown, "_repr_svg_"):
        data = {"image/svg+xml": split(shown._repr_svg_()), "text/plain": ["<Picture>"]}
        outputs.append({"data": data, "metadata": {}, "output_type": "display_data"})
    return outputs


def split(text: str) -> list[str]:
    """Return the lines of a text as notebooks keep them."""
    return text.splitlines(keepends=True)


def write_outputs(path: Path) -> None:
    """Run all cells and keep what they show."""
    notebook, names = json.loads(path.read_text(encoding="utf-8")), {"__name__": "notebook"}
    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    for number, cell in enumerate(code, start=1):
        cell |= {
            "execution_count": number,
            "outputs": run_cell("".join(cell["source"]), names),
        }
    path.write_text(json.dumps(notebook, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_outputs(Path(sys.argv[1]))
