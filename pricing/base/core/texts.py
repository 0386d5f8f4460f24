"""The words beside prices. Plain sentences a shopper can check."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

from shop.ground.kernel.translation import gettext_noop, pgettext_noop, translate

# What German law wants said beside a reduction, in the language of that law.
GERMAN_LOWEST = "Niedrigster Preis (30 Tage)"
_TEXTS: Mapping[str, str] = {
    "public": gettext_noop("Price for everybody"),
    "personal": gettext_noop("Your personal discount"),
    "kept": gettext_noop("Kept for you from before the price rose"),
    "interest": gettext_noop("Your recent interest in products like this"),
    "deals": gettext_noop("You bought products on offer"),
    "offers": gettext_noop("You opened offers"),
    "test": gettext_noop("Price test: a small change, drawn at random"),
    "hold": gettext_noop("We keep the lower price you saw before"),
    "book": gettext_noop("Prepared for you from your earlier visits"),
    "without": gettext_noop("Without {inputs}"),
    "without_interest": gettext_noop("your interest in products like this"),
    "without_deals": gettext_noop("what you bought on offer"),
    "without_offers": gettext_noop("the offers you opened"),
    "without_test": gettext_noop("the price test"),
    "without_hold": gettext_noop("the lower price you saw before"),
    "without_book": gettext_noop("your earlier visits"),
    "and": pgettext_noop("list", " and "),
    "comma": pgettext_noop("list", ", "),
    "label:price-test": gettext_noop("Price test: the same price for everybody"),
    # Rows and prices of explanations made before price tests had a row of their own.
    "trial": gettext_noop("Price test: a small change, drawn at random"),
    "guard": gettext_noop("Limited by our rules"),
    "reference:eu_low30_offered_before_start": gettext_noop(
        "Lowest price in the 30 days before this reduction"
    ),
    "reference:cn_low7_paid": gettext_noop("Lowest price paid in the 7 days before this reduction"),
    "reference:median90_paid": gettext_noop(
        "Median price paid in the 90 days before this reduction"
    ),
    "reference:uk_volume_share": gettext_noop(
        "Lowest price in the 30 days before, at which products really sold"
    ),
    "reference_name:eu_low30_offered_before_start": gettext_noop("30-day low"),
    "reference_name:cn_low7_paid": gettext_noop("7-day low paid"),
    "reference_name:median90_paid": gettext_noop("90-day median paid"),
    "reference_name:uk_volume_share": gettext_noop("30-day low at which it sold"),
}


@lru_cache(maxsize=256)
def say(code: str, language: str) -> str:
    """Return the sentence for `code` in `language`; the code itself if there is none.

    >>> say("public", "en"), say("public", "zh-hans")
    ('Price for everybody', '所有人的价格')
    """
    return translate(_TEXTS[code], language) if code in _TEXTS else code


def say_without(codes: Sequence[str], language: str) -> str:
    """Return which inputs a price is named without, in the order they were taken away.

    >>> say_without(["without_test", "without_deals"], "en")
    'Without the price test and what you bought on offer'
    >>> say_without(["without_test", "without_deals", "without_interest"], "zh-hans")
    '不考虑价格测试、您购买优惠商品的记录和您对类似商品的兴趣'
    """
    *first, last = (say(code, language) for code in codes)
    listed = say("comma", language).join(first)
    inputs = f"{listed}{say('and', language)}{last}" if first else last
    return translate(_TEXTS["without"], language, inputs=inputs)
