"""Endpoint for events that the shop's own script sends from the browser."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from profiles.events.api import is_crawler
from shop.doors.storefront.limits import ask_to_wait, wait_for
from shop.doors.storefront.recording import find_tracked_shopper, send_events
from shop.doors.storefront.visitors import get_visit
from shop.ground.jobs.limits import EVENTS

MAX_BYTES = 65_536
MAX_EVENTS = 50


@csrf_exempt  # a beacon cannot carry a token; `is_own_page` checks where it comes from instead
@require_POST
def events(request: HttpRequest) -> HttpResponse:
    """Accept a small batch from a page of this shop; 204 whatever became of it.

    The answer tells nothing: a beacon has no reader, and a stranger learns nothing from it.
    """
    visit = get_visit(request)
    if not is_own_page(request) or is_crawler(visit.user_agent):
        return HttpResponse(status=403)
    wait = wait_for(request, EVENTS)
    if wait:
        return ask_to_wait(HttpResponse(status=429), wait)
    batch = _read_batch(request)
    if batch is None:
        return HttpResponse(status=400)
    listed, sent_at = batch
    shopper = find_tracked_shopper(request) if listed else None
    if shopper is not None:
        send_events(visit, shopper, listed, sent_at)
    return HttpResponse(status=204)


def is_own_page(request: HttpRequest) -> bool:
    """Return whether a page of this very origin sent the request (Fetch metadata, else Origin)."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return urlsplit(origin).netloc == request.get_host()


def _read_batch(request: HttpRequest) -> tuple[list[dict[str, Any]], datetime | None] | None:
    if len(request.body) > MAX_BYTES or b"\x00" in request.body:
        return None
    try:
        given = json.loads(request.body)
    except (ValueError, RecursionError):
        return None
    listed = given.get("events") if isinstance(given, dict) else None
    if not isinstance(listed, list) or len(listed) > MAX_EVENTS:
        return None
    return [each for each in listed if isinstance(each, dict)], _read_moment(given.get("sent_at"))


def _read_moment(text: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(text)[:40])
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
