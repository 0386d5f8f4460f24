"""Middleware of the storefront: visit cookies and cache headers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language

from shop.doors.storefront.visitors import find_language, in_language, list_languages, write_cookies
from shop.ground.catalog.selectors import get_market

# Whose pages visitors read: the others (staff, machines) keep the language of their address.
PAGES = ("shop.doors.storefront.views.", "allauth.account.views")
FOR_ALL = ("shop.doors.storefront.views.crawlers", "shop.doors.storefront.views.pictures")
GetResponse = Callable[[HttpRequest], HttpResponse]
PRIVATE = "private, no-store"
VARY = ("Cookie", "Sec-GPC", "HX-Request")
# What no page of ours asks a browser for; what would be embedded may not either.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        *("accelerometer", "browsing-topics", "camera", "display-capture", "geolocation"),
        *("gyroscope", "hid", "magnetometer", "microphone", "midi", "payment", "serial", "usb"),
    )
)


class StorefrontMiddleware:
    """Private unless a view said otherwise: a forgotten header must not leak a personal price."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        finally:
            timezone.deactivate()  # the next request of this thread may be the admin's
        write_cookies(request, response)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        if "Cache-Control" not in response:
            response["Cache-Control"] = PRIVATE
            patch_vary_headers(response, VARY)
        return response


class MarketLanguages:
    """Leads who opens the shop at its first page to their language, and who asks for one that the
    market is not read in to one that it is. Other addresses stay in the language they name."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any
    ) -> HttpResponse | None:
        """Return where the page is to be read; None: here."""
        module = view.__module__
        if request.method not in ("GET", "HEAD") or not module.startswith(PAGES):
            return None
        if module.startswith(FOR_ALL):
            return None
        language = get_language() or settings.LANGUAGE_CODE
        market = get_market(settings.MARKET_CODE)
        is_offered = language in list_languages(market)
        if is_offered and request.path_info != "/":
            return None
        wanted = find_language(request, market)
        if wanted == language:
            return None
        response = HttpResponseRedirect(in_language(request.get_full_path(), wanted))
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response
