"""`./dev test --ahead`: a test run, its servers and its browser see a later clock."""

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tools.console import Refusal
from tools.environment import apt_install, may_install

AHEAD = "--ahead"
PACKAGE = "libfaketime"
SYSTEM_LIBRARIES = Path("/usr/lib")
# Durations and the times of files stay true.
TRUE = {"FAKETIME_DISABLE_SHM": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "NO_FAKE_STAT": "1"}
VARIABLES = ("FAKETIME", "LD_PRELOAD", *TRUE)


def take_ahead(arguments: list[str], *, now: datetime) -> tuple[timedelta | None, list[str]]:
    """Return how far ahead the clock shall be, and the other arguments.

    Asked for is a number of days, or a moment, in UTC unless it names its zone.

    >>> now = datetime(2027, 3, 27, 0, 30, tzinfo=UTC)
    >>> take_ahead(["--ahead", "2027-03-28T00:30", "-q"], now=now)
    (datetime.timedelta(days=1), ['-q'])
    """
    if AHEAD not in arguments:
        return None, arguments
    place = arguments.index(AHEAD)
    word = "".join(arguments[place + 1 : place + 2])
    others = arguments[:place] + arguments[place + 2 :]
    if re.fullmatch(r"-?\d+", word):
        return timedelta(days=int(word)), others
    try:
        moment = datetime.fromisoformat(word)
    except ValueError:
        said = f"{AHEAD} takes days or a moment in UTC, 40 or 2027-03-28T00:30, not {word!r}."
        raise Refusal(said) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now, others


@contextlib.contextmanager
def clock_ahead(ahead: timedelta) -> Iterator[None]:
    """Let all programs that the body starts see this clock, beside servers of their own.

    What lies in a database bears the dates of the clock that made it: it must not outlive the run.
    """
    library = _find_library()
    if library is None and may_install():
        apt_install(PACKAGE)
        library = _find_library()
    if library is None:
        raise Refusal(f"{AHEAD} needs libfaketime: install it (Debian: apt-get install {PACKAGE}).")
    with tempfile.TemporaryDirectory(prefix="fairtag-ahead-") as state:
        Path(state).chmod(0o711)  # the user of PostgreSQL walks through
        os.environ.update(
            TRUE,
            FAIRTAG_STATE=state,
            FAKETIME=f"{ahead.total_seconds():+.0f}",
            LD_PRELOAD=str(library),
        )
        yield


def _find_library() -> Path | None:
    """The library's variant for programs with threads."""
    return next(SYSTEM_LIBRARIES.glob("*/faketime/libfaketimeMT.so.1"), None)
