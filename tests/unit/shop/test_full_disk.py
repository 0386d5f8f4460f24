"""What must not fail a request when a disk is full: the log, and the metrics' files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools.programs import metrics_dir

MEMORY = Path("/dev/shm")  # noqa: S108 - where files lie in memory
FULL = Path("/dev/full")
SAY = """
import structlog
from shop.logs import configure_structlog
configure_structlog("INFO")
structlog.get_logger().info("request_finished")
print("answered", flush=True)
"""


@pytest.mark.skipif(not FULL.exists(), reason="this system has no full device")
def test_a_log_without_room_fails_nobody() -> None:
    with FULL.open("w") as full:
        said = subprocess.run(
            [sys.executable, "-c", SAY],
            check=False,
            stdout=subprocess.PIPE,
            stderr=full,
            timeout=60,
        )
    assert said.stdout == b"answered\n"


@pytest.mark.skipif(not os.access(MEMORY, os.W_OK), reason="this system shares no memory files")
def test_metrics_are_shared_in_memory() -> None:
    assert metrics_dir().parent == MEMORY
