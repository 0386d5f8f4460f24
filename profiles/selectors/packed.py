"""Many rows at once as a numpy array: packed by PostgreSQL, read without touching each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

_HEADER_BYTES = 19
_TRAILER_BYTES = 2


@dataclass(frozen=True, slots=True)
class Packed:
    """A column of fixed width: its name, its layout in numpy, and the SQL that makes its bytes.

    The SQL is one of PostgreSQL's own send functions (big-endian) around an expression that is
    never NULL: the bytes of a NULL would be missing and shift all that follow.
    """

    name: str
    layout: str
    sql: str


def fetch_packed(
    columns: Sequence[Packed], source: str, parameters: Mapping[str, Any]
) -> NDArray[np.void]:
    """Return `SELECT columns source` as a structured array, in no particular order. One query.

    `source` begins with FROM. Five times faster than reading rows; the result may hold 500 MB.
    """
    packed = " || ".join(column.sql for column in columns)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT string_agg({packed}, '') {source}", parameters)
        value = cursor.fetchone()[0]
    layout = np.dtype([(column.name, column.layout) for column in columns])
    return np.frombuffer(b"" if value is None else bytes(value), dtype=layout)


def copy_rows(
    query: str, parameters: Mapping[str, Any], columns: Sequence[tuple[str, str]]
) -> NDArray[np.void]:
    """Return the rows of `COPY (...) TO STDOUT (FORMAT BINARY)` as a structured array, in order.

    `columns` are (name, layout); no value may be NULL. Reads row by row: for up to some hundred
    thousand rows whose order matters; `fetch_packed` is for more.
    """
    connection.ensure_connection()
    # Parameters are put in by the driver here: Django's cursor under DEBUG takes a bare statement.
    compose = connection.ops.compose_sql  # type: ignore[attr-defined]  # only PostgreSQL's has it
    statement = compose(query, parameters)
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        packed = b"".join(copy)
    body = packed[_HEADER_BYTES : len(packed) - _TRAILER_BYTES]
    return np.frombuffer(body, dtype=_row_layout(columns))


def _row_layout(columns: Sequence[tuple[str, str]]) -> np.dtype[np.void]:
    """Return the layout of a row: a 16-bit column count, then a 32-bit length and value each."""
    layout: list[tuple[str, str]] = [("_count", ">i2")]
    for name, kind in columns:
        layout += [(f"_length_{name}", ">i4"), (name, kind)]
    return np.dtype(layout)
