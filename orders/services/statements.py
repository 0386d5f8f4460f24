"""Rows by statements whose text never changes: a queryset needs five times as long to be built.

For what every look at a cart and every act on it asks; all else uses querysets.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import Field, Model


def read_rows[Row: Model](model: type[Row], rest: str, given: Sequence[Any]) -> list[Row]:
    """Return the rows that `rest` (from WHERE on, with its own parameters) selects. One query."""
    fields = _fields_of(model)
    names = [field.attname for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(f"{_select(model)} {rest}", given)
        found = cursor.fetchall()
    decoders = [(at, field) for at, field in enumerate(fields) if hasattr(field, "from_db_value")]
    return [
        model.from_db(connection.alias, names, _decode(row, decoders) if decoders else row)
        for row in found
    ]


def update_row(row: Model, names: Sequence[str]) -> None:
    """Write the named fields of a row that is there. One query."""
    known = {field.name: field for field in _fields_of(type(row))}
    fields = [known[name] for name in names]
    values = [field.get_db_prep_save(getattr(row, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_update(type(row), tuple(names)), [*values, row.pk])


def _decode(row: Sequence[Any], decoders: Sequence[tuple[int, Any]]) -> list[Any]:
    values = list(row)
    for at, field in decoders:
        values[at] = field.from_db_value(values[at], None, connection)
    return values


@lru_cache
def _fields_of(model: type[Model]) -> tuple[Field[Any, Any], ...]:
    return tuple(model._meta.concrete_fields)


@lru_cache
def _select(model: type[Model]) -> str:
    columns = ", ".join(f'"{field.column}"' for field in _fields_of(model))
    return f'SELECT {columns} FROM "{model._meta.db_table}"'  # noqa: S608  # the model's own names


@lru_cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    columns = {field.name: field.column for field in _fields_of(model)}
    written = ", ".join(f'"{columns[name]}" = %s' for name in names)
    return f'UPDATE "{model._meta.db_table}" SET {written} WHERE "id" = %s'  # noqa: S608  # the model's own
