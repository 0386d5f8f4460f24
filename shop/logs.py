"""Structured logs: one JSON object a line on stderr, ready for any collector.

Request ids come from django-structlog. A request is logged once, when it is finished, by the name
of its route. What people wrote never gets here: no query string, no token, no local variable of a
traceback, and of an error's message only what does not quote data.
"""

from __future__ import annotations

import logging
import re
import sys
import traceback
from collections.abc import MutableMapping
from contextlib import suppress
from types import TracebackType
from typing import Any, TextIO, cast

import structlog

Failure = tuple[type[BaseException], BaseException, TracebackType | None]
MOST_FRAMES = 25
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\u201c[^\u201d]*\u201d")
# Names of tables, constraints and columns: PostgreSQL writes them in double quotes.
_NAME = re.compile(r"\"[a-z]+_[a-z0-9_]+\"")
_MAIL = re.compile(r"[^\s@<>(),;:]+@[^\s@<>(),;:]+")
_QUERY = re.compile(r"\?\S+")
_LONG_WORD = re.compile(r"[A-Za-z0-9_-]{20,}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HIDDEN = "\u2026"


def hide_data(message: str) -> str:
    """Return the first line of a message without what it quotes, addresses and secrets.

    >>> hide_data("invalid literal for int() with base 10: 'ann@example.org'")
    'invalid literal for int() with base 10: …'
    >>> hide_data('duplicate key value violates unique constraint "profiles_account_email_key"')
    'duplicate key value violates unique constraint "profiles_account_email_key"'
    """
    line = message.partition("\n")[0]
    line = _QUOTED.sub(lambda found: found[0] if _NAME.fullmatch(found[0]) else HIDDEN, line)
    line = _QUERY.sub(HIDDEN, _MAIL.sub(HIDDEN, line))
    return _LONG_WORD.sub(_hide_secret, line)


def _hide_secret(found: re.Match[str]) -> str:
    word = found[0]
    is_secret = any(letter.isdigit() for letter in word) and not _UUID.fullmatch(word)
    return HIDDEN if is_secret else word


def describe_failure(exc_info: Failure) -> str:
    """Return a traceback without local variables and without the data in messages."""
    parts: list[str] = []
    error: BaseException | None = exc_info[1]
    while error is not None:
        frames = traceback.format_tb(error.__traceback__, limit=-MOST_FRAMES)
        kind = type(error)
        message = hide_data(str(error))
        parts.append("".join(frames) + f"{kind.__module__}.{kind.__qualname__}: {message}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return "\nled to\n".join(reversed(parts))


def _say_no_data(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Let what libraries log name the route of a request, and quote nothing."""
    record: logging.LogRecord | None = line.get("_record")
    request = getattr(record, "request", None)
    match = getattr(request, "resolver_match", None)
    if request is not None:
        route = match.view_name if match else "no route"
        line["event"] = f"{getattr(record, 'status_code', '')} {route}".strip()
    else:
        line["event"] = hide_data(str(line["event"]))
    return line


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.ExceptionRenderer(describe_failure),
]


class Forgiving:
    """A stream that loses lines rather than failing who writes: its disk may be full."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write if there is room; return how much was taken."""
        with suppress(OSError):
            self.stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Flush if there is room."""
        with suppress(OSError):
            self.stream.flush()


def configure_structlog(level: str) -> None:
    """Write structlog's own loggers as JSON; below `level` a call costs next to nothing."""
    structlog.configure(
        processors=[*_SHARED, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.WriteLoggerFactory(file=cast(TextIO, Forgiving(sys.stderr))),
        cache_logger_on_first_use=True,
    )


def build_logging(level: str) -> dict[str, Any]:
    """Return the logging of every process: the standard library's loggers in the same shape."""
    ours = {"handlers": ["stderr"], "level": level, "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "json": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": [structlog.stdlib.add_logger_name, _say_no_data, *_SHARED],
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.JSONRenderer(),
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        # The library's own handler would write messages as they are, and mail them.
        "loggers": {
            "fairtag": ours,
            "celery": ours,
            "gunicorn.error": ours,
            "django": {"handlers": ["stderr"], "level": "WARNING", "propagate": False},
        },
    }
