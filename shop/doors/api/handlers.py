"""Errors outside of API views: problems for clients, pages for people."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, get_language_from_request, gettext, override
from django.views import defaults

from shop.doors.api.errors import (
    RETRY_SECONDS,
    is_database_away,
    not_found,
    problem,
    server_error,
    too_large,
    unavailable,
)
from shop.doors.api.language import activate_language

API_PREFIXES = ("/api/", "/_allauth/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 for a body over the limit."""
    if isinstance(exception, RequestDataTooBig):
        return body_too_large(request)
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return problem("bad_request", gettext("The request cannot be understood."), status=400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    return problem("permission_denied", gettext("This is not allowed."), status=403)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return not_found() if _is_api(request) else defaults.page_not_found(request, exception)


def internal_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 while the database is away."""
    is_away = is_database_away(sys.exc_info()[1])
    if _is_api(request):
        return unavailable() if is_away else server_error()
    return _unavailable_page(request) if is_away else defaults.server_error(request)


def body_too_large(request: HttpRequest) -> HttpResponse:
    """Answer 413 before anything is read of the body."""
    if _is_api(request):
        return too_large()
    with override(get_language_from_request(request, check_path=True)):
        return _plain_page(
            request,
            gettext("This is too large"),
            gettext("What you sent is larger than this page accepts. Nothing was saved."),
            status=413,
        )


def _unavailable_page(request: HttpRequest) -> HttpResponse:
    with override(get_language_from_request(request, check_path=True)):
        response = _plain_page(
            request,
            gettext("The shop cannot answer right now"),
            gettext("Your cart and your orders are kept. Please try again in a moment."),
            status=503,
        )
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _plain_page(request: HttpRequest, title: str, explanation: str, *, status: int) -> HttpResponse:
    """Return a page that asks neither the database nor Redis."""
    is_staff_page = request.path_info.startswith(reverse("admin:index"))
    front = reverse("admin:index" if is_staff_page else "home")
    shown = {
        "language": get_language(),
        "title": title,
        "explanation": explanation,
        "again": request.get_full_path() if request.method == "GET" else front,
    }
    response = HttpResponse(render_to_string("plain.html", shown), status=status)
    response["Cache-Control"] = "no-store"
    return response


def _is_api(request: HttpRequest) -> bool:
    is_api = request.path_info.startswith(API_PREFIXES)
    if is_api:
        activate_language(request)
    return is_api
