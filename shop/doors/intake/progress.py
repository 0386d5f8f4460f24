"""Progress with totals: bars on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from threading import get_ident
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)


class Show(Protocol):
    """What an import tells while it runs."""

    def step(self, title: str) -> None:
        """Start the next stage."""

    def begin(self, title: str, total: int) -> None:
        """Start a part of the stage that has `total` units."""

    def advance(self, amount: int) -> None:
        """Count units of the part that was begun last."""

    def finish(self, text: str) -> None:
        """End the stage with a sentence."""


class Bars:
    """One bar over all stages, one over what each thread's stage is doing."""

    def __init__(self, console: Console, stages: int) -> None:
        self._progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            TaskProgressColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._all = self._progress.add_task("import", total=stages)
        self._parts: dict[int, TaskID] = {}
        self._console = console

    @property
    def _part(self) -> TaskID:
        thread = get_ident()
        if thread not in self._parts:
            self._parts[thread] = self._progress.add_task("", total=1, visible=False)
        return self._parts[thread]

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *unused: object) -> None:
        self._progress.stop()

    def step(self, title: str) -> None:
        self._progress.update(self._part, description=title, completed=0, total=1, visible=True)

    def begin(self, title: str, total: int) -> None:
        self._progress.reset(self._part, description=title, total=max(total, 1), visible=True)

    def advance(self, amount: int) -> None:
        self._progress.advance(self._part, amount)

    def finish(self, text: str) -> None:
        self._progress.advance(self._all)
        self._console.print(f"  {text}", highlight=False)


class Lines:
    """One plain line per stage: for logs and pipes."""

    def __init__(self, console: Console, stages: int) -> None:
        self._console = console
        self._stages = stages
        self._done = 0
        self._started = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *unused: object) -> None:
        return

    def step(self, title: str) -> None:
        """A line comes when the stage ends."""

    def begin(self, title: str, total: int) -> None:
        """A line comes when the stage ends."""

    def advance(self, amount: int) -> None:
        """A line comes when the stage ends."""

    def finish(self, text: str) -> None:
        self._done += 1
        seconds = time.monotonic() - self._started
        self._console.print(
            f"[{self._done}/{self._stages}] {text} (after {seconds:.1f} s)",
            highlight=False,
            markup=False,
            soft_wrap=True,
        )


def open_show(console: Console, stages: int) -> Bars | Lines:
    """Return bars for a terminal, lines for anything else."""
    return Bars(console, stages) if console.is_terminal else Lines(console, stages)
