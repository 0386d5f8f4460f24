"""A Valkey of one's own, put into the states in which a real server refuses work."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep

import pytest
import redis
from kombu.pools import connections, producers

from shop.celery import app
from shop.ground.jobs import redis as redis_door
from tools.services import free_port
from tools.valkey import Valkey

PASSWORD = "only-for-this-server"


def _want_a_replica(client: redis.Redis) -> None:
    client.config_set("min-replicas-to-write", 1)


def _fail_to_save(client: redis.Redis) -> None:
    """A snapshot that cannot be written: its name is taken by a folder."""
    (Path(client.config_get("dir")["dir"]) / "dump.rdb").mkdir()
    client.config_set("save", "3600 1")
    client.bgsave()
    for _ in range(200):
        if client.info("persistence")["rdb_last_bgsave_status"] == "err":
            return
        sleep(0.01)
    raise AssertionError("the snapshot was written all the same")


def _forbid_writing(client: redis.Redis) -> None:
    client.execute_command("ACL", "SETUSER", "default", "-@write", "-eval", "-evalsha")


def _change_the_password(client: redis.Redis) -> None:
    client.config_set("requirepass", "another")
    client.client_kill_filter(_type="normal", skipme=False)


def _fill_up(client: redis.Redis) -> None:
    client.config_set("maxmemory", 1)


# code of the refusal -> what leads to it
STATES: dict[str, Callable[[redis.Redis], None]] = {
    "NOREPLICAS": _want_a_replica,
    "MISCONF": _fail_to_save,
    "NOPERM": _forbid_writing,
    "WRONGPASS": _change_the_password,
    "OOM": _fill_up,
}


@contextmanager
def own_valkey(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """Everything of this process that uses Redis uses this server, Celery too."""
    server = Valkey(folder, free_port(), PASSWORD, is_throwaway=True)
    server.start()
    url = f"redis://:{PASSWORD}@127.0.0.1:{server.port}/0"
    client = redis.Redis.from_url(url, socket_timeout=0.5)
    admin = redis.Redis.from_url(url)
    number = int(admin.info("server")["process_id"])
    try:
        with monkeypatch.context() as patch, app.connection_for_write(url) as broker:
            patch.setattr(redis_door, "get_redis", lambda: client)
            patch.setattr(redis_door, "get_patient_redis", lambda: client)
            patch.setattr(app, "connection_for_write", lambda *_, **__: broker.clone())
            patch.setattr(type(app), "pool", connections[broker])
            patch.setattr(type(app.amqp), "producer_pool", producers[broker])
            yield admin
    finally:
        redis_door.redis_breaker.close()
        os.kill(number, signal.SIGKILL)
