"""JSON responses from plain values: the standard encoder, no content negotiation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpResponse

JSON_TYPE = "application/json"

encode_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def json_response(
    body: Any,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON_TYPE,
) -> HttpResponse:
    """Return `body` (dicts, lists, text, integers, booleans, None) as compact UTF-8 JSON."""
    return text_response(
        encode_json(body), status=status, headers=headers, content_type=content_type
    )


def text_response(
    text: str,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    content_type: str = JSON_TYPE,
) -> HttpResponse:
    """Return `text`, which is JSON already."""
    return HttpResponse(text.encode(), status=status, headers=headers, content_type=content_type)
