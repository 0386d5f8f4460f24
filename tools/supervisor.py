"""Supervisor of the demo: restarts crashed processes and servers, stops all on a signal."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tools.console import Refusal, say
from tools.paths import ROOT, log_dir
from tools.processes import die_with_parent, signal_group, wait_for
from tools.programs import Program
from tools.services import Services

LOOK_SECONDS = 1.0
TICK_SECONDS = 0.2
GRACE_SECONDS = 10.0
LONGEST_PAUSE = 10.0
STABLE_SECONDS = 20.0
KEPT_LOGS = 3
MOST_LOG_BYTES = 20_000_000


class Child:
    """One program: its process, its log, and when to try again after a crash."""

    def __init__(self, program: Program, environment: dict[str, str]) -> None:
        self.program = program
        self.environment = environment
        self.log = log_dir() / f"{program.name}.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.failures = 0
        self.started_at = 0.0
        self.due_at = 0.0
        rotate(self.log)

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self.process.pid if self.process else None

    def start(self) -> None:
        """Start the process in a session of its own, so that it can be ended with its children."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.program.command,
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent,  # noqa: PLW1509 - this process has one thread
            )
        self.started_at = time.monotonic()

    def tend(self) -> bool:
        """Bring the process back when it is gone and due. Returns whether its id changed."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.due_at:
                self.start()
                return True
            return False
        if self.process.poll() is None:
            return False
        # Orphans of a killed parent would hold the port or work on without a master.
        signal_group(self.process.pid, signal.SIGKILL)
        self.failures = 0 if now - self.started_at > STABLE_SECONDS else self.failures + 1
        pause = min(0.2 * 2**self.failures, LONGEST_PAUSE) if self.failures else 0.0
        say(f"{self.program.name} ended ({describe(self.process.returncode)}), starting it again")
        self.process, self.due_at = None, now + pause
        return True

    def ask_to_stop(self) -> None:
        """Send TERM to the parent process; it ends its own children."""
        if self.process and self.process.poll() is None:
            self.process.terminate()

    def make_stop(self) -> None:
        """End whatever is left of it."""
        if self.process:
            signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


class Supervisor:
    """Runs the programs until told to stop; `on_change` hears each change of process ids."""

    def __init__(
        self,
        services: Services,
        children: list[Child],
        *,
        on_change: Callable[[dict[str, int]], None],
    ) -> None:
        self.services = services
        self.children = children
        self.on_change = on_change
        self.looked_at = time.monotonic()

    def start(self) -> None:
        """Start the programs that do not run yet."""
        for child in self.children:
            if child.process is None:
                child.start()
        self.on_change(self.pids())

    def tick(self) -> None:
        """One round: bring back what is gone."""
        if time.monotonic() - self.looked_at >= LOOK_SECONDS:
            self.looked_at = time.monotonic()
            self._tend_services()
            for log in log_dir().glob("*.log"):
                rotate_full(log)
        changes = [child.tend() for child in self.children]
        if any(changes):
            self.on_change(self.pids())

    def run(self) -> None:
        """Tend until a signal raises."""
        while True:
            self.tick()
            time.sleep(TICK_SECONDS)

    def pids(self) -> dict[str, int]:
        """Process ids by name, of those that run."""
        return {child.program.name: child.pid for child in self.children if child.pid}

    def stop(self) -> None:
        """End every program: politely, then by force."""
        for child in reversed(self.children):
            child.ask_to_stop()
        living = [child.process for child in self.children if child.process]
        wait_for(lambda: all(process.poll() is not None for process in living), GRACE_SECONDS)
        for child in self.children:
            child.make_stop()

    def _tend_services(self) -> None:
        if self.services.look():
            return
        say("PostgreSQL or Valkey does not answer, bringing it back")
        try:
            self.services.up()
        except Refusal as refusal:
            say(f"{refusal} Trying again.")
            return
        say("PostgreSQL and Valkey answer again")
        self.on_change(self.pids())


def describe(status: int) -> str:
    """An exit status in words."""
    if status < 0:
        return f"killed: {signal.strsignal(-status)}"
    return f"exit status {status}"


def rotate_full(log: Path) -> None:
    """Put a log aside that has grown large, while its process goes on writing to the file.

    The file is copied and emptied: who has it open appends, and goes on at its new end.
    """
    if log.stat().st_size < MOST_LOG_BYTES:
        return
    _make_room(log)
    shutil.copyfile(log, log.with_name(f"{log.name}.1"))
    os.truncate(log, 0)


def rotate(log: Path) -> None:
    """Put an earlier run's log aside and keep a few of them."""
    if not log.exists() or log.stat().st_size == 0:
        return
    _make_room(log)
    shutil.move(log, log.with_name(f"{log.name}.1"))


def _make_room(log: Path) -> None:
    for age in range(KEPT_LOGS - 1, 0, -1):
        older = log.with_name(f"{log.name}.{age}")
        if older.exists():
            os.replace(older, log.with_name(f"{log.name}.{age + 1}"))
