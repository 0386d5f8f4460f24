"""Behavior events that the server itself sees; they count with JavaScript off, too."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.http import HttpRequest

from profiles.events.api import ingest_events
from profiles.values import Consents, IngestResult, ShopperValue
from shop.doors.storefront.visitors import Visit, ensure_shopper, get_visit
from shop.ground.kernel.ids import uuid7_at


def make_event(visit: Visit, kind: str, **fields: Any) -> dict[str, Any]:
    """Return an event of this moment with an id of its own; a repeat of it counts once."""
    return {
        "id": str(uuid7_at(visit.ctx.now)),
        "kind": kind,
        "occurred_at": visit.ctx.now.isoformat(),
        **fields,
    }


def write_event(visit: Visit, kind: str, **fields: Any) -> str:
    """Return an event as JSON for the page to report: what the server did not record itself."""
    return json.dumps(make_event(visit, kind, **fields))


def record_event(request: HttpRequest, kind: str, **fields: Any) -> bool:
    """Record one act of the visitor, visible in the next request; return whether it counted.

    Robots and prefetches are not acts. Without consent nothing is kept and nobody is named.
    """
    visit = get_visit(request)
    if visit.is_robot:
        return False
    shopper = find_tracked_shopper(request)
    if shopper is None:
        return False
    return send_events(visit, shopper, [make_event(visit, kind, **fields)]).accepted > 0


def find_tracked_shopper(request: HttpRequest) -> ShopperValue | None:
    """Return the shopper whose acts may be kept; a new guest is made only where the law lets us."""
    visit = get_visit(request)
    known = visit.visitor.find()
    if known is not None:
        return known if known.consents.allows_tracking else None
    # A caller with no cookie and no language is no browser: it gets pages, but no row of its own.
    is_browser = bool(request.COOKIES) or "Accept-Language" in request.headers
    if not is_browser or not visit.default_consents().allows_tracking:
        return None
    return ensure_shopper(request)


def send_events(
    visit: Visit,
    shopper: ShopperValue,
    events: Sequence[Mapping[str, Any]],
    sent_at: datetime | None = None,
) -> IngestResult:
    """Hand events to profiles; under Sec-GPC they are never used for prices."""
    consents: Consents = shopper.consents
    return ingest_events(
        shopper=shopper,
        events=events,
        now=visit.ctx.now,
        channel=visit.ctx.channel,
        user_agent=visit.user_agent,
        consents=consents.without_price() if visit.ctx.gpc else consents,
        sent_at=sent_at,
    )
