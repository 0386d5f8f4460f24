"""Repeatable requests: one key, one effect, one answer."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from orders.checkout.models import IdempotencyKey
from shop.ground.database.retrying import try_twice
from shop.ground.kernel.errors import FairtagError

KEY_SPACE = 0x6964  # "id": the first half of every lock on a key


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


@try_twice
@transaction.atomic
def run_once(
    *,
    scope: str,
    key: str,
    fingerprint: str,
    now: datetime,
    act: Callable[[], tuple[int, Any]],
    most: int | None = None,
) -> Answer:
    """Run `act` in one transaction with the record of its answer, or replay that answer.

    `act` returns (status, JSON body). An exception stores nothing: the same key may try again.
    Of one scope the newest `most` answers are kept; by default all, until they are too old.
    Raises IdempotencyMismatch (422) and IdempotencyInFlight (409).
    """
    if not _try_lock(scope, key):
        raise IdempotencyInFlight("The first request with this key is still running.")
    known = IdempotencyKey.objects.filter(scope=scope, key=key).first()
    if known is not None:
        if known.fingerprint != fingerprint:
            raise IdempotencyMismatch("This key was used with another request.")
        return Answer(known.status, known.body, is_replay=True)
    status, body = act()
    # The unique constraint is the last word, should two keys ever share a lock number
    IdempotencyKey.objects.create(
        scope=scope, key=key, fingerprint=fingerprint, status=status, body=body, created_at=now
    )
    if most is not None:
        newest = IdempotencyKey.objects.filter(scope=scope).order_by("-created_at", "-pk")
        IdempotencyKey.objects.filter(pk__in=newest.values("pk")[most:]).delete()
    return Answer(status, body)


def forget_old_keys(*, before: datetime) -> int:
    """Delete keys older than `before`; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=before).delete()[0]


def _try_lock(scope: str, key: str) -> bool:
    """Take the key's advisory lock until the transaction ends; False if another request has it.

    Within one transaction (a door's own key around a service's) the lock may be taken again.
    """
    number = zlib.crc32(f"{scope}\x1f{key}".encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [KEY_SPACE, number])
        return bool(cursor.fetchone()[0])
