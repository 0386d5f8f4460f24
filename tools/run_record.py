"""Record of the running demo: its lock and addresses in `.fairtag/run.json`."""

import contextlib
import dataclasses
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tools.paths import ensure_state, state_dir
from tools.services import write_private

Record = dict[str, Any]
LOCAL_HOSTS = ("127.0.0.1", "0.0.0.0", "::")  # noqa: S104 - compared, never bound


@dataclasses.dataclass(frozen=True, slots=True)
class Addresses:
    """Where a browser or a scraper finds the demo."""

    store: str
    admin: str
    api_docs: str
    metrics: str

    @classmethod
    def at(cls, host: str, port: int) -> "Addresses":
        """The addresses on one host and port; a wildcard host is reached as localhost."""
        shown = "localhost" if host in LOCAL_HOSTS else host
        root = f"http://{shown}:{port}"
        return cls(
            store=f"{root}/",
            admin=f"{root}/admin/",
            api_docs=f"{root}/api/v1/docs/",
            metrics=f"{root}/metrics",
        )

    @classmethod
    def from_dict(cls, addresses: dict[str, str]) -> "Addresses":
        """The addresses as the record tells them."""
        return cls(**addresses)

    def as_dict(self) -> dict[str, str]:
        """The addresses by name."""
        return dataclasses.asdict(self)


def record_path() -> Path:
    """The file that tells scripts about the running demo."""
    return state_dir() / "run.json"


def read_record() -> Record:
    """The running demo's record, empty if there is none."""
    with contextlib.suppress(OSError, ValueError):
        record: Record = json.loads(record_path().read_text())
        return record
    return {}


def write_record(record: Record) -> None:
    """Replace the record; only its owner may read it, for it holds passwords."""
    write_private(record_path(), json.dumps(record, indent=2, ensure_ascii=False))


def remove_record() -> None:
    """The demo is over."""
    record_path().unlink(missing_ok=True)


@contextlib.contextmanager
def hold_demo(inherited: int | None = None) -> Iterator[int | None]:
    """Be the only demo of this state folder: yields the lock's descriptor, None if another has it.

    The kernel drops the lock with its last holder, kill -9 included. A detached supervisor
    inherits the descriptor of the command that prepared the way, so no gap lies between them.
    """
    path = ensure_state() / "demo.lock"
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600) if inherited is None else inherited
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        yield None
        return
    os.pwrite(descriptor, f"{os.getpid():<20}".encode(), 0)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def demo_holder() -> int | None:
    """The process id of the running demo, None if none runs."""
    path = state_dir() / "demo.lock"
    with contextlib.suppress(OSError, ValueError), path.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return int(lock.read())
    return None
