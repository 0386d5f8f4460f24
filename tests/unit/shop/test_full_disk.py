"""What must not fail a request when a disk is full: the log, and the metrics' files."""

import os
import subprocess
import sys
from pathlib import Path

from tools.paths import state_dir
from tools.programs import mark, metrics_dir

SAY = """
import structlog
from shop.logs import configure_structlog
configure_structlog("INFO")
structlog.get_logger().info("request_finished")
print("answered", flush=True)
"""


def test_a_log_that_takes_no_line_fails_nobody() -> None:
    reader, writer = os.pipe()
    os.close(reader)  # writing fails, as on a full disk
    said = subprocess.run(
        [sys.executable, "-c", SAY], check=False, stdout=subprocess.PIPE, stderr=writer, timeout=60
    )
    os.close(writer)
    assert said.stdout == b"answered\n"


def test_metrics_are_shared_in_memory_where_there_is_some(tmp_path: Path) -> None:
    assert metrics_dir(tmp_path) == tmp_path / mark()
    assert metrics_dir(tmp_path / "none") == state_dir() / "prometheus"
