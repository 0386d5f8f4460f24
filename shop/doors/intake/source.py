"""Open a shop's files in DuckDB: found, their columns checked, read as the layout says."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from shop.doors.intake.layout import MEANING, TABLES, Column, Kind, Table
from shop.ground.kernel.errors import FairtagError

SUFFIXES = (".parquet", ".csv")
# Big files stay on disk and are read in passes; what is kept in memory fits well below this.
MEMORY_LIMIT = "1200MB"
THREADS = 2
WHOLE_TYPES = {"BIGINT", "INTEGER", "SMALLINT", "TINYINT", "UBIGINT", "UINTEGER", "HUGEINT"}


class BadSource(FairtagError):
    """The files cannot be read as the layout says; the message names file, row and column."""

    code = "bad_source"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One table's file."""

    table: Table
    path: Path

    @property
    def scan(self) -> str:
        """SQL that reads the file in its own order."""
        text = str(self.path).replace("'", "''")
        if self.path.suffix == ".parquet":
            return f"read_parquet('{text}')"
        return f"read_csv('{text}', header = true, all_varchar = true, nullstr = '')"


def find_files(folder: Path) -> dict[str, SourceFile]:
    """Return the files of the layout that `folder` holds, by table. Raises BadSource."""
    if not folder.is_dir():
        raise BadSource(f"There is no folder {folder}.")
    found: dict[str, SourceFile] = {}
    for table in TABLES.values():
        paths = [folder / f"{table.name}{suffix}" for suffix in SUFFIXES]
        present = [path for path in paths if path.is_file()]
        if len(present) > 1:
            raise BadSource(
                f"{folder} holds both {present[0].name} and {present[1].name}; keep one."
            )
        if present:
            found[table.name] = SourceFile(table, present[0])
        elif table.is_needed:
            raise BadSource(f"{folder} holds neither {paths[0].name} nor {paths[1].name}.")
    return found


def fingerprint_files(files: dict[str, SourceFile]) -> str:
    """Return a SHA-256 over names and contents: equal files, equal fingerprint."""
    digest = hashlib.sha256()
    for name in sorted(files):
        with open(files[name].path, "rb") as content:
            digest.update(name.encode() + hashlib.file_digest(content, "sha256").digest())
    return digest.hexdigest()


def open_source(files: dict[str, SourceFile], *, scratch: Path) -> duckdb.DuckDBPyConnection:
    """Return a connection in which every table of the layout is a typed view `raw_<table>`.

    Each view has the layout's columns (absent ones are NULL) and `row_number`, 1 for the first
    row of data; `plain_<table>` is the same without the number. Tables without a file are empty.
    Raises BadSource for a missing column or a value of the wrong kind.
    """
    connection = duckdb.connect(config={"threads": THREADS, "memory_limit": MEMORY_LIMIT})
    connection.execute("SET temp_directory = ?", [str(scratch)])
    connection.execute("SET TimeZone = 'UTC'")
    for table in TABLES.values():
        file = files.get(table.name)
        if file is None:
            columns = ", ".join(f"NULL::{column.kind} AS {column.name}" for column in table.columns)
            nothing = f"SELECT {columns} LIMIT 0"
            connection.execute(f"CREATE VIEW plain_{table.name} AS {nothing}")
            numbered = f"SELECT *, 0::BIGINT AS row_number FROM ({nothing})"
            connection.execute(f"CREATE VIEW raw_{table.name} AS {numbered}")
            continue
        _create_view(connection, file)
    return connection


def _create_view(connection: duckdb.DuckDBPyConnection, file: SourceFile) -> None:
    types = _read_columns(connection, file)
    _check_columns(file, types)
    _check_values(connection, file, types)
    columns = ", ".join(_select(column, types) for column in file.table.columns)
    # Views, not tables: the largest file has tens of millions of rows. Numbering rows is slow, so
    # there is one view without.
    connection.execute(f"CREATE VIEW plain_{file.table.name} AS SELECT {columns} FROM {file.scan}")
    connection.execute(
        f"CREATE VIEW raw_{file.table.name} AS"
        f" SELECT {columns}, row_number() OVER () AS row_number FROM {file.scan}"
    )


def _read_columns(connection: duckdb.DuckDBPyConnection, file: SourceFile) -> dict[str, str]:
    try:
        question = f"DESCRIBE SELECT * FROM {file.scan}"
        rows = connection.execute(question).fetchall()
    except duckdb.Error as error:
        reason = str(error).splitlines()[0]
        raise BadSource(f"{file.path.name} cannot be read: {reason}") from error
    return {str(row[0]): str(row[1]) for row in rows}


def _check_columns(file: SourceFile, types: dict[str, str]) -> None:
    for column in file.table.columns:
        if column.is_needed and column.name not in types:
            raise BadSource(
                f'{file.path.name} has no column "{column.name}";'
                f" it has {', '.join(types) or 'none'}."
            )


def _select(column: Column, types: dict[str, str]) -> str:
    if column.name not in types:
        return f"NULL::{column.kind} AS {column.name}"
    if column.kind in {Kind.KEY, Kind.TEXT}:
        if types[column.name] in WHOLE_TYPES:
            return f"CAST({column.name} AS VARCHAR) AS {column.name}"
        return f"nullif(trim(CAST({column.name} AS VARCHAR)), '') AS {column.name}"
    return f"TRY_CAST({column.name} AS {column.kind}) AS {column.name}"


def _check_values(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, types: dict[str, str]
) -> None:
    """Raise BadSource for the first value that cannot be read as its column's kind."""
    doubtful = [
        column
        for column in file.table.columns
        if column.name in types
        and column.kind not in {Kind.KEY, Kind.TEXT}
        and not _is_exact(column.kind, types[column.name])
    ]
    for column in doubtful:
        bad = _find_bad(connection, file, column)
        if bad is not None:
            row_number, value = bad
            raise BadSource(
                f'{file.path.name}, row {row_number}, column "{column.name}": {value!r} is not'
                f" {MEANING[column.kind]}.",
                row=row_number,
                column=column.name,
            )


def _find_bad(
    connection: duckdb.DuckDBPyConnection, file: SourceFile, column: Column
) -> tuple[int, Any] | None:
    # A fraction read as a whole number would be rounded silently: it counts as wrong too.
    is_bad = f"value IS NOT NULL AND TRY_CAST(value AS {column.kind}) IS NULL"
    if column.kind is Kind.WHOLE:
        is_bad = (
            "value IS NOT NULL AND (TRY_CAST(value AS DOUBLE) IS NULL"
            " OR TRY_CAST(value AS DOUBLE) <> trunc(TRY_CAST(value AS DOUBLE)))"
        )
    rows = connection.execute(
        f"SELECT row_number, value FROM (SELECT row_number() OVER () AS row_number,"
        f" {column.name} AS value FROM {file.scan}) WHERE {is_bad} LIMIT 1"
    ).fetchall()
    return (int(rows[0][0]), rows[0][1]) if rows else None


def _is_exact(kind: Kind, found: str) -> bool:
    if kind is Kind.WHOLE:
        return found in WHOLE_TYPES
    if kind is Kind.AMOUNT:
        return found in WHOLE_TYPES or found in {"DOUBLE", "FLOAT"} or found.startswith("DECIMAL")
    if kind is Kind.MOMENT:
        return found.startswith(("TIMESTAMP", "DATE"))
    return found == "BOOLEAN"
