"""The private Valkey server: events and online features live here until they are drained."""

import contextlib
import dataclasses
import os
import signal
import socket
import subprocess
import time
from pathlib import Path

from tools.binaries import find_valkey
from tools.console import Refusal
from tools.processes import LAST_SECONDS, end_all, end_process, find_working_in, read_pid, wait_for

START_SECONDS = 20.0

# appendonly: an accepted event must survive kill -9, so it may not wait for a snapshot.
# noeviction: a full memory refuses writes, and the event door turns to the table; nothing is lost.
CONFIGURATION = """\
bind 127.0.0.1
port {port}
requirepass "{password}"
daemonize yes
dir "{folder}"
logfile "{folder}/valkey.log"
pidfile "{folder}/valkey.pid"
databases 64
save ""
appendonly {appendonly}
appendfsync everysec
maxmemory {maxmemory}
maxmemory-policy noeviction
"""


@dataclasses.dataclass(frozen=True, slots=True)
class Valkey:
    """One server in `home`/valkey, listening on a private port of this machine."""

    home: Path
    port: int
    password: str
    is_throwaway: bool = False

    @property
    def folder(self) -> Path:
        """Configuration, append-only files and log."""
        return self.home / "valkey"

    @property
    def url(self) -> str:
        """The address for REDIS_URL."""
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Bring the server up; does nothing to one that answers, and waits for one that is busy.

        Two servers must never write the files of one folder. Refuses while the first one lasts.
        """
        if wait_for(lambda: self.is_alive() or not self.is_running(), START_SECONDS):
            if self.is_alive():
                return
        else:
            raise Refusal(f"Valkey in {self.folder} runs and does not answer: it is busy or held.")
        configuration = self._write_configuration()
        log_start = self._log_size()
        launched = subprocess.run(
            [find_valkey(), configuration],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + START_SECONDS
        while launched.returncode == 0 and time.monotonic() < deadline:
            if self.is_alive():
                return
            time.sleep(0.05)
        raise self._explain(log_start)

    def stop(self) -> bool:
        """Stop the server if it is ours, writing what it holds; return whether it was.

        One that runs and does not answer (it loads, hangs or is held) is ended by signals.
        """
        was_alive = self.is_alive()
        if was_alive:
            with contextlib.suppress(OSError):
                self.ask("SHUTDOWN")
            wait_for(lambda: not self.is_alive(), START_SECONDS)
        pid, marker = read_pid(self.folder / "valkey.pid"), f"127.0.0.1:{self.port}"
        has_ended = end_process(pid, marker, (signal.SIGTERM, signal.SIGKILL)) or was_alive
        orphans = end_all(lambda: find_working_in(self.folder, "valkey"), LAST_SECONDS)
        return orphans > 0 or has_ended

    def is_alive(self) -> bool:
        """Whether a server with our password answers; one still loading its file does not yet."""
        try:
            return self.ask("PING").startswith("+PONG")
        except OSError:
            return False

    def is_running(self) -> bool:
        """Whether a server of this folder runs, one that is too busy to answer among them."""
        return bool(find_working_in(self.folder, "valkey"))

    def ask(self, *words: str) -> str:
        """Send one command after AUTH and return the raw reply."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            if not _call(connection, "AUTH", self.password).startswith("+OK"):
                raise ConnectionError("another server listens on this port")
            return _call(connection, *words)

    def _write_configuration(self) -> Path:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        path = self.folder / "valkey.conf"
        text = CONFIGURATION.format(
            port=self.port,
            password=self.password,
            folder=self.folder,
            appendonly="no" if self.is_throwaway else "yes",
            maxmemory="256mb" if self.is_throwaway else "1gb",
        )
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
        return path

    def _log_size(self) -> int:
        with contextlib.suppress(OSError):
            return (self.folder / "valkey.log").stat().st_size
        return 0

    def _explain(self, log_start: int) -> Refusal:
        lines: list[str] = []
        log = self.folder / "valkey.log"
        with contextlib.suppress(OSError), open(log, errors="replace") as file:
            file.seek(log_start)
            lines = [line.strip() for line in file if line.strip()]
        if any("No space left" in line for line in lines):
            return Refusal(f"The disk that holds {self.home} is full: Valkey could not write.")
        return Refusal(
            f"Valkey did not start in {self.folder}: {lines[-1] if lines else 'it said nothing'}"
        )


def _call(connection: socket.socket, *words: str) -> str:
    parts = [word.encode() for word in words]
    request = b"*%d\r\n" % len(parts) + b"".join(
        b"$%d\r\n%s\r\n" % (len(part), part) for part in parts
    )
    connection.sendall(request)
    return connection.recv(65536).decode(errors="replace")
