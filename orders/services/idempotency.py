"""Repeatable requests: one key, one effect, one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shop.kernel.errors import FairtagError


class IdempotencyMismatch(FairtagError):
    """The key was used before with another request."""

    code = "idempotency_mismatch"


class IdempotencyInFlight(FairtagError):
    """The first request with this key is still running."""

    code = "idempotency_in_flight"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a keyed request answered. `is_replay` True: nothing was done this time."""

    status: int
    body: Any
    is_replay: bool = False


def run_once(
    *,
    scope: str,
    key: str,
    fingerprint: str,
    now: datetime,
    act: Callable[[], tuple[int, Any]],
) -> Answer:
    """Run `act` in one transaction with the record of its answer, or replay that answer.

    `act` returns (status, JSON body). An exception stores nothing. Raises IdempotencyMismatch
    (422) and IdempotencyInFlight (409).
    """
    raise NotImplementedError


def forget_old_keys(*, before: datetime) -> int:
    """Delete keys older than `before`; return how many."""
    raise NotImplementedError
