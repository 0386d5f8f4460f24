"""Which of the languages we can read a text is in."""

from __future__ import annotations

import re

LANGUAGES = ("en", "zh")

# CJK ideographs with extension A, and Chinese punctuation. A range test is right for short texts
# where language guessers are not: they take "ok" for Afrikaans and mixed texts for Cantonese.
_CHINESE = re.compile(r"[\u3001\u3002\u3400-\u4dbf\u4e00-\u9fff]")
_LETTER = re.compile(r"[^\W\d_]")
CHINESE_SHARE = 0.2


def detect_language(text: str) -> str:
    """Return "zh" if a fifth of the letters of `text` are Chinese, else "en".

    >>> [detect_language(text) for text in ("很好吃，下次再买", "Tasty, would buy again", "5")]
    ['zh', 'en', 'en']
    """
    letters = len(_LETTER.findall(text))
    return "zh" if letters and len(_CHINESE.findall(text)) >= CHINESE_SHARE * letters else "en"
