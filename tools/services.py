"""PostgreSQL and Valkey together: brought up once for all users, stopped by the last of them."""

import contextlib
import dataclasses
import fcntl
import json
import os
import random
import secrets
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from tools.accounts import choose_home, claim, service_user
from tools.console import Refusal
from tools.paths import base_dir, ensure_state
from tools.postgres import Postgres
from tools.processes import wait_for
from tools.server_addresses import ask_identity, ask_redis
from tools.valkey import Valkey


@dataclasses.dataclass(frozen=True, slots=True)
class Ports:
    """What was drawn once for a pair of servers and is kept beside their data."""

    password: str
    postgres: int
    valkey: int


# Kernels draw the local ports of outgoing connections from 32768 (Linux) or 49152 (macOS) upward.
# A port from there may belong to somebody's connection by the time a server wants it back.
SERVER_PORTS = range(20_000, 32_000)
RELEASE_SECONDS = 3.0


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses and no outgoing connection will be given."""
    for port in random.SystemRandom().sample(SERVER_PORTS, 200):
        if not is_port_taken(port):
            return port
    raise Refusal("No port between 20000 and 31999 is free: end a program that listens there.")


def is_port_taken(port: int, host: str = "127.0.0.1") -> bool:
    """Whether binding to the port fails."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


class Services:
    """The servers of one purpose (`demo` or `test`): data, ports and locks in one folder.

    DATABASE_URL and REDIS_URL replace the demo's servers, TEST_DATABASE_URL and TEST_REDIS_URL
    those of the tests: a test run must never empty a database exported for other work.
    """

    def __init__(self, purpose: str = "demo") -> None:
        self.purpose = purpose
        prefix = "TEST_" if purpose == "test" else ""
        self.database_url = os.environ.get(f"{prefix}DATABASE_URL") or None
        self.redis_url = os.environ.get(f"{prefix}REDIS_URL") or None
        self.user = service_user()
        # Tests are of the code, whichever shop is served.
        state = base_dir() if purpose == "test" else ensure_state()
        self.home = choose_home(state / purpose, self.user)
        claim(self.home)

    def up(self) -> dict[str, str]:
        """Bring both servers up and return the environment that names them."""
        with self._exclusive("change.lock"):
            ports = self._choose_ports()
            if self.database_url is None:
                self._postgres(ports).start()
            if self.redis_url is None:
                self._valkey(ports).start()
        return self._addresses(ports)

    def addresses(self) -> dict[str, str]:
        """The environment that names both servers, whether they run or not."""
        with self._exclusive("change.lock"):
            return self._addresses(self._choose_ports())

    def down(self) -> bool:
        """Stop what `up` started; return whether anything ran."""
        with self._exclusive("change.lock"):
            ports = self._read_ports()
            if ports is None:
                return False
            has_stopped = self._valkey(ports).stop()
            return self._postgres(ports).stop() or has_stopped

    def look(self) -> bool:
        """Whether both answer, cheaply enough for every second."""
        ports = self._read_ports()
        if ports is None:
            return False
        is_database_up = self.database_url is not None or _accepts(ports.postgres)
        is_redis_up = self.redis_url is not None or self._valkey(ports).is_alive()
        return is_database_up and is_redis_up

    def pids(self) -> dict[str, int]:
        """Process ids of the servers started here, by name: told to people, never believed."""
        files = {
            "postgres": self.home / "pg/postmaster.pid",
            "valkey": self.home / "valkey/valkey.pid",
        }
        found = {}
        for name, path in files.items():
            with contextlib.suppress(OSError, ValueError, IndexError):
                found[name] = int(path.read_text().split()[0])
        return found

    def identity(self) -> str:
        """What tells this database from another one behind the same address."""
        if self.database_url is not None:
            return ask_identity(self.database_url)
        ports = self._read_ports()
        return ports.password if ports else ""

    def check_given(self) -> None:
        """Refuse a DATABASE_URL or REDIS_URL that does not lead to a usable server."""
        if self.database_url is not None:
            ask_identity(self.database_url)
        if self.redis_url is not None:
            ask_redis(self.redis_url)

    @contextlib.contextmanager
    def in_use(self) -> Iterator[dict[str, str]]:
        """Hold the servers up; whoever leaves last stops them."""
        with self.held():
            yield self.up()

    @contextlib.contextmanager
    def held(self, *, patience: float = 0.0) -> Iterator[None]:
        """Keep the servers from being stopped; whoever leaves last stops them, if they run.

        `patience` is how many seconds to wait for others who are about to leave too.
        """
        with open(self.home / "users.lock", "w") as users:
            fcntl.flock(users, fcntl.LOCK_SH)
            try:
                yield
            finally:
                if wait_for(lambda: _takes_alone(users), patience) and self.pids():
                    self.down()

    def is_used(self) -> bool:
        """Whether anybody holds the servers up."""
        with open(self.home / "users.lock", "w") as users:
            return not _takes_alone(users)

    @contextlib.contextmanager
    def _exclusive(self, name: str) -> Iterator[None]:
        with open(self.home / name, "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _addresses(self, ports: Ports) -> dict[str, str]:
        return {
            "DATABASE_URL": self.database_url or self._postgres(ports).url,
            "REDIS_URL": self.redis_url or self._valkey(ports).url,
        }

    def _postgres(self, ports: Ports) -> Postgres:
        return Postgres(
            home=self.home,
            port=ports.postgres,
            password=ports.password,
            user=self.user,
            is_throwaway=self.purpose == "test",
        )

    def _valkey(self, ports: Ports) -> Valkey:
        return Valkey(
            home=self.home,
            port=ports.valkey,
            password=ports.password,
            is_throwaway=self.purpose == "test",
        )

    def _choose_ports(self) -> Ports:
        kept = self._read_ports()
        if kept is None:
            if (self.home / "pg").exists():
                raise Refusal(f"{self._ports_file()} is lost: ./dev reset makes the data anew.")
            kept = Ports(
                password=secrets.token_urlsafe(18), postgres=free_port(), valkey=free_port()
            )
            self._write_ports(kept)
            return kept
        chosen = kept
        if self._is_lost(kept.postgres, self._postgres(kept).is_alive):
            chosen = dataclasses.replace(chosen, postgres=free_port())
        # A busy server is not another program: it is known by its folder, not by its answer.
        if self._is_lost(kept.valkey, self._valkey(kept).is_running):
            chosen = dataclasses.replace(chosen, valkey=free_port())
        if chosen != kept:
            self._write_ports(chosen)
        return chosen

    @staticmethod
    def _is_lost(port: int, is_ours_alive: Callable[[], bool]) -> bool:
        """Whether another program took the port while we were down.

        The children of a killed server hold its port until they notice: they get a moment.
        """
        return not wait_for(lambda: not is_port_taken(port) or is_ours_alive(), RELEASE_SECONDS)

    def _read_ports(self) -> Ports | None:
        path = self._ports_file()
        try:
            return Ports(**json.loads(path.read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _write_ports(self, ports: Ports) -> None:
        write_private(self._ports_file(), json.dumps(dataclasses.asdict(ports)))

    def _ports_file(self) -> Path:
        return self.home / "services.json"


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner can read, whole or not at all."""
    fresh = path.with_name(f"{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.replace(path)


def _takes_alone(users: IO[str]) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _accepts(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2):
            return True
    except OSError:
        return False
