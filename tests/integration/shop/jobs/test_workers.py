"""One process loads the shop and forks its workers: they come back, give way and end together."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tools.processes import wait_for
from tools.services import free_port

START_SECONDS = 60


@contextmanager
def run(*words: str, **own: str) -> Iterator[subprocess.Popen[bytes]]:
    """The process that forks what `words` name."""
    command, quiet = (sys.executable, "-m", "shop.workers", *words), subprocess.DEVNULL
    process = subprocess.Popen(command, stderr=quiet, stdout=quiet, env=os.environ | own)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def workers() -> Iterator[subprocess.Popen[bytes]]:
    """Two workers of queues that nothing is sent to."""
    with run("none", "nothing:7") as process:
        yield process


def list_children(pid: int) -> list[int]:
    """The processes that `pid` has forked, in the order of their start."""
    asked = subprocess.run(
        ["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True
    ).stdout
    pairs = (map(int, line.split()) for line in asked.splitlines())
    own = sorted(child for child, parent in pairs if parent == pid)
    return [child for child in own if is_alive(child)]


def is_alive(pid: int) -> bool:
    """Whether a process runs, and is no zombie."""
    command = ["ps", "-o", "stat=", "-p", str(pid)]
    asked = subprocess.run(command, capture_output=True, text=True, check=False)
    return bool(asked.stdout.strip()) and not asked.stdout.startswith("Z")


def have_pools(workers: subprocess.Popen[bytes]) -> bool:
    """Whether both workers have the process in which they do their jobs."""
    children = list_children(workers.pid)
    return len(children) == 2 and all(list_children(child) for child in children)


def test_workers_share_give_way_come_back_and_end(workers: subprocess.Popen[bytes]) -> None:
    assert wait_for(lambda: have_pools(workers), START_SECONDS)
    own = os.getpriority(os.PRIO_PROCESS, 0)
    first, second = list_children(workers.pid)
    assert os.getpriority(os.PRIO_PROCESS, first) == own
    assert os.getpriority(os.PRIO_PROCESS, second) == min(own + 7, 19)
    os.kill(first, signal.SIGKILL)
    assert wait_for(lambda: not is_alive(first) and have_pools(workers), START_SECONDS)
    assert second in list_children(workers.pid)
    family = list_children(workers.pid)
    workers.terminate()
    assert workers.wait(30) == 0
    assert not any(is_alive(pid) for pid in family)


def test_workers_end_when_their_parent_is_killed(workers: subprocess.Popen[bytes]) -> None:
    assert wait_for(lambda: have_pools(workers), START_SECONDS)
    family = list_children(workers.pid)
    family += [pid for child in family for pid in list_children(child)]
    workers.kill()
    assert wait_for(lambda: not any(is_alive(pid) for pid in family), 30)


def answers(port: int) -> bool:
    """Whether the web server says that it lives."""
    http = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        http.request("GET", "/healthz")
        return http.getresponse().status == 200
    except OSError:
        return False
    finally:
        http.close()


def test_web_server_and_clock_are_forked_from_it_too() -> None:
    port = free_port()
    with run("web", "beat", PORT=str(port), WEB_CONCURRENCY="1") as shop:
        assert wait_for(lambda: answers(port), START_SECONDS)
        web, beat = list_children(shop.pid)
        os.kill(beat, signal.SIGKILL)
        assert wait_for(lambda: len(list_children(shop.pid)) == 2 and not is_alive(beat), 20)
        family = [*list_children(shop.pid), *list_children(web)]
        shop.terminate()
        assert shop.wait(30) == 0
    assert not any(is_alive(pid) for pid in family)
