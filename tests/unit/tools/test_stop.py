"""`./dev stop` ends all that a demo started, whoever was killed before, and nothing else."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.demo import check_can_start
from tools.prepare import Step, run_step
from tools.processes import end_leftovers, find_marked, wait_for
from tools.programs import mark
from tools.run_record import demo_holder, read_record
from tools.upkeep import run_stop

# A supervisor with two programs, each a parent with a child, as gunicorn and Celery are; one of
# them holds on to its life, as a worker does in the middle of a job.
SUPERVISOR = """
import os, sys
from typing import Any, cast
from tools.programs import Program, mark
from tools.run_record import hold_demo, write_record
from tools.supervisor import Child, Supervisor

class Quiet:
    def look(self): return True

FORK = "import os, time; os.fork(); time.sleep(120)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + FORK
programs = [
    Program(name, (sys.executable, "-X", mark(), "-c", code))
    for name, code in (("web", FORK), ("worker", STUBBORN))
]
with hold_demo():
    children = [Child(one, dict(os.environ)) for one in programs]
    note = lambda pids: write_record({"processes": {"supervisor": os.getpid(), **pids}})
    running = Supervisor(cast(Any, Quiet()), children, on_change=note)
    running.start()
    running.run()
"""
# What is told to end and starts another first.
SUCCESSOR = """
import os, signal, time
def leave(*_):
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if os.fork(): os._exit(0)
signal.signal(signal.SIGTERM, leave)
print("ready", flush=True)
while True: time.sleep(1)
"""


@pytest.fixture
def bystander(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is not ours; and a state folder of our own."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("tools.upkeep.LEFTOVER_SECONDS", 1.5)
    (tmp_path / "state/logs").mkdir(parents=True)
    command = [sys.executable, "-X", "fairtag_run=another", "-c", "import time; time.sleep(120)"]
    with subprocess.Popen(command) as process:
        yield process
        process.kill()
        end_leftovers(mark(), grace_seconds=1)


@pytest.fixture
def supervisor(bystander: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    """A running demo without servers: the supervisor and four processes."""
    command = [sys.executable, "-X", mark(), "-c", SUPERVISOR, "tools"]
    with subprocess.Popen(command, start_new_session=True) as process:
        assert wait_for(lambda: len(find_marked(mark())) == 5, 20)
        assert wait_for(lambda: len(read_record().get("processes", {})) == 3, 5)
        yield process
        process.kill()


def test_a_killed_supervisor_leaves_nothing_after_stop(
    supervisor: subprocess.Popen[bytes], bystander: subprocess.Popen[bytes]
) -> None:
    supervisor.kill()
    supervisor.wait()
    left = find_marked(mark())
    assert left, "the stubborn ones outlive it: there is something to end"
    assert run_stop([]) == 0
    assert find_marked(mark()) == []
    assert read_record() == {}
    assert bystander.poll() is None


def test_a_killed_worker_leaves_nothing_after_stop(
    supervisor: subprocess.Popen[bytes], bystander: subprocess.Popen[bytes]
) -> None:
    os.kill(read_record()["processes"]["worker"], signal.SIGKILL)
    assert run_stop([]) == 0
    assert find_marked(mark()) == []
    assert demo_holder() is None
    assert bystander.poll() is None


def test_an_id_that_belongs_to_another_process_is_spared(
    bystander: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    """Every place where an id of ours may stand names the bystander."""
    state = tmp_path / "state"
    (state / "run.json").write_text(json.dumps({"processes": {"web": bystander.pid}}))
    (state / "demo.lock").write_text(f"{bystander.pid:<20}")
    assert run_stop([]) == 0
    assert bystander.poll() is None


def test_a_successor_of_an_ended_process_is_ended_too(
    bystander: subprocess.Popen[bytes],
) -> None:
    command = [sys.executable, "-X", mark(), "-c", SUCCESSOR]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        assert end_leftovers(mark(), grace_seconds=1.5) == 2
        first.wait()
    assert find_marked(mark()) == []


def test_a_step_of_a_killed_preparation_is_known_as_ours(
    bystander: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """An import goes on when `./dev demo` was killed: the next one must not meet it."""
    sleeper = tmp_path / "manage.py"
    sleeper.write_text("import time; time.sleep(120)")
    monkeypatch.setattr("tools.prepare.MANAGE", sleeper)
    preparing = os.fork()
    if not preparing:
        try:
            run_step(Step("importing", ("import_journey",)), dict(os.environ))
        finally:
            os._exit(0)
    assert wait_for(lambda: len(find_marked(mark())) == 1, 10)
    os.kill(preparing, signal.SIGKILL)
    os.waitpid(preparing, 0)
    monkeypatch.setenv("PORT", "1")
    monkeypatch.setattr("tools.demo.is_port_taken", lambda *_: False)
    check_can_start()
    assert find_marked(mark()) == []
