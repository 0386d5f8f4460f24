"""Claims in names and conditions, as a shopper or a judge would understand them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Traits nobody's price may depend on, as they turn up in tags, segments and conditions.
PROTECTED = re.compile(
    r"\b(age|aged|under|over|born|sex|gender|male|female|men|women|man|woman|race|ethnic\w*|"
    r"religio\w*|muslim|jew\w*|christian|health|ill|pregnan\w*|disab\w*|union|gay|lesbian|"
    r"orientation|marital|married|single|famil\w*|income|salary|job|unemployed|education|"
    r"nationality|senior|seniors|student|students|teacher|teachers|ios|iphone|android|device|"
    r"zip|postcode)\b|年龄|性别|男性|女性|民族|宗教|健康|残疾|怀孕|收入|职业|学历|国籍|婚姻",
    re.IGNORECASE,
)
URGENT = re.compile(
    r"last chance|ends (?:to(?:day|night)|soon)|hurry|almost gone|only \d+ left|today only|"
    r"while stocks? lasts?|最后机会|即将结束|仅限今日|最后一天|仅剩",
    re.IGNORECASE,
)
FREE = re.compile(r"\bfree\b|免费|赠送|白送", re.IGNORECASE)
FREE_FROM = re.compile(
    r"\b(?:sugar|gluten|lactose|fat|alcohol|cage|smoke|duty|hands)[- ]free\b|"
    r"\bfree[- ](?:from|range)\b",
    re.IGNORECASE,
)
WAS = re.compile(
    r"\b(?:was|rrp|instead of|normally|list price)\s*[:\s]?[$€£¥]?\s*\d+|原价\s*[¥￥$]?\s*\d+",
    re.IGNORECASE,
)
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*[%％]")
ZHE = re.compile(r"(?<![\d.])([1-9](?:\.\d)?|[1-9]\d|[一二三四五六七八九]{1,2})\s*折")
_DIGITS = str.maketrans("一二三四五六七八九", "123456789")
PEOPLE = frozenset(
    [
        "segments",
        "tags",
        "tiers",
        "groups",
        "first_order",
        "member",
        "shopper",
        "last_order",
        "orders",
        "spent",
    ]
)
# What a condition may ask of the world without being said: the whole trigger is a condition.
SILENT = frozenset({"all", "any", "not", "quantity", "value"})


def percent_in(names: Sequence[str]) -> float:
    """Return the greatest percentage named, 0 for none; a Chinese "8折" or "八折" names 20.

    >>> percent_in(["15% off", "全场8折"]), percent_in(["九五折"]), percent_in(["Half and half"])
    (20.0, 5.0, 0.0)
    """
    found = [float(each) for name in names for each in PERCENT.findall(name)]
    for name in names:
        for each in ZHE.findall(name):
            tenths = float(each.translate(_DIGITS))
            found.append(100.0 - (tenths if tenths > 10 else 10.0 * tenths))
    return max(found, default=0.0)


def urgent_word(names: Sequence[str]) -> str:
    """Return the words that urge, "" for none.

    >>> urgent_word(["Cheese week", "Last chance for cheese"])
    'Last chance'
    """
    return _first(URGENT, names)


def was_in_name(names: Sequence[str]) -> str:
    """Return the old price that a name names, "" for none.

    >>> was_in_name(["Cheddar, was $9.99"])
    'was $9'
    """
    return _first(WAS, names)


def hidden_conditions(
    names: Sequence[str], is_free: bool, offers: Iterable[Mapping[str, Any]]
) -> str:
    """Return what something called free takes; "" if nothing is called free or nothing is taken.

    >>> hidden_conditions(["Free tea"], False, [{"condition": {"cart_value": 2000}}])
    'cart_value'
    >>> hidden_conditions(["Sugar-free tea"], False, [{"condition": {"cart_value": 2000}}])
    ''
    """
    plain = [FREE_FROM.sub("", name) for name in names]
    if not is_free and not _first(FREE, plain):
        return ""
    taken: list[str] = []
    for offer in offers:
        taken += _words_of(offer.get("condition"))
        if offer.get("requires_coupon"):
            taken.append("code")
    return ", ".join(dict.fromkeys(taken))


def protected_word(conditions: Iterable[Any], groups_allowed: frozenset[str]) -> str:
    """Return the protected trait that a condition asks for, "" for none.

    A declared group is asked for as {"groups": [name]} and is fine where the place allows it.

    >>> protected_word([{"tags": ["women-30"]}], frozenset())
    'women-30'
    >>> protected_word([{"groups": ["student"]}], frozenset({"student"}))
    ''
    """
    for condition in conditions:
        for word, text in _leaves(condition):
            is_declared = word == "groups" and text in groups_allowed
            asks = word == "groups" or bool(PROTECTED.search(re.sub(r"[_\-:]+", " ", text)))
            if (asks or PROTECTED.fullmatch(word)) and not is_declared:
                return text or word
    return ""


def _leaves(condition: Any, word: str = "") -> Iterable[tuple[str, str]]:
    """Yield (word, text) of everything a condition names, whatever words it may hold one day."""
    if isinstance(condition, Mapping):
        for key, value in condition.items():
            if PROTECTED.fullmatch(str(key)):
                yield str(key), str(key)
            yield from _leaves(value, str(key))
    elif isinstance(condition, list):
        for each in condition:
            yield from _leaves(each, word)
    elif isinstance(condition, str) and word in ("tags", "segments", "groups"):
        yield word, condition


def asked_of_people(condition: Any) -> tuple[str, ...]:
    """Return what a condition asks of people, sorted: two offers that differ in it are for others.

    Figures, and what the cart, the clock or the place decides, make no other offer.

    >>> asked_of_people({"all": [{"cart_value": 4000}, {"first_order": True}]})
    ('first_order',)
    """
    return tuple(sorted(PEOPLE.intersection(_words_of(condition))))


def _words_of(condition: Any) -> list[str]:
    if isinstance(condition, Mapping):
        own = [str(key) for key in condition if key not in SILENT]
        return own + [word for value in condition.values() for word in _words_of(value)]
    if isinstance(condition, list):
        return [word for each in condition for word in _words_of(each)]
    return []


def _first(pattern: re.Pattern[str], names: Sequence[str]) -> str:
    found = (pattern.search(name) for name in names)
    return next((match.group(0) for match in found if match), "")
