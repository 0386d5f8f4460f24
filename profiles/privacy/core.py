"""The protocol by which every room answers for the personal data it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any


class FieldClass(Enum):
    """What a field is to a person, and so what erasure does to it."""

    NONE = "tells nothing about a person"
    LINK = "points to a shopper by a pseudonym; breaks when the shopper is erased"
    PERSONAL = "identifies or describes a person; exported, deleted on erasure"
    DERIVED = "derived about a person; exported, deleted on erasure"
    LEGAL = "kept as the law needs although it concerns a person; exported"
    AUDIT = "given by the person to measure fairness only; exported, deleted on erasure"


Classification = Mapping[str, Mapping[str, FieldClass]]


@dataclass(frozen=True, slots=True)
class RoomPrivacy:
    """How one room answers. Registered in `shop.wiring`.

    `fields` classifies every field of every model of the room: {"Model": {"field": class}}; a
    contract test fails on a missing one. `export_shopper` returns JSON values; `erase_shopper`
    deletes or makes anonymous everything but LEGAL fields and is safe to run twice.
    """

    room: str
    fields: Classification
    export_shopper: Callable[[int], Mapping[str, Any]]
    erase_shopper: Callable[[int, datetime], None]


def classify(**groups: str) -> dict[str, FieldClass]:
    """Return the class of each field; names are separated by spaces.

    >>> classify(none="id", personal="email name")["name"]
    <FieldClass.PERSONAL: 'identifies or describes a person; exported, deleted on erasure'>
    """
    return {
        field: FieldClass[group.upper()]
        for group, names in groups.items()
        for field in names.split()
    }
