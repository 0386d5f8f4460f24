"""The mobile clients' door: past what only people's pages need, straight to the view."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import patch_vary_headers
from django.utils.translation import activate, get_language
from django_prometheus.middleware import PrometheusAfterMiddleware

GetResponse = Callable[[HttpRequest], HttpResponse]
PREFIX = "/api/v1/"
# Its pages are people's: they have templates, a session and an address with a slash at the end.
DOCS = f"{PREFIX}docs"


class ApiDoor:
    """Answers the API itself and hands everything else on; what stands above it meets both.

    The API knows no session, no cookie and no form: who calls is in a header, and so is the
    language. Session, messages, form tokens and sign-in took a tenth of a request for quotes. What
    those below add to every answer is added here: language, length, and that nobody may frame it.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self._others = get_response
        self._counted = PrometheusAfterMiddleware(convert_exception_to_response(self._answer))

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not path.startswith(PREFIX) or path.startswith(DOCS):
            return self._others(request)
        request.get_host()  # raises DisallowedHost, as for people
        activate(settings.LANGUAGE_CODE)
        response: HttpResponse = self._counted(request)
        patch_vary_headers(response, ("Accept-Language",))
        response.headers.setdefault("Content-Language", get_language() or settings.LANGUAGE_CODE)
        response.headers.setdefault("X-Frame-Options", settings.X_FRAME_OPTIONS)
        if not response.streaming and "Content-Length" not in response.headers:
            response.headers["Content-Length"] = str(len(response.content))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        match = resolve(request.path_info)
        request.resolver_match = match
        self._counted.process_view(request, match.func, match.args, match.kwargs)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        return response
