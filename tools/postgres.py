"""The private PostgreSQL cluster: made once, started, asked who it is, stopped."""

import contextlib
import dataclasses
import locale
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tools.accounts import ServiceUser, is_reachable
from tools.binaries import find_postgres, postgres_major
from tools.console import Refusal
from tools.paths import SHARED_MEMORY
from tools.processes import LAST_SECONDS, end_all, end_process, find_working_in, is_ours, read_pid

ROLE = DATABASE = "fairtag"
START_ATTEMPTS = 20
SMALL_SHARED_MEMORY = 256 * 2**20

# Two cores, a gigabyte or two to spare, one bulk load and then many small reads.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "shared_buffers": "256MB",
    "effective_cache_size": "2GB",
    "work_mem": "32MB",
    "maintenance_work_mem": "256MB",
    "max_wal_size": "4GB",
    "wal_compression": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    # Emptying or dropping all tables locks every monthly partition and each of its indexes.
    "max_locks_per_transaction": "512",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "synchronous_commit": "on",
    "timezone": "UTC",
    # Statements that fail and their details quote rows: names, addresses, tokens.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# Tests lose nothing when the machine dies, so they wait for no disk.
THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "128MB",
}


def utf8_locale() -> str:
    """A UTF-8 locale of this machine: with LC_CTYPE=C, trigrams of Chinese words do not exist."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in ("C.UTF-8", "C.utf8", "en_US.UTF-8"):
            with contextlib.suppress(locale.Error):
                return locale.setlocale(locale.LC_CTYPE, name)
    finally:
        locale.setlocale(locale.LC_CTYPE, before)
    raise Refusal(
        "This machine has no UTF-8 locale (C.UTF-8 or en_US.UTF-8): PostgreSQL needs one."
    )


@dataclasses.dataclass(frozen=True, slots=True)
class Postgres:
    """One cluster in `home`/pg, listening on a private port of this machine."""

    home: Path
    port: int
    password: str
    user: ServiceUser | None
    is_throwaway: bool = False

    @property
    def data(self) -> Path:
        """PGDATA."""
        return self.home / "pg"

    @property
    def url(self) -> str:
        """The address for DATABASE_URL."""
        return f"postgresql://{ROLE}:{self.password}@127.0.0.1:{self.port}/{DATABASE}"

    def start(self) -> None:
        """Make the cluster if need be and bring it up; does nothing to one that answers."""
        if self.is_alive():
            return
        self._check_owner()
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        self._check_version()
        self._drop_stale_pid_file()
        self._launch()
        self._ensure_database()

    def stop(self) -> bool:
        """Stop the cluster if it is ours; return whether it ran.

        One that runs and does not answer (it recovers, hangs or is held) is ended by signals.
        """
        pid, was_alive = read_pid(self.data / "postmaster.pid"), self.is_alive()
        for mode in ("fast", "immediate") if was_alive else ():
            stopped = self._run("pg_ctl", "-D", self.data, "-w", "-t", "30", "-m", mode, "stop")
            if stopped.returncode == 0:
                break
        signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
        has_ended = end_process(pid, str(self.data), signals) or was_alive
        return self._end_orphans() > 0 or has_ended

    def is_alive(self) -> bool:
        """Whether this very cluster answers, not just anything on its port."""
        return self._ask("show data_directory") == str(self.data)

    def programs(self) -> Path:
        """The bin folder, copied once to where the service user can reach it."""
        found = find_postgres()
        if self.user is None or is_reachable(found):
            return found
        package = found.parent.parent
        copies = self.home / "programs"
        if not (copies / ".complete").exists():
            shutil.rmtree(copies, ignore_errors=True)
            for folder in (package, package.with_name(f"{package.name}.libs")):
                if folder.exists():
                    shutil.copytree(folder, copies / folder.name, symlinks=True)
            for folder in (copies, *copies.iterdir()):
                folder.chmod(0o755)
            (copies / ".complete").touch()
        return copies / package.name / "pginstall/bin"

    def _check_owner(self) -> None:
        wanted = self.user.uid if self.user else os.geteuid()
        if self.data.exists() and self.data.stat().st_uid != wanted:
            raise Refusal(
                f"{self.data} belongs to another user (was Fairtag started as that user before?): "
                f"remove {self.home} and start again."
            )

    def _check_version(self) -> None:
        written = int((self.data / "PG_VERSION").read_text().split(".")[0])
        present = postgres_major(self.programs())
        if written != present:
            raise Refusal(
                f"The data in {self.data} were written by PostgreSQL {written}, this is {present}: "
                "./dev reset makes them anew."
            )

    def _initialise(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        secret = self.home / "initdb-password"
        secret.touch(mode=0o600)
        secret.write_text(f"{self.password}\n")
        if self.user:
            os.chown(self.data, self.user.uid, self.user.gid)
            os.chown(secret, self.user.uid, self.user.gid)
        provider = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if postgres_major(self.programs()) < 17:
            provider = []
        try:
            # --no-sync: 0.4 s instead of 3.6 s; a power cut here only means initdb again.
            made = self._run(
                *("initdb", "-D", self.data, "-U", ROLE, "-E", "UTF8", "--no-sync"),
                *(f"--locale={utf8_locale()}", *provider, f"--pwfile={secret}"),
                *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
            )
        finally:
            secret.unlink()
        if made.returncode:
            shutil.rmtree(self.data, ignore_errors=True)
            raise explain_failure("initdb", made.stdout, self.home)

    def _drop_stale_pid_file(self) -> None:
        # After a power cut its number may be any process: only one that names our PGDATA counts.
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first = pid_file.read_text().partition("\n")[0].strip()
        if not (first.isdigit() and is_ours(int(first), str(self.data))):
            self._end_orphans()  # a busy one would hold the cluster until it is done
            pid_file.unlink(missing_ok=True)

    def _end_orphans(self) -> int:
        return end_all(lambda: find_working_in(self.data, "postgres"), LAST_SECONDS)

    def _launch(self) -> None:
        options = " ".join(f"-c {name}={value}" for name, value in self._settings().items())
        told = ""
        for _ in range(START_ATTEMPTS):
            # After kill -9 of the postmaster its children hold the cluster for a moment: retry.
            started = self._run(
                *("pg_ctl", "-D", self.data, "-w", "-t", "120", "-l", self.data / "server.log"),
                *("-o", options, "start"),
            )
            if started.returncode == 0 and self.is_alive():
                return
            told = started.stdout
            if "No space left" in self._log_tail():
                break
            time.sleep(0.5)
        raise explain_failure("PostgreSQL", f"{told}\n{self._log_tail()}", self.home)

    def _settings(self) -> dict[str, str]:
        chosen = {**SETTINGS, **(THROWAWAY if self.is_throwaway else {}), "port": str(self.port)}
        if sys.platform == "linux":
            chosen["recovery_init_sync_method"] = "syncfs"  # 0.25 s instead of 5 s after kill -9
            if (
                not SHARED_MEMORY.exists()
                or shutil.disk_usage(SHARED_MEMORY).total < SMALL_SHARED_MEMORY
            ):
                # A container's 64 MB are too small for parallel queries: they would fail.
                chosen["max_parallel_workers_per_gather"] = "0"
                chosen["max_parallel_maintenance_workers"] = "0"
        return chosen

    def _ensure_database(self) -> None:
        if self._ask("select count(*) from pg_database where datname = 'fairtag'") == "0":
            self._ask("create database fairtag")

    def _ask(self, statement: str) -> str | None:
        """One value, or None if the cluster does not answer to our password."""
        where = ("-h", "127.0.0.1", "-p", str(self.port), "-U", ROLE, "-d", "postgres")
        asked = self._run("psql", "-X", "-w", *where, "-Atc", statement)
        return asked.stdout.strip() if asked.returncode == 0 else None

    def _log_tail(self) -> str:
        with contextlib.suppress(OSError):
            return (self.data / "server.log").read_text(errors="replace")[-3000:]
        return ""

    def _run(self, program: str, *arguments: object) -> subprocess.CompletedProcess[str]:
        """Run one of PostgreSQL's programs as its user; output goes through a file, never a pipe.

        A server started by pg_ctl inherits its output: a pipe would stay open, its reader waiting.
        """
        words = [str(self.programs() / program), *map(str, arguments)]
        environment = {
            key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_"))
        }
        environment |= {"LC_ALL": utf8_locale(), "LANG": utf8_locale()}
        environment |= {"PGPASSWORD": self.password, "PGCONNECT_TIMEOUT": "5"}
        lent: dict[str, Any] = {}
        if self.user:
            lent = {"user": self.user.uid, "group": self.user.gid, "extra_groups": []}
            environment["HOME"] = "/"
        with tempfile.TemporaryFile("w+", errors="replace") as output:
            done = subprocess.run(
                words,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=environment,
                cwd="/",
                **lent,
            )
            output.seek(0)
            return subprocess.CompletedProcess(words, done.returncode, output.read(), "")


def explain_failure(what: str, output: str, home: Path) -> Refusal:
    """Turn a server's complaint into one sentence."""
    if "No space left" in output:
        return Refusal(f"The disk that holds {home} is full: {what} could not write.")
    if "could not create shared memory segment" in output or "Cannot allocate memory" in output:
        return Refusal(f"{what} got no memory from this machine: free some and start again.")
    last = [line.strip() for line in output.splitlines() if line.strip()]
    return Refusal(f"{what} did not start in {home}: {last[-1] if last else 'it said nothing'}")
