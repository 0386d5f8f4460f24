"""Coupon codes as people type them."""

from __future__ import annotations

import unicodedata

MAX_CODE_LENGTH = 40
MAX_CODES = 10


def normalize_code(text: str) -> str:
    """Return the one spelling a code is stored and looked up in.

    Upper case, no spaces, compatibility forms folded (full-width letters of a Chinese keyboard),
    cut at MAX_CODE_LENGTH.

    >>> normalize_code(" welcome 5 "), normalize_code("ＷＥＬＣＯＭＥ５")
    ('WELCOME5', 'WELCOME5')
    """
    folded = unicodedata.normalize("NFKC", text)
    return "".join(folded.split()).upper()[:MAX_CODE_LENGTH]
