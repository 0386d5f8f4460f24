"""What every response of the shop gets: cookies of the visit, and no place in a shared cache."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.cache import patch_vary_headers

from shop.storefront.visitors import write_cookies

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
