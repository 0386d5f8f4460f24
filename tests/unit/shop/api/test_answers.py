"""What the fields of an answer write is the JSON that an encoder would write of the same values."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework import serializers

from shop.doors.api.answers import AnswerSerializer, MoneySerializer, computed
from shop.doors.api.responses import encode_json
from shop.ground.kernel.money import format_money


@dataclass(frozen=True)
class Part:
    """A part of a whole, with an amount in the currency of the whole."""

    name: str
    price_minor: int
    left: int | None


@dataclass(frozen=True)
class Whole:
    """A value with everything that fields are read from."""

    text: str
    share: float
    is_on: bool
    key: UUID | None
    at: datetime | None
    parts: tuple[Part, ...]
    first: Part | None
    notes: dict[str, int | str]
    currency: str


class PartSerializer(AnswerSerializer[Part]):
    """Written from a part."""

    name = serializers.CharField()
    price = MoneySerializer()
    left = serializers.IntegerField(allow_null=True)


class WholeSerializer(AnswerSerializer[Whole]):
    """Written from a whole, and from what is given."""

    given = ("cursor", "others")
    currency_from = "currency"

    title = serializers.CharField(source="text")
    share = serializers.FloatField()
    is_on = serializers.BooleanField()
    key = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)
    parts = PartSerializer(many=True)
    first = PartSerializer(allow_null=True)
    notes = serializers.DictField()
    count = computed(lambda whole: len(whole.parts), serializers.IntegerField())
    names = computed(
        lambda whole: tuple(part.name for part in whole.parts),
        serializers.ListField(child=serializers.CharField()),
    )
    cursor = serializers.CharField(allow_null=True)
    others = PartSerializer(many=True)


class LabelledPartSerializer(PartSerializer):
    """A part as the first of a whole."""

    inherited_from = "first"

    label = serializers.CharField(source="text")


def write_part(part: Part, currency: str) -> dict[str, Any]:
    money = {
        "minor": part.price_minor,
        "currency": currency,
        "exponent": 0 if currency == "JPY" else 2,
        "display": format_money(part.price_minor, currency, "en_US"),
    }
    return {"name": part.name, "price": money, "left": part.left}


minors = st.integers(-(10**9), 10**12)
parts = st.builds(Part, st.text(), minors, st.none() | minors)
wholes = st.builds(
    Whole,
    st.text(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none() | st.uuids(),
    st.none() | st.datetimes(timezones=st.timezones()),
    st.lists(parts, max_size=3).map(tuple),
    st.none() | parts,
    st.dictionaries(st.text(), st.integers() | st.text(), max_size=3),
    st.sampled_from(["USD", "JPY"]),
)


@given(whole=wholes, cursor=st.none() | st.text())
def test_the_text_is_what_the_encoder_writes(whole: Whole, cursor: str | None) -> None:
    currency = whole.currency
    expected = {
        "title": whole.text,
        "share": whole.share,
        "is_on": whole.is_on,
        "key": None if whole.key is None else str(whole.key),
        "at": None if whole.at is None else whole.at.isoformat(),
        "parts": [write_part(part, currency) for part in whole.parts],
        "first": None if whole.first is None else write_part(whole.first, currency),
        "notes": whole.notes,
        "count": len(whole.parts),
        "names": [part.name for part in whole.parts],
        "cursor": cursor,
        "others": [write_part(part, currency) for part in whole.parts],
    }
    text = WholeSerializer.to_json(whole, "en_US", cursor=cursor, others=whole.parts)
    assert text == encode_json(expected)
    kept = WholeSerializer.to_dict(whole, "en_US", cursor=cursor, others=whole.parts)
    assert kept == json.loads(text)


@given(whole=wholes, part=parts)
def test_fields_of_the_base_are_read_from_a_part(whole: Whole, part: Part) -> None:
    body = LabelledPartSerializer.to_dict(replace(whole, first=part), "en_US", "USD")
    assert body == {**write_part(part, "USD"), "label": whole.text}


def test_what_has_to_be_given_cannot_be_left_out() -> None:
    whole = Whole("", 0.0, False, None, None, (), None, {}, "USD")
    with pytest.raises(KeyError, match="others"):
        WholeSerializer.to_json(whole, "en_US", cursor=None)
