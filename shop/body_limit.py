"""How large the body of a request may be, decided before anything of it is read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from shop.api.handlers import body_too_large

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
