"""Which address a request comes from, when reverse proxies stand in between."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest

UNKNOWN = "unknown"


def client_address(request: HttpRequest) -> str:
    """Return the address of the client, as far as it can be trusted.

    Each of the `TRUSTED_PROXIES` proxies appends the address it was called from to
    X-Forwarded-For, so the client is that many entries from the right; what stands further left
    was sent by the client and may be a lie. Without trusted proxies the header is ignored.
    """
    peer = str(request.META.get("REMOTE_ADDR", ""))
    hops = [hop.strip() for hop in request.headers.get("X-Forwarded-For", "").split(",")]
    trusted = settings.TRUSTED_PROXIES
    return _clean(hops[-trusted] if 0 < trusted <= len(hops) else peer)


def is_forwarded(request: HttpRequest) -> bool:
    """Return whether some proxy, trusted or not, says that it passed the request on."""
    return "X-Forwarded-For" in request.headers or "Forwarded" in request.headers


def _clean(address: str) -> str:
    try:
        parsed = ip_address(address)
    except ValueError:
        return UNKNOWN
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return str(mapped or parsed)
