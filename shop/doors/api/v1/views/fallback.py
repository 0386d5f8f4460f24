"""Answer for addresses that name nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt

from shop.doors.api.errors import not_found
from shop.doors.api.language import activate_language

PERMANENT_KEEPING_METHOD = 308


class _SameMethodRedirect(HttpResponsePermanentRedirect):
    status_code = PERMANENT_KEEPING_METHOD


@csrf_exempt
def unknown_address(request: HttpRequest, rest: str = "") -> HttpResponse:
    """Answer 404 as a problem, or lead a wrong trailing slash to the right address."""
    path = request.path_info
    other = path[:-1] if path.endswith("/") else f"{path}/"
    try:
        is_known = resolve(other).func is not unknown_address
    except Resolver404:
        is_known = False
    if not is_known:
        activate_language(request)
        return not_found()
    query = request.META.get("QUERY_STRING", "")
    return _SameMethodRedirect(f"{other}?{query}" if query else other)
