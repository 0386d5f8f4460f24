"""One line a request in the log, with the address we believe."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware

from shop.kernel.addresses import find_client


class RequestLog(RequestMiddleware):
    """Logs the client's address as our own proxies tell it.

    The library's own way believes whatever address a client writes into its headers, and looking
    through all of them took longer than finding the view.
    """

    @classmethod
    def bind_ip(cls, request: HttpRequest) -> None:
        """Add the address to every line that this request logs."""
        address = find_client(
            str(request.META.get("REMOTE_ADDR", "")),
            str(request.META.get("HTTP_X_FORWARDED_FOR", "")),
            proxies=settings.TRUSTED_PROXIES,
        )
        structlog.contextvars.bind_contextvars(ip=address)
