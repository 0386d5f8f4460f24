"""Languages of the storefront and how they show in an address: English has no prefix."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import get_supported_language_variant
from django.utils.translation.trans_real import parse_accept_lang_header

from shop.catalog.core.values import MarketValue

LANGUAGE_NAMES = (("en", "English"), ("zh-hans", "简体中文"))
LANGUAGE_TAGS = {"en": "en", "zh-hans": "zh-Hans"}
LOCALES = {"en": "en_US", "zh-hans": "zh_Hans_CN"}


def in_language(path: str, language: str) -> str:
    """Return the address of the same page in another language.

    `translate_url` does the same by resolving and reversing, which is too slow for a sitemap.
    """
    for code, _name in LANGUAGE_NAMES:
        if code != settings.LANGUAGE_CODE and path.startswith(f"/{code}/"):
            path = path[len(code) + 1 :]
    return path if language == settings.LANGUAGE_CODE else f"/{language}{path}"


def list_languages(market: MarketValue) -> tuple[str, ...]:
    """Return the languages that a market's storefront can be read in, in the order of all."""
    codes = tuple(code for code, _name in LANGUAGE_NAMES)
    return tuple(code for code in codes if code in market.languages) or codes


def name_languages(codes: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """Return the languages with what they call themselves."""
    return tuple(pair for pair in LANGUAGE_NAMES if pair[0] in codes)


def find_language(request: HttpRequest, market: MarketValue) -> str:
    """Return the language of a market that a visitor chose, else the first that the browser asks
    for, else the market's own."""
    offered = list_languages(market)
    chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
    if chosen in offered:
        return chosen
    header = request.headers.get("Accept-Language", "")[:200]
    for asked, _weight in parse_accept_lang_header(header):
        try:
            known = get_supported_language_variant(asked)
        except LookupError:
            continue
        if known in offered:
            return known
    return market.language if market.language in offered else offered[0]
