"""Tables of docs/evaluation.md, which tests hold the simulation to."""

from __future__ import annotations

from pathlib import Path

TEXT = (Path(__file__).parents[3] / "docs" / "evaluation.md").read_text(encoding="utf-8")


def read_table(heading: str) -> list[dict[str, str]]:
    """Return the rows of the first table below a heading."""
    lines = TEXT.split(f"# {heading}\n", 1)[1].splitlines()
    begin = next(at for at, line in enumerate(lines) if line.startswith("|"))
    rows = []
    for line in lines[begin:]:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    names, _, *values = rows
    return [dict(zip(names, row, strict=True)) for row in values]
