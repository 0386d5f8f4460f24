"""The catalogue's version, and what a process keeps in memory until it changes."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable

from django.db import connection

VERSION_SECONDS = 1.0
# As text: the request that finds the memory old waits a fifth as long as for a queryset.
_VERSION = "SELECT version FROM shop_catalogversion"


class _Clock:
    """The version as read last, and when."""

    def __init__(self) -> None:
        self.version = -1
        self.read_at = float("-inf")


_clock = _Clock()
_caches: list[VersionedCache] = []


def catalog_version() -> int:
    """Return the version of the catalogue. One query, at most one a second per process."""
    now = time.monotonic()
    if now - _clock.read_at > VERSION_SECONDS:
        with connection.cursor() as cursor:
            cursor.execute(_VERSION)
            found = cursor.fetchone()
        _clock.version = 0 if found is None else int(found[0])
        _clock.read_at = now
    return _clock.version


def refresh_catalog() -> None:
    """Read the version anew now: for a page that must show what another process just wrote."""
    _clock.read_at = float("-inf")


def forget_catalog() -> None:
    """Drop what is cached and read the version anew: for a change that must show at once."""
    refresh_catalog()
    for cache in _caches:
        cache.clear()


class VersionedCache[Value]:
    """Values built from the catalogue, least recently used ones dropped beyond `size`.

    A change of the catalogue empties it. Built under a lock: when a version changes under load,
    one thread reads the tables and the others wait for it instead of all reading them.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._version = -1
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = threading.RLock()
        _caches.append(self)

    def get(self, key: Hashable, build: Callable[[], Value]) -> Value:
        """Return the value of `key` for the current version, built if it is not there."""
        version = catalog_version()
        with self._lock:
            if version != self._version:
                self._values.clear()
                self._version = version
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
            value = build()
            self._values[key] = value
            if len(self._values) > self._size:
                self._values.popitem(last=False)
            return value

    def clear(self) -> None:
        """Drop everything."""
        with self._lock:
            self._values.clear()
