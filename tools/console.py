"""Console output: timed lines, progress bars, and one sentence for each failure."""

import errno
import sys
import time
from typing import TextIO

STARTED = time.monotonic()
BAR_WIDTH = 28


class Refusal(Exception):
    """A stop the user can act on, told in one sentence and without a traceback."""


def say(text: str) -> None:
    """Print one line with the seconds since the command began."""
    try:
        print(f"[{time.monotonic() - STARTED:5.1f} s] {text}", flush=True)
    except OSError as error:
        # A log on a full disk must not end the shop that it tells about.
        if error.errno != errno.ENOSPC:
            raise


class Progress:
    """A bar with a total: redrawn on a terminal, a line per quarter anywhere else."""

    def __init__(self, label: str, total: int, *, stream: TextIO | None = None) -> None:
        self.label = label
        self.total = max(total, 1)
        self.stream = stream or sys.stdout
        self.done = -1
        self.is_live = self.stream.isatty()

    def show(self, done: int) -> None:
        """Draw `done` of the total."""
        done = min(done, self.total)
        if done == self.done:
            return
        quarter_before, quarter = self.done * 4 // self.total, done * 4 // self.total
        self.done = done
        filled = BAR_WIDTH * done // self.total
        bar = "#" * filled + "." * (BAR_WIDTH - filled)
        text = f"{self.label} [{bar}] {done}/{self.total}"
        if self.is_live:
            print(f"\r\033[K{text}", end="", file=self.stream, flush=True)
        elif quarter != quarter_before:
            print(text, file=self.stream, flush=True)

    def close(self) -> None:
        """Leave the bar's line."""
        if self.is_live and self.done >= 0:
            print(file=self.stream, flush=True)
