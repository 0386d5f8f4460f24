"""The one error shape of the API: application/problem+json (RFC 9457)."""

from __future__ import annotations

import logging
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.core.signals import got_request_exception
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language, gettext
from prometheus_client import Counter
from rest_framework import exceptions

from promotions.coupons.api import UseRefused
from promotions.engine.api import REASONS, say_reason
from shop.doors.api.refusals import FALLBACK_STATUS, STATUS_BY_CODE, TITLE_BY_STATUS
from shop.doors.api.responses import json_response
from shop.doors.pages.contact import say_fault
from shop.ground.kernel.errors import FairtagError

problems_total = Counter("fairtag_api_problems_total", "Error answers by code", ["code", "status"])


PROBLEM_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:fairtag:problem:"
RETRY_SECONDS = 5
_STEP = re.compile(r"[^.\[\]]+")  # of a place such as "offers[0].percent"
READ_ONLY = "25006"  # what a standby answers to a write

logger = logging.getLogger("fairtag.api")


def request_id() -> str:
    """Return the id of the request being served, as log lines carry it."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def problem(
    code: str,
    detail: str,
    *,
    status: int,
    errors: Sequence[Mapping[str, str]] = (),
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """Return a problem: stable `code`, `detail` in the caller's language, one entry per fault."""
    body = {
        "type": TYPE_PREFIX + code,
        "title": str(TITLE_BY_STATUS.get(status, TITLE_BY_STATUS[500])),
        "status": status,
        "detail": detail,
        "code": code,
        "errors": list(errors),
        "params": dict(params or {}),
        "request_id": request_id(),
    }
    problems_total.labels(code=code, status=status).inc()
    given = {"Cache-Control": "private, no-store", **(headers or {})}
    return json_response(body, status=status, headers=given, content_type=PROBLEM_TYPE)


def handle_exception(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    """Turn whatever a view raised into a problem; DRF's EXCEPTION_HANDLER.

    What nobody expected is logged with its traceback and reported as 500 without it.
    """
    if isinstance(error, FairtagError):
        return _from_refusal(error)
    if isinstance(error, exceptions.APIException):
        return _from_framework(error)
    if is_database_away(error):
        logger.warning("database unavailable: %s", type(error.__cause__ or error).__name__)
        return unavailable()
    known = _from_django(error)
    return known if known is not None else _unexpected(error, context)


def is_database_away(error: BaseException | None) -> bool:
    """Return whether `error` tells of a database that is away, overloaded or takes no writes."""
    if isinstance(error, OperationalError | InterfaceError):
        return True
    cause = error.__cause__ if isinstance(error, DatabaseError) else None
    return getattr(cause, "sqlstate", None) == READ_ONLY


def unavailable() -> HttpResponse:
    """Return 503 with the time after which another try makes sense."""
    return problem(
        "unavailable",
        gettext("The store cannot answer at this moment. Try again shortly."),
        status=503,
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def too_large() -> HttpResponse:
    """Return 413 for a body over the limit."""
    return problem("body_too_large", gettext("The body is larger than 1 MiB."), status=413)


def not_found() -> HttpResponse:
    """Return 404 for an address that names nothing."""
    return problem("not_found", gettext("Nothing is found at this address."), status=404)


def server_error() -> HttpResponse:
    """Return 500; what happened stands in the log under the same request id."""
    detail = gettext("Something went wrong on our side. It has been logged.")
    return problem("server_error", detail, status=500)


def pointer(*steps: str | int) -> str:
    """Return a JSON pointer (RFC 6901) as a URI fragment into the request body.

    >>> pointer("lines", 0, "quantity")
    '#/lines/0/quantity'
    """
    return "#" + "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


class TooManyRequests(exceptions.APIException):
    """A rate limit is used up; `retry_seconds` until the next request may pass."""

    status_code = 429
    default_code = "too_many_requests"

    def __init__(self, retry_seconds: float) -> None:
        super().__init__(gettext("Too many requests. Come back a little later."))
        self.retry_seconds = retry_seconds


class QueryInvalid(exceptions.ValidationError):
    """Faults in the query string: their pointers read `?name`."""


def _from_refusal(error: FairtagError) -> HttpResponse:
    status = STATUS_BY_CODE.get(error.code, FALLBACK_STATUS)
    headers = {}
    if status in (429, 503):
        wait = error.detail.get("retry_after_seconds", RETRY_SECONDS)
        headers["Retry-After"] = str(math.ceil(wait))
    if status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="fairtag"'
    detail = _say(error)
    faults = [
        {"pointer": pointer("contact", name), "code": fault["code"], "message": say_fault(fault)}
        for name, fault in error.detail.get("faults", {}).items()
        if error.code == "contact_refused"
    ]
    if error.code == "document_refused":
        place = pointer(*_STEP.findall(error.detail.get("place", "")))
        faults = [{"pointer": place, "code": error.code, "message": detail}]
    return problem(
        error.code, detail, status=status, errors=faults, params=error.detail, headers=headers
    )


def _say(error: FairtagError) -> str:
    if isinstance(error, UseRefused) and error.code in REASONS:
        return say_reason(error.code, language=get_language() or "en", detail=error.detail)
    return gettext(error.message) if error.message else error.code


def _from_framework(error: exceptions.APIException) -> HttpResponse:
    status = error.status_code
    if isinstance(error, exceptions.ValidationError):
        is_query = isinstance(error, QueryInvalid)
        faults = list(_list_faults(error.detail, (), is_query=is_query))
        detail = gettext("Some of what was sent is not valid; see errors.")
        return problem("invalid", detail, status=status, errors=faults)
    headers: dict[str, str] = {}
    if isinstance(error, TooManyRequests):
        headers["Retry-After"] = str(math.ceil(error.retry_seconds))
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        status = 401
        headers["WWW-Authenticate"] = 'Bearer realm="fairtag"'
    code = str(error.get_codes())
    return problem(code, str(error.detail), status=status, headers=headers)


def _from_django(error: Exception) -> HttpResponse | None:
    if isinstance(error, Http404):
        return not_found()
    if isinstance(error, PermissionDenied):
        return problem("permission_denied", gettext("This is not allowed."), status=403)
    if isinstance(error, RequestDataTooBig):
        return too_large()
    if isinstance(error, SuspiciousOperation):
        detail = gettext("The request cannot be understood.")
        return problem("bad_request", detail, status=400)
    return None


def _unexpected(error: Exception, context: Mapping[str, Any]) -> HttpResponse:
    request: HttpRequest | None = getattr(context.get("request"), "_request", None)
    # Django's own path for unhandled errors: log lines, error reporting and tests listen to it.
    got_request_exception.send(sender=None, request=request)
    logger.error("unhandled error in the API", exc_info=error)
    return server_error()


def _list_faults(
    detail: Any, steps: tuple[str | int, ...], *, is_query: bool
) -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for key, inner in detail.items():
            own = () if key == "non_field_errors" else (key,)
            yield from _list_faults(inner, steps + own, is_query=is_query)
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            own = (index,) if isinstance(inner, dict | list) else ()
            yield from _list_faults(inner, steps + own, is_query=is_query)
    else:
        place = "?" + ".".join(map(str, steps)) if is_query else pointer(*steps)
        code = str(getattr(detail, "code", "invalid"))
        yield {"pointer": place, "code": code, "message": str(detail)}
