"""Which address a request comes from."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from shop.kernel.addresses import find_client


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, or "unknown"; only our own proxies are believed."""
    return find_client(
        str(request.META.get("REMOTE_ADDR", "")),
        request.headers.get("X-Forwarded-For", ""),
        proxies=settings.TRUSTED_PROXIES,
    )


def is_forwarded(request: HttpRequest) -> bool:
    """Return whether some proxy, trusted or not, says that it passed the request on."""
    return "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
