"""Clauses of a sentence and brackets around them, as the condition they mean together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any as Json

from promotions.core.builder.plans import Text

AND, OR, WITH = "and", "or", "with"
# What holds of the clauses of a bracket, by the word of conditions
BRACKETS: Mapping[str, Text] = {
    "all": ("all of them hold", "全部成立"),
    "any": ("at least one of them holds", "至少一项成立"),
    "one": ("exactly one of them holds", "恰好一项成立"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """A clause, or a bracket (`bracket` is its word in BRACKETS) that others stand in.

    `key` tells the parts of one sentence apart; `within` is the key of the bracket around it, ""
    for none. Outside of brackets `joint` says how it stands to the part before it: "and" is one
    more that must hold, "or" an alternative, "with" belongs to the same alternative and binds
    closer than "or"; in a bracket its word says so.
    """

    key: str
    said: Mapping[str, Json] = field(default_factory=dict)
    bracket: str = ""
    is_opposite: bool = False
    joint: str = AND
    within: str = ""


def join_parts(parts: Sequence[Part]) -> list[dict[str, Json]]:
    """Return the conditions that all must hold: "a with b or c, and d" is ((a and b) or c), d.

    >>> a, b, c = {"member": True}, {"first_order": True}, {"cart_value": 4000}
    >>> parts = [Part("1", a), Part("2", bracket="any", is_opposite=True)]
    >>> join_parts([*parts, Part("3", b, within="2"), Part("4", c, within="2")])
    [{'member': True}, {'not': {'any': [{'first_order': True}, {'cart_value': 4000}]}}]
    """
    groups: list[list[list[dict[str, Json]]]] = []
    for part in parts:
        if part.within:
            continue
        said = _say(part, parts)
        if part.joint == WITH and groups:
            groups[-1][-1].append(said)
        elif part.joint == OR and groups:
            groups[-1].append([said])
        else:
            groups.append([[said]])
    return [_join("any", [_join("all", each) for each in group]) for group in groups]


def _say(part: Part, parts: Sequence[Part]) -> dict[str, Json]:
    said = dict(part.said)
    if part.bracket:
        inside = [_say(one, parts) for one in parts if one.within == part.key]
        # One alone is itself, but "exactly one" of one is a slip that saving has to refuse
        said = {"one": inside} if part.bracket == "one" else _join(part.bracket, inside)
    return {"not": said} if part.is_opposite else said


def _join(word: str, parts: list[dict[str, Json]]) -> dict[str, Json]:
    return parts[0] if len(parts) == 1 else {word: parts}
