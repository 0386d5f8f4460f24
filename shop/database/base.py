"""Django's PostgreSQL engine with the metrics of django-prometheus, at the cost of Django's own."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.backends.postgresql import base
from django_prometheus.db.backends.postgresql import base as counted
from django_prometheus.db.common import ExportingCursorWrapper

# The library makes a class for each connection, which is one for each request: a tenth of a
# millisecond, and a ring of objects that only the garbage collector takes away.
_counting_cursor = lru_cache(maxsize=8)(ExportingCursorWrapper)


class DatabaseWrapper(counted.DatabaseWrapper):
    """Counts statements, errors and connections; its class of cursors is made once."""

    def get_connection_params(self) -> dict[str, Any]:
        """Return what the driver is called with."""
        params: dict[str, Any] = base.DatabaseWrapper.get_connection_params(self)
        params["cursor_factory"] = _counting_cursor(
            params["cursor_factory"], self.alias, self.vendor
        )
        return params
