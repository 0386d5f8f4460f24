"""A Redis that does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import redis

from shop.ground.jobs import redis as redis_door


@contextmanager
def redis_down(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nobody answers where Redis should be."""
    dead = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1, retry=None)
    with monkeypatch.context() as patch:
        patch.setattr(redis_door, "get_redis", lambda: dead)
        yield
    redis_door.redis_breaker.close()
