"""Codes of the labels beside prices: that of the law's row, and those of prices that a test moved.

A personal price bears its row's code, with TEST at its end where a price test moved it: then the
row's test label is shown, which still says all that the law asks for. A price for everybody bears
PUBLIC_TEST while a test moves it, whatever the place, and otherwise no label.
"""

from __future__ import annotations

from pricing.base.core.texts import say
from pricing.base.core.values import JurisdictionRule

TEST = "-test"
PUBLIC_TEST = "price-test"
# New York prescribes these words (GBL 349-a); each label of the place begins with them.
STATUTORY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."


def label_code(rule: JurisdictionRule, *, is_test: bool) -> str:
    """Return the code of the label of a personal price in a place.

    >>> from dataclasses import replace
    >>> from pricing.base.core.values import STRICTEST
    >>> rule = replace(STRICTEST, label_code="us-ny")
    >>> label_code(rule, is_test=False), label_code(rule, is_test=True)
    ('us-ny', 'us-ny-test')
    """
    return f"{rule.label_code}{TEST}" if is_test else rule.label_code


def is_test_code(code: str) -> bool:
    """Return whether a label code says that a price test moved the price.

    >>> is_test_code("eu-test"), is_test_code(PUBLIC_TEST), is_test_code("eu")
    (True, True, False)
    """
    return code.endswith(TEST)


def prescribed_words(label: str) -> str:
    """Return the words of a label that a law prescribes letter by letter; "" for other labels.

    >>> prescribed_words(f"{STATUTORY} It is part of a price test.") == STATUTORY
    True
    >>> prescribed_words("Personalised price, set automatically")
    ''
    """
    return STATUTORY if label.startswith(STATUTORY) else ""


def label_text(rule: JurisdictionRule, code: str, language: str) -> str:
    """Return the text of a label that was shown under `rule`; empty for a price without one.

    >>> from pricing.base.core.values import STRICTEST
    >>> label_text(STRICTEST, PUBLIC_TEST, "en")
    'Price test: the same price for everybody'
    """
    if not code:
        return ""
    if code == PUBLIC_TEST:
        return say(f"label:{code}", language)
    return rule.label(language, is_test=is_test_code(code))
