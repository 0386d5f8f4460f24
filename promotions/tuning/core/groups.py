"""Groups of shoppers whom a campaign may leave out: by segment, tag or tier, as conditions know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Json

# The words of conditions for them
WORDS = ("segments", "tags", "tiers")


def name_group(word: str, code: str) -> str:
    """Return the name of a group, as changes of the audience keep it.

    >>> name_group("tags", "vegan")
    'tags:vegan'
    """
    return f"{word}:{code}"


def read_group(name: str) -> tuple[str, str]:
    """Return word and code of a group. Changes of before tags counted name a segment alone.

    >>> read_group("tiers:gold"), read_group("bakers")
    (('tiers', 'gold'), ('segments', 'bakers'))
    """
    word, colon, code = name.partition(":")
    return (word, code) if colon and word in WORDS else (WORDS[0], name)


def leave_out(name: str) -> dict[str, Json]:
    """Return the condition that a shopper is not in the group.

    >>> leave_out("tags:vegan")
    {'not': {'tags': ['vegan']}}
    """
    word, code = read_group(name)
    return {"not": {word: [code]}}


def is_left_out(name: str, condition: Mapping[str, Json]) -> bool:
    """Return whether nobody of the group gets an offer of this condition.

    >>> left = {"all": [{"cart_value": 4000}, leave_out("tiers:gold")]}
    >>> is_left_out("tiers:gold", left), is_left_out("tiers:silver", left)
    (True, False)
    """
    parts = condition.get("all", [condition])
    return leave_out(name) in parts
