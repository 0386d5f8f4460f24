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
from shop.doors.api.responses import json_response, text_response
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
_ABOUT_KEYS = (
    "Made fresh for each intent, such as a UUID; up to 200 printable characters. The same key again"
    " gets the first answer again, with `Idempotent-Replayed: true`."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description=_ABOUT_KEYS,
)
MAY_HAVE_KEY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    description=f"{_ABOUT_KEYS} Without a key each request acts.",
)
KEY_REFUSALS = (
    "idempotency_key_malformed",
    "idempotency_mismatch",
    "idempotency_in_flight",
)


class IdempotencyKeyMissing(FairtagError):
    """The operation moves money or products and needs a key."""

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
    act: Callable[[], HttpResponse],
    needs_key: bool,
    most: int | None,
) -> HttpResponse:
    """Run `act` once per Idempotency-Key of `scope`, or answer again what it answered.

    Two callers may use the same key; of each the newest `most` answers are kept. Raises
    IdempotencyKeyMissing for a key that `act` needs.
    """
    if not needs_key and not request.headers.get("Idempotency-Key"):
        return act()
    asked = [request.method, request.path_info, request.headers.get("If-Match", ""), body]

    def keep() -> tuple[int, Any]:
        answer = act()
        headers = {name: answer[name] for name in ("ETag",) if name in answer}
        return answer.status_code, {"text": answer.content.decode(), "headers": headers}

    kept = run_once(
        scope=scope,
        key=read_idempotency_key(request),
        fingerprint=fingerprint(asked),
        now=now,
        act=keep,
        most=most,
    )
    replayed = {"Idempotent-Replayed": "true"} if kept.is_replay else {}
    body = kept.body
    if body.keys() != {"text", "headers"}:  # kept by a release of before: the answer alone
        return json_response(body, status=kept.status, headers=replayed)
    return text_response(body["text"], status=kept.status, headers={**body["headers"], **replayed})
