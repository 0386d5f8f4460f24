"""Endpoints for machines: liveness, readiness and metrics."""

from __future__ import annotations

import hmac
from contextlib import suppress
from functools import cache

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from pricing.api import read_price_freshness
from pricing.base.metrics import book_version
from shop.doors.api.errors import not_found
from shop.doors.api.responses import json_response
from shop.ground.jobs.redis import probe_redis

NOT_STORED = {"Cache-Control": "no-store"}
OK, DOWN, BEHIND = "ok", "down", "behind"


class MigrationsMissing(Exception):
    """The database lacks migrations of this release."""


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers; looks at nothing else, so that a restart is not a reflex."""
    return json_response({"status": OK}, headers=NOT_STORED)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can sell: 200, or 503 while the database is down or not migrated.

    A Redis that is away or refuses writes makes it "degraded" but does not count: the store then
    sells at the public price.
    """
    checks = {"database": _check_database(), "redis": probe_redis()}
    is_ready = checks["database"] == OK
    headers = NOT_STORED if is_ready else {**NOT_STORED, "Retry-After": "5"}
    status = "ready" if checks["redis"] == OK else "degraded"
    body = {"status": status if is_ready else "unavailable", **checks}
    return json_response(body, status=200 if is_ready else 503, headers=headers)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Return Prometheus metrics summed over all web and worker processes, to those allowed.

    Others get the same 404 as at an unknown address.
    """
    if not may_read_metrics(request):
        return not_found()
    _read_book_version()
    response: HttpResponse = ExportToDjangoView(request)
    response["Cache-Control"] = "no-store"
    return response


def may_read_metrics(request: HttpRequest) -> bool:
    """Return whether the request carries METRICS_TOKEN. No address opens this door."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if not settings.METRICS_TOKEN or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(token.strip().encode(), settings.METRICS_TOKEN.encode())


def _read_book_version() -> None:
    """Set what the database knows better than any process: a book outlives who published it."""
    with suppress(DatabaseError, InterfaceError):
        book_version.set(read_price_freshness(market=settings.MARKET_CODE).book_version or 0)


def _check_database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        require_migrated()
    except MigrationsMissing:
        return BEHIND
    except (DatabaseError, InterfaceError):
        return DOWN
    return OK


@cache
def require_migrated() -> None:
    """Raise MigrationsMissing, until this process has seen all migrations applied."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise MigrationsMissing
