"""Translation into a language that is passed in: for cores, e-mails and stored sentences.

`django.utils.translation` speaks the language of a request. This reads the same catalogue without
the framework, so that pure code can use it.
"""

from __future__ import annotations

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "locale"
# gettext's own separator of a context and its message
SEPARATOR = "\x04"


def gettext_noop(message: str) -> str:
    """Mark a message for the catalogue; `translate` says it.

    >>> gettext_noop("Paid")
    'Paid'
    """
    return message


def pgettext_noop(context: str, message: str) -> str:
    """Mark a message whose Chinese depends on where it stands.

    >>> translate(pgettext_noop("order", "Paid"), "en")
    'Paid'
    """
    return f"{context}{SEPARATOR}{message}"


def translate(message: str, language: str, /, **values: object) -> str:
    """Return a message in `language` ("zh..." or anything else: English), filled with `values`.

    >>> translate("This offer ended on {date}.", "en", date="2026-01-31")
    'This offer ended on 2026-01-31.'
    """
    if not message:
        return ""  # gettext's own entry of the empty message is the head of the catalogue
    text = _read(is_chinese=language.startswith("zh")).gettext(message).rpartition(SEPARATOR)[2]
    return text.format(**values) if values else text


def is_chinese(language: str) -> bool:
    """Return whether a language is Chinese.

    >>> is_chinese("zh-hans"), is_chinese("zh_CN"), is_chinese("en")
    (True, True, False)
    """
    return language.lower().startswith("zh")


@cache
def locale_of(language: str) -> str:
    """Return the Babel locale of a language of the shop.

    >>> locale_of("zh-hans")
    'zh_Hans_CN'
    """
    return "zh_Hans_CN" if language.startswith("zh") else "en_US"


@cache
def _read(*, is_chinese: bool) -> NullTranslations:
    return translation("django", FOLDER, ["zh_Hans"]) if is_chinese else NullTranslations()
