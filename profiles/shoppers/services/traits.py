"""Exchange what people declared for the time of a test: nothing may look different to them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Each takes the value of the next one in a row in which values alternate, the last that of the
# first: nearly everybody gets another value.
_EXCHANGE = """
UPDATE profiles_audittrait t SET value = o.value
FROM (
    SELECT id, coalesce(
        lead(value) OVER (PARTITION BY name ORDER BY nth, value),
        first_value(value) OVER (PARTITION BY name ORDER BY nth, value)
    ) AS value
    FROM (
        SELECT id, name, value, row_number() OVER (PARTITION BY name, value ORDER BY id) AS nth
        FROM profiles_audittrait
    ) numbered
) o
WHERE o.id = t.id AND o.value <> t.value
"""


@contextmanager
def exchange_traits() -> Iterator[int]:
    """Let everybody have another's audit traits inside the block; undone at its end.

    Yields how many values changed. The rows are locked meanwhile, and nobody else sees it.
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_EXCHANGE)
            changed = cursor.rowcount
        yield changed
        transaction.set_rollback(True)
