"""Languages of the storefront and how they show in an address: English has no prefix."""

from __future__ import annotations

from django.conf import settings

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
