"""Which HTTP status a refusal's code stands for; a contract test knows every code of the rooms."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

# A refusal that is nobody's typing error conflicts with the state of the shop.
FALLBACK_STATUS = 409

TITLE_BY_STATUS: dict[int, Promise] = {
    400: _("The request is not valid"),
    401: _("Who you are could not be checked"),
    403: _("Not allowed"),
    404: _("Not found"),
    405: _("This address does not know that method"),
    406: _("Not available in that form"),
    409: _("It conflicts with the current state"),
    410: _("Gone"),
    412: _("It has changed in the meantime"),
    413: _("Too large"),
    415: _("Unknown media type"),
    422: _("It cannot be processed"),
    428: _("A condition is missing"),
    429: _("Too many requests"),
    500: _("Server error"),
    503: _("Not available at the moment"),
}

STATUS_BY_CODE: dict[str, int] = {
    "body_malformed": 400,
    "body_too_deep": 400,
    "body_too_large": 413,
    "encoding_unsupported": 415,
    "media_type_unsupported": 415,
    "redis_unavailable": 503,
}
