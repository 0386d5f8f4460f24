"""Whom a request comes from: headers of reverse proxies are believed from named ones only."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shop.kernel.addresses import UNKNOWN, find_client

GetResponse = Callable[[HttpRequest], HttpResponse]
_PREFIX = "HTTP_X_FORWARDED_"
_OTHERS = ("HTTP_FORWARDED", "HTTP_X_REAL_IP")


class ForwardedHeaders:
    """Sets client address and scheme as our proxies tell them, and drops the headers of anybody.

    What follows asks REMOTE_ADDR and the request's scheme, so a forged header changes nothing. A
    proxy is ours if the address that connected lies in one of TRUSTED_PROXIES.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        meta = request.META
        peer = str(meta.get("REMOTE_ADDR", ""))
        proxies = _networks(tuple(settings.TRUSTED_PROXIES))
        client = find_client(peer, str(meta.get("HTTP_X_FORWARDED_FOR", "")), proxies=proxies)
        if client.is_forwarded:
            scheme = str(meta.get("HTTP_X_FORWARDED_PROTO", "")).rpartition(",")[2].strip()
            if scheme in ("http", "https"):
                meta["wsgi.url_scheme"] = scheme
        if client.address != UNKNOWN:  # a socket file has no address
            meta["REMOTE_ADDR"] = client.address
        for name in [one for one in meta if one.startswith(_PREFIX) or one in _OTHERS]:
            del meta[name]
        return self.get_response(request)


@lru_cache(maxsize=4)
def _networks(named: tuple[str, ...]) -> tuple[IPv4Network | IPv6Network, ...]:
    return tuple(ip_network(one) for one in named)
