"""Many rows at once as a numpy array: packed by PostgreSQL, read without touching each row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray


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
