"""Errors outside of API views: problems for clients, pages for people."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.views import defaults

from shop.api.errors import not_found, problem, server_error
from shop.api.language import activate_language

API_PREFIXES = ("/api/", "/_allauth/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, or 413 for a body over the limit."""
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    if isinstance(exception, RequestDataTooBig):
        detail = gettext("The body is larger than 1 MiB.")
        return problem("body_too_large", detail, status=413)
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
    """Answer 500."""
    return server_error() if _is_api(request) else defaults.server_error(request)


def _is_api(request: HttpRequest) -> bool:
    is_api = request.path_info.startswith(API_PREFIXES)
    if is_api:
        activate_language(request)
    return is_api
