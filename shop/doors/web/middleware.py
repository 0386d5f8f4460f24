"""Middleware of every request: who asks, how large a body may be, one line in the log."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.middleware.gzip import GZipMiddleware
from django_structlog.middlewares import RequestMiddleware
from django_structlog.middlewares import request as library

from shop.doors.api.docs import JSON_TYPE as SCHEMA_JSON
from shop.doors.api.docs import YAML_TYPE as SCHEMA_YAML
from shop.doors.api.door import PREFIX as API
from shop.doors.api.errors import PROBLEM_TYPE
from shop.doors.api.handlers import body_too_large
from shop.doors.api.responses import JSON_TYPE
from shop.ground.kernel.addresses import UNKNOWN, find_client

# What gets a quarter as long; photographs are compressed already.
PAGES = frozenset({"text/html", "image/svg+xml"})
# Of the API only: it knows its callers by a header that no foreign page can have sent, so nobody
# can make it answer a victim again and again and compare the lengths.
DATA = frozenset({JSON_TYPE, PROBLEM_TYPE, SCHEMA_YAML, SCHEMA_JSON})


class Compression(GZipMiddleware):
    """Compresses pages, drawings and answers of the API.

    Django pads each by a random length, against guessing, and makes its ETag a weak one.
    """

    def process_response(self, request: HttpRequest, given: HttpResponseBase) -> HttpResponseBase:
        """Return the response, compressed if it is text and the client takes gzip."""
        kind = given.headers.get("Content-Type", "").partition(";")[0]
        is_text = kind in PAGES or (kind in DATA and request.path_info.startswith(API))
        return super().process_response(request, given) if is_text else given


class RequestLog(RequestMiddleware):
    """Logs the name of the route and numeric ids: paths hold tokens, queries what people wrote.

    No more than one line a request. The library's own way looks through all headers for an
    address, which took longer than finding the view, asks the settings eight times and sends
    signals that nobody hears: a twentieth of a request for quotes.
    """

    def prepare(self, request: HttpRequest) -> None:
        """Add id and address to every line that this request logs."""
        structlog.contextvars.bind_contextvars(
            request_id=str(uuid.uuid4()), ip=request.META["REMOTE_ADDR"]
        )

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return method, route and ids, such as "GET product" or "GET admin:order_change 42"."""
        match = request.resolver_match
        if match is None:
            return f"{request.method} no route"
        ids = [str(value) for value in match.kwargs.values() if _is_id(value)]
        return " ".join([str(request.method), match.view_name or "unnamed", *ids])

    def handle_response(self, request: HttpRequest, response: HttpResponse) -> None:
        """Log that the request is finished; failures and streams as the library does."""
        if hasattr(request, "_raised_exception") or response.streaming:
            super().handle_response(request, response)
            return
        level = self._log_level_for_status_code(response.status_code)
        line = self.format_request(request)
        library.logger.log(level, "request_finished", code=response.status_code, request=line)
        structlog.contextvars.clear_contextvars()


def _is_id(value: Any) -> bool:
    return isinstance(value, int | uuid.UUID) or (isinstance(value, str) and value.isdecimal())


GetResponse = Callable[[HttpRequest], HttpResponse]
MEBIBYTE = 1_048_576


@dataclass(frozen=True, slots=True)
class Allowance:
    """The largest body of a page, for accounts with the permission ("": for every account)."""

    size: int
    permission: str


# Pages that take files, by route. The API's own view of documents reads with a limit of its own.
FILE_PAGES = {
    "groups_prove": Allowance(6 * MEBIBYTE, ""),
    "admin:product_list_upload": Allowance(222 * MEBIBYTE, "shop.add_productimport"),
    "admin:campaign_import": Allowance(6 * MEBIBYTE, "promotions.add_campaign"),
    "admin:promotions_codeimport_add": Allowance(40 * MEBIBYTE, "promotions.add_codeimport"),
    "admin:pricing_competitorsource_add": Allowance(21 * MEBIBYTE, "pricing.add_competitorsource"),
    "admin:pricing_competitorsource_change": Allowance(
        21 * MEBIBYTE, "pricing.change_competitorsource"
    ),
}
LARGEST = max(allowance.size for allowance in FILE_PAGES.values())


class BodyLimit:
    """Refuses a body that is too large: 413, and the connection ends without reading it.

    The usual limit is DATA_UPLOAD_MAX_MEMORY_SIZE; pages that take files allow more, to those who
    may use them. A body of unknown length (chunked) is read by the API only, which counts.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _announced(request) > LARGEST:
            return _refuse(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, _kwargs: Any
    ) -> HttpResponse | None:
        """Refuse what the page does not take. Queries only for a body over the usual limit."""
        announced = _announced(request)
        is_usual = announced <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        return None if is_usual or announced <= _allowed(request) else _refuse(request)


def _announced(request: HttpRequest) -> int:
    text = str(request.META.get("CONTENT_LENGTH") or "0")
    return int(text) if text.isascii() and text.isdigit() else 0


def _allowed(request: HttpRequest) -> int:
    match = request.resolver_match
    allowance = FILE_PAGES.get(match.view_name) if match else None
    if allowance is None or not request.user.is_authenticated:
        return 0
    is_theirs = not allowance.permission or request.user.has_perm(allowance.permission)
    return allowance.size if is_theirs else 0


def _refuse(request: HttpRequest) -> HttpResponse:
    response = body_too_large(request)
    response["Connection"] = "close"  # else the server would read the body to find the next request
    return response


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
