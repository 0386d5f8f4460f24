"""Gunicorn's threaded worker, whose threads are given whole requests only.

The library's worker gives a connection to a thread with its first byte, and the thread waits for
the rest: eight slow clients kept every thread, and `/healthz` did not answer. Here the event loop
gathers a request first. A proxy that buffers does the same; this holds without one.
"""

from __future__ import annotations

import errno
import re
import time
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.workers.gthread import TConn, ThreadWorker

# A request has so long to come, head and body; whoever is slower is hung up on.
GATHER_SECONDS = 20.0
# Larger bodies go on to a thread with this much read: only pages that take files read further.
MOST_GATHERED = 1_100_000
MOST_HEAD = 65_536
CHUNK = 65_536
# A thread waits no longer for the next bytes of a large body, or for a client that does not read.
STEP_SECONDS = 10.0

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_WAITS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)
GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"


class GatheringWorker(ThreadWorker):
    """Collects head and body of each request in the event loop, then asks a thread to answer."""

    def accept(self, listener: Any) -> None:
        """Accept a connection; when there are too many, the one that waits longest goes."""
        try:
            sock, address = listener.accept()
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.ECONNABORTED, errno.EWOULDBLOCK):
                return
            raise
        self.nr_conns += 1
        if self.nr_conns >= self.worker_connections and self.pending_conns:
            self._drop(self.pending_conns[0])
        self._gather(TConn(self.cfg, sock, address, listener.getsockname()), b"")

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Gather the next request of a connection that was kept."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._gather(conn, b"")

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Gather what a client has sent behind its last request already."""
        unreader = getattr(conn.parser, "unreader", None)
        early = unreader.take_buffered() if unreader is not None else b""
        if early and not fs.cancelled() and fs.exception() is None and fs.result() is True:
            self._gather(conn, early)
            return
        super().finish_request(conn, fs)

    def handle(self, conn: Any) -> Any:
        """Answer the request that was gathered. Runs in a thread."""
        conn.init()
        conn.parser.unreader.unread(bytes(conn.gathered))
        conn.gathered = bytearray()
        return super().handle(conn)

    def _gather(self, conn: Any, early: bytes) -> None:
        conn.gathered, conn.was_told = bytearray(early), False
        conn.timeout = time.monotonic() + GATHER_SECONDS
        conn.sock.settimeout(0)
        self.pending_conns.append(conn)
        self.poller.register(conn.sock, EVENT_READ, partial(self._read, conn))
        self._read(conn, conn.sock)

    def _read(self, conn: Any, _client: Any) -> None:
        """Read what has come, without waiting."""
        try:
            news = conn.sock.recv(CHUNK)
        except BlockingIOError:
            news = None
        except OSError:
            news = b""
        if news == b"":
            self._drop(conn)
            return
        conn.gathered += news or b""
        if not is_whole(conn.gathered):
            self._tell_to_go_on(conn)
            return
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        conn.data_ready = True
        self.enqueue_req(conn)

    def _tell_to_go_on(self, conn: Any) -> None:
        head, end, _body = conn.gathered.partition(b"\r\n\r\n")
        if conn.was_told or not end or not _WAITS.search(head):
            return
        conn.was_told = True
        try:
            conn.sock.send(GO_ON)
        except OSError:
            self._drop(conn)

    def _drop(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self.nr_conns -= 1
        conn.close()


def is_whole(gathered: bytes | bytearray) -> bool:
    """Return whether a thread can answer: the request is there, or more of it than is gathered.

    >>> is_whole(b"GET / HTTP/1.1\\r\\n"), is_whole(b"GET / HTTP/1.1\\r\\n\\r\\n")
    (False, True)
    """
    head, end, body = gathered.partition(b"\r\n\r\n")
    if not end:
        return len(gathered) > MOST_HEAD  # the parser refuses it
    head += b"\r\n"
    if _CHUNKED.search(head):
        return body.endswith(b"0\r\n\r\n") or len(body) > MOST_GATHERED
    found = _LENGTH.search(head)
    return found is None or len(body) >= min(int(found[1]), MOST_GATHERED)
