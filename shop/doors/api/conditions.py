"""Request headers that guard a change: If-Match and Idempotency-Key."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from orders.checkout.api import run_once
from shop.doors.api.responses import sorted_response
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.hashing import fingerprint

_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')
_KEY = re.compile(r"[!-~]{1,200}")

IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description="The cart's ETag: the change is refused with 412 if the cart has changed since.",
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="Made fresh for each intent, such as a UUID; up to 200 printable characters.",
)
KEY_REFUSALS = (
    "idempotency_key_missing",
    "idempotency_key_malformed",
    "idempotency_mismatch",
)


class IdempotencyKeyMissing(FairtagError):
    """The operation moves money or goods and needs a key."""

    code = "idempotency_key_missing"


class IfMatchMalformed(FairtagError):
    """If-Match is no ETag of a cart."""

    code = "if_match_malformed"


def read_if_match(request: HttpRequest) -> int | None:
    """Return the cart version in If-Match; None without one or for `*`. Raises IfMatchMalformed."""
    given = request.headers.get("If-Match", "").strip()
    if given in ("", "*"):
        return None
    found = _ETAG.fullmatch(given)
    if found is None:
        raise IfMatchMalformed('If-Match must be the ETag of the cart, such as "7".')
    return int(found[1])


def read_idempotency_key(request: HttpRequest) -> str:
    """Return Idempotency-Key. Raises IdempotencyKeyMissing."""
    key = request.headers.get("Idempotency-Key", "")
    if not key:
        raise IdempotencyKeyMissing("Send an Idempotency-Key, fresh for each intent.")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing(
            "Idempotency-Key must be 1 to 200 printable characters.",
            code="idempotency_key_malformed",
        )
    return key


def answer_once(
    request: HttpRequest,
    *,
    scope: str,
    body: Any,
    now: datetime,
    act: Callable[[], tuple[int, Any]],
) -> HttpResponse:
    """Run `act` once per Idempotency-Key of `scope`, or answer again what it answered.

    `scope` names operation and shopper: two shoppers may use the same key. `body` is what the
    key stands for; another body under the same key is refused.
    """
    answer = run_once(
        scope=scope,
        key=read_idempotency_key(request),
        fingerprint=fingerprint(body),
        now=now,
        act=act,
    )
    headers = {"Idempotent-Replayed": "true"} if answer.is_replay else {}
    return sorted_response(answer.body, status=answer.status, headers=headers)
