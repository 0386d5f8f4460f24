"""Slow clients keep no thread of the web server: others are answered meanwhile."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPConnection
from pathlib import Path

import pytest

from shop.doors.web.web_worker import MOST_GATHERED, is_whole
from tools.paths import ROOT
from tools.services import free_port

APP = """
def app(environ, start):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length) if length else environ["wsgi.input"].read(50)
    start("200 OK", [("Content-Length", str(len(str(len(body)))))])
    return [str(len(body)).encode()]
"""
OURS, LIBRARY = "shop.doors.web.web_worker.GatheringWorker", "gthread"
SLOW = [
    b"",
    b"GET / HTTP/1.1\r\nHost: loc",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\nab",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHo",
]


@contextmanager
def serve(folder: Path, worker: str) -> Iterator[int]:
    """A server of one process and two threads on the port that is yielded."""
    (folder / "slow_app.py").write_text(APP)
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "slow_app:app", "-k", worker, "--threads", "2"]
    command += ["-b", f"127.0.0.1:{port}", "--pythonpath", f"{folder},{ROOT}"]
    running = subprocess.Popen([*command, "--no-control-socket"], cwd=folder)
    try:
        deadline = time.monotonic() + 20
        while ask(port) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        yield port
    finally:
        running.kill()
        running.wait()


def ask(port: int, body: bytes | None = None, **headers: str) -> str | None:
    """What the server answers within two seconds; None if nothing."""
    connection = HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("POST" if body else "GET", "/", body, headers)
        return connection.getresponse().read().decode()
    except OSError:
        return None
    finally:
        connection.close()


def send_slowly(port: int, stack: ExitStack) -> None:
    """Begin ten requests of each kind and send no more of them."""
    for begun in SLOW * 10:
        slow = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        slow.sendall(begun)


def test_slow_clients_keep_no_thread(tmp_path: Path) -> None:
    with serve(tmp_path, OURS) as port, ExitStack() as stack:
        send_slowly(port, stack)
        assert [ask(port) for _ in range(5)] == ["0"] * 5
        assert ask(port, b"x" * 5_000) == "5000"
        large = b"x" * (MOST_GATHERED + 5_000)
        assert ask(port, large) == str(len(large))
        assert ask(port, b"x" * 70_000, Expect="100-continue") == "70000"
        with socket.create_connection(("127.0.0.1", port), timeout=2) as twice:
            twice.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n" * 2)
            twice.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            assert twice.makefile("rb").read().count(b"200 OK") == 3


def test_they_keep_every_thread_of_the_library_s_worker(tmp_path: Path) -> None:
    with serve(tmp_path, LIBRARY) as port, ExitStack() as stack:
        send_slowly(port, stack)
        time.sleep(0.5)
        assert ask(port) is None


@pytest.mark.parametrize(
    ("gathered", "is_there"),
    [
        (b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nab", False),
        (b"POST / HTTP/1.1\r\ncontent-length:3\r\n\r\nabc", True),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n", True),
        (b"GET /" + b"a" * 70_000, True),
        (b"POST / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n" + b"a" * MOST_GATHERED, True),
    ],
)
def test_a_request_is_whole_when_a_thread_can_answer_it(gathered: bytes, is_there: bool) -> None:
    assert is_whole(gathered) is is_there
