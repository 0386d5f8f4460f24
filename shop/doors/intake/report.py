"""The report of an import: a table for people, JSON for machines, kept with the run."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
from rich.console import Console
from rich.table import Table

from shop.doors.intake.cleaning import TableCount, count_table
from shop.doors.intake.layout import TABLES
from shop.ground.jobs.services import QuarantineRow
from shop.ground.kernel.errors import FairtagError

BATCH = 10_000


class RowsLost(FairtagError):
    """Rows read, kept and quarantined do not add up: a mistake of the import itself."""

    code = "rows_lost"


def count_all(connection: duckdb.DuckDBPyConnection) -> list[TableCount]:
    """Return the counts of all tables. Raises RowsLost unless read = kept + quarantined."""
    counts = [count_table(connection, name) for name in TABLES]
    for count in counts:
        if not count.is_balanced:
            raise RowsLost(
                f"{count.table}: {count.read} rows read, but {count.kept} kept and"
                f" {sum(count.refused.values())} quarantined."
            )
    return counts


def list_refused(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[QuarantineRow]:
    """Yield the refused rows of a table in file order, as they were read."""
    cursor = connection.cursor().execute(f"FROM refused_{table} ORDER BY row_number")
    names = [column[0] for column in cursor.description]
    own = {column.name for column in TABLES[table].columns}
    while rows := cursor.fetchmany(BATCH):
        for row in rows:
            values = dict(zip(names, row, strict=True))
            payload = {name: _json(values[name]) for name in names if name in own}
            yield QuarantineRow(values["row_number"], values["reason"], payload)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def describe_counts(counts: Sequence[TableCount]) -> dict[str, Any]:
    """Return counts as JSON values by table."""
    return {
        count.table: {"read": count.read, "kept": count.kept, "quarantined": count.refused}
        for count in counts
    }


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print what was read, kept and quarantined, what was noticed, and what was loaded."""
    table = Table(title="Cleaning", title_justify="left")
    for title in ("file", "read", "kept", "quarantined"):
        table.add_column(title, justify="left" if title == "file" else "right")
    table.add_column("why")
    for name, count in report["tables"].items():
        refused = count["quarantined"]
        why = ", ".join(f"{reason} {rows:,}" for reason, rows in refused.items())
        table.add_row(
            name, f"{count['read']:,}", f"{count['kept']:,}", f"{sum(refused.values()):,}", why
        )
    console.print(table)
    noticed = Table(title="Noticed and corrected", title_justify="left", show_header=False)
    noticed.add_column("what")
    noticed.add_column("rows", justify="right")
    for name, rows in report["noticed"].items():
        noticed.add_row(name, f"{rows:,}")
    console.print(noticed)


def keep_report(folder: Path, report: dict[str, Any]) -> Path:
    """Write the report as JSON and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "import.json"
    path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path
