"""Django's PostgreSQL engine with the metrics of django-prometheus, at the cost of Django's own."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import base
from django_prometheus.db.backends.postgresql import base as counted
from django_prometheus.db.common import ExportingCursorWrapper
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

# The library makes a class for each connection, which is one for each request: a tenth of a
# millisecond, and a ring of objects that only the garbage collector takes away.
_counting_cursor = lru_cache(maxsize=8)(ExportingCursorWrapper)
PAUSE_SECONDS = 0.5


class ConnectBreaker:
    """While the server is away one thread at a time waits for it; others are refused at once.

    Without it each request would wait for the pool's time-out, and soon all threads would.
    """

    def __init__(self, *, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._pause_seconds = pause_seconds
        self._is_away = False
        self._again_at = 0.0
        self._probe = threading.Lock()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """Let the body connect. Raises psycopg.OperationalError at once if it should not try."""
        if not self._is_away:
            with self._noting():
                yield
            return
        if time.monotonic() < self._again_at or not self._probe.acquire(blocking=False):
            raise OperationalError("The database did not answer a moment ago.")
        try:
            with self._noting():
                yield
        finally:
            self._probe.release()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._is_away, self._again_at = True, time.monotonic() + self._pause_seconds
            raise
        self._is_away = False


connect_breaker = ConnectBreaker()


class DatabaseWrapper(counted.DatabaseWrapper):
    """Counts statements, errors and connections; its class of cursors is made once."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what the driver is called with."""
        params: dict[str, Any] = base.DatabaseWrapper.get_connection_params(self)
        params["cursor_factory"] = _counting_cursor(
            params["cursor_factory"], self.alias, self.vendor
        )
        return params

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Return a connection that answers; while the server is away, fail at once.

        Where one of the pool was dropped, others that lie idle were likely too: all are looked at
        once. The pool's own check takes one after the other and pauses for a second in between.
        """
        with connect_breaker.guard():
            connection = super().get_new_connection(conn_params)
            if not self.pool or _answers(connection):
                return connection
            self.pool.putconn(connection)
            self.pool.check()
            return super().get_new_connection(conn_params)


def _answers(connection: Connection[Any]) -> bool:
    """Ask nothing of the server: a tenth of a millisecond."""
    try:
        ConnectionPool.check_connection(connection)
    except OperationalError:
        return False
    return True
