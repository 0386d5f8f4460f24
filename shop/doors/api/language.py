"""The language of an answer: the client's Accept-Language, nothing else.

Pages carry their language in the address, so Django's own middleware falls back to English for
addresses without one, such as those of the API.
"""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import activate, get_language, get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

CHINESE = "zh-hans"
MAX_HEADER = 200


def activate_language(request: HttpRequest) -> None:
    """Speak the client's language until the end of the request."""
    activate(choose_language(request.headers.get("Accept-Language", "")[:MAX_HEADER]))


@lru_cache(maxsize=1024)
def choose_language(accepted: str) -> str:
    """Return the best language we have for an Accept-Language header.

    >>> choose_language("zh-CN,zh;q=0.9,en;q=0.5"), choose_language("fr")
    ('zh-hans', 'en')
    """
    for language, _quality in parse_accept_lang_header(accepted):
        try:
            return get_supported_language_variant(language)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)


def page_language() -> str:
    """Return the language being spoken, as pages name it: "en" or "zh-hans"."""
    return CHINESE if (get_language() or "").startswith("zh") else "en"
