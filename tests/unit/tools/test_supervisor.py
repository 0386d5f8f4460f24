"""A killed process comes back, with its orphans ended; logs of earlier runs are kept."""

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from tools import supervisor
from tools.processes import command_line, find_marked, is_ours, wait_for
from tools.programs import Program
from tools.services import Services
from tools.supervisor import Child, Supervisor, rotate, rotate_full

MARK = f"fairtag_run=test-{os.getpid()}"
# A parent with a child of its own, as gunicorn and Celery have.
PARENT = "import os, time; os.fork(); time.sleep(60)"


@pytest.fixture
def child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Child]:
    """A parent process with one child, supervised."""
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path))
    (tmp_path / "logs").mkdir()
    command = (sys.executable, "-X", MARK, "-c", PARENT)
    started = Child(Program("web", command), dict(os.environ))
    started.start()
    assert wait_for(lambda: len(find_marked(MARK)) == 2, 10)
    yield started
    started.make_stop()


def test_a_killed_process_returns_without_its_orphan(child: Child) -> None:
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert wait_for(child.tend, 5)
    assert wait_for(lambda: child.tend() and child.pid is not None, 5)
    assert child.pid != first
    assert wait_for(lambda: len(find_marked(MARK)) == 2, 10)


def test_a_process_that_keeps_ending_is_retried_more_slowly(child: Child) -> None:
    pauses = []
    for _ in range(3):
        assert child.process is not None
        child.process.kill()
        assert wait_for(child.tend, 5)
        pauses.append(child.due_at - time.monotonic())
        child.start()
    assert pauses == sorted(pauses)
    assert child.failures == 3


def test_stopping_ends_the_whole_family(child: Child) -> None:
    child.make_stop()
    assert wait_for(lambda: find_marked(MARK) == [], 5)


def test_a_process_is_ours_by_its_command_line_only(child: Child) -> None:
    assert child.pid is not None
    assert is_ours(child.pid, MARK)
    assert not is_ours(os.getpid(), MARK)
    assert not is_ours(1, "")
    assert command_line(2**22 + 1) == ""


def test_three_earlier_logs_are_kept(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for run in range(1, 6):
        log.write_text(f"run {run}")
        rotate(log)
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {"web.log.1": "run 5", "web.log.2": "run 4", "web.log.3": "run 3"}


def test_an_empty_log_is_not_worth_keeping(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.touch()
    rotate(log)
    assert [path.name for path in tmp_path.iterdir()] == ["web.log"]


class Quiet:
    """Servers that always answer."""

    def look(self) -> bool:
        """Nothing to bring back."""
        return True


def test_programs_that_run_are_not_started_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path))
    (tmp_path / "logs").mkdir()
    command = (sys.executable, "-X", f"{MARK}-pair", "-c", "import time; time.sleep(60)")
    children = [Child(Program(name, command), dict(os.environ)) for name in ("web", "beat")]
    heard: list[dict[str, int]] = []
    supervisor = Supervisor(cast("Services", Quiet()), children, on_change=heard.append)
    supervisor.start()
    supervisor.tick()
    supervisor.start()
    assert [list(pids) for pids in heard] == [["web", "beat"]] * 2
    assert heard[0] == heard[1] == supervisor.pids()
    supervisor.stop()
    assert supervisor.pids() == {}
    assert find_marked(f"{MARK}-pair") == []


def test_a_grown_log_is_rotated_while_its_process_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "MOST_LOG_BYTES", 10)
    log = tmp_path / "web.log"
    with open(log, "ab", buffering=0) as writer:
        for text in (b"short", b" and long", b"later", b", and later still"):
            writer.write(text)
            rotate_full(log)
        writer.write(b"now")
    kept = {path.name: path.read_text() for path in tmp_path.iterdir()}
    assert kept == {
        "web.log": "now",
        "web.log.1": "later, and later still",
        "web.log.2": "short and long",
    }
