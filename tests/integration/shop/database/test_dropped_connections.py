"""The server or a network dropped connections of the pool: the next request does not notice."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from django.db import OperationalError, connection
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 5


def end_connections(pid: int | None = None) -> int:
    """End one connection of this database, or all, from another one; return how many."""
    given = connection.get_connection_params()
    kept = {one: given[one] for one in ("host", "port", "user", "password") if one in given}
    name = connection.settings_dict["NAME"]
    with psycopg.connect(dbname=name, autocommit=True, **kept) as other:
        ended = other.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            " AND pid = coalesce(%s, pid)",
            [pid],
        ).fetchone()
    return 0 if ended is None else int(ended[0])


def open_together(count: int) -> None:
    """Open so many connections at once and put them back to the pool, as requests do."""
    together = threading.Barrier(count)

    def open_one(_number: int) -> None:
        connection.ensure_connection()
        together.wait()
        connection.close()

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(open_one, range(count)))
    connection.close()


def test_positive_control_a_connection_in_use_fails_once() -> None:
    connection.ensure_connection()
    assert connection.connection is not None
    assert end_connections(connection.connection.info.backend_pid) == 1
    with pytest.raises(OperationalError), connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    connection.close()


def test_a_request_after_dropped_connections_is_answered() -> None:
    browser = Client(raise_request_exception=False)
    for _again in range(2):
        open_together(THREADS)
        assert end_connections() >= THREADS
        assert browser.get("/readyz").status_code == 200
