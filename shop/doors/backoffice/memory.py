"""Small cache per process for dashboard figures."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any

MOST_ENTRIES = 64

_lock = threading.Lock()
_kept: dict[Hashable, tuple[float, Any]] = {}


def remember[Value](key: Hashable, seconds: float, make: Callable[[], Value]) -> Value:
    """Return what `make` returned for `key` at most `seconds` ago, else make it now.

    Two requests may make it at the same time: cheaper than one waiting for the other.
    """
    found = _kept.get(key)
    if found is not None and time.monotonic() < found[0]:
        return found[1]
    made = make()
    with _lock:
        if len(_kept) >= MOST_ENTRIES:
            _kept.pop(next(iter(_kept)))
        _kept[key] = (time.monotonic() + seconds, made)
    return made


def forget_all() -> None:
    """Forget everything (tests)."""
    with _lock:
        _kept.clear()
