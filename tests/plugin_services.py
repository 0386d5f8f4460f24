"""Real PostgreSQL and Valkey for every test that wants them, started for the first that does.

Django's settings name them from the beginning. Each pytest process (a plain run, or one xdist
worker) claims a slot: a database name and a Redis database number of its own. Several runs at once
do not disturb each other, and the servers stop with the last of them.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
from collections.abc import Generator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from tools.console import Refusal
from tools.services import Services

SLOTS = 64  # as many as the test server has databases
STATE_FOLDER_OF_TESTS = "test"
# The same for everybody, whatever the shell exports.
FIXED = {
    "CAPABILITIES": "all",
    "DEBUG": "0",
    "HTTPS": "0",
    "SANDBOX_PAYMENTS": "1",
    "SECRET_KEY": "only-tests-use-this-key-and-they-are-no-secret",
    "SITE_URL": "http://testserver",
    "STATIC_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
}

servers_key = pytest.StashKey[tuple[Services, dict[str, str]]]()
_held = contextlib.ExitStack()
atexit.register(_held.close)  # not a pytest hook: a run that fails while it starts lets go too


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    """Run before pytest-django, which imports the settings in the same hook."""
    services = Services(STATE_FOLDER_OF_TESTS)
    try:
        _held.enter_context(services.held())
        addresses = services.addresses()
    except Refusal as refusal:
        raise pytest.UsageError(str(refusal)) from refusal
    early_config.stash[servers_key] = services, addresses
    slot = _claim_slot(services.home)
    os.environ["DATABASE_URL"] = _replace_path(addresses["DATABASE_URL"], f"/fairtag_{slot}")
    os.environ["REDIS_URL"] = _replace_path(addresses["REDIS_URL"], f"/{slot}")
    os.environ["TEST_DATABASE"] = f"test_fairtag_{slot}"
    os.environ.update(FIXED)
    # Files are found where they lie: no collectstatic before a test run.
    statics = services.home / "static"
    statics.mkdir(exist_ok=True)
    os.environ["STATIC_ROOT"] = str(statics)
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    yield


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> None:
    """PostgreSQL and Valkey, up until the last process that holds them ends."""
    services, addresses = request.config.stash[servers_key]
    if services.up() != addresses:
        pytest.exit("Another program took the port of a server of the tests: run them again.")


def _claim_slot(folder: Path) -> int:
    """Return the lowest slot no other process holds; it stays ours until this process ends."""
    for slot in range(1, SLOTS):
        file = _held.enter_context((folder / f"slot-{slot}.lock").open("w"))
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return slot
    raise pytest.UsageError(f"{SLOTS - 1} test processes run already.")


def _replace_path(url: str, path: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=path))
