"""The database engine counts statements, and makes its class of cursors once."""

from __future__ import annotations

from django.db import connection
from prometheus_client import REGISTRY


def count_statements() -> float:
    """Return how many statements the metrics know of."""
    labels = {"alias": connection.alias, "vendor": connection.vendor}
    return REGISTRY.get_sample_value("django_db_execute_total", labels) or 0.0


def test_every_statement_is_counted(db: None) -> None:
    before = count_statements()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.execute("SELECT 2")
    assert count_statements() == before + 2


def test_connections_share_one_class_of_cursors(db: None) -> None:
    first, second = (connection.get_connection_params() for _ in range(2))
    assert first["cursor_factory"] is second["cursor_factory"]
