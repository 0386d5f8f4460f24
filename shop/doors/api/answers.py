"""Answers of the API: the fields of a serializer describe them for OpenAPI and write their JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache, lru_cache
from json.encoder import encode_basestring
from operator import attrgetter
from types import GenericAlias
from typing import Any, ClassVar

from rest_framework import serializers

from shop.doors.api.responses import encode_json
from shop.ground.kernel.money import exponent, format_money

type Json = dict[str, Any]
type Writer = Callable[..., str]  # value, currency, locale, what is given
type AnyField = serializers.Field[Any, Any, Any, Any]

_computed: dict[AnyField, Callable[[Any], Any]] = {}
# What writes the value of a field; all others are left to the encoder.
_FORMS: dict[type[AnyField], Callable[[Any], str]] = {
    serializers.IntegerField: str,
    serializers.BooleanField: lambda found: "true" if found else "false",
    serializers.CharField: encode_basestring,
    serializers.ChoiceField: encode_basestring,
    serializers.DateTimeField: lambda found: encode_basestring(found.isoformat()),
    serializers.UUIDField: lambda found: encode_basestring(str(found)),
    serializers.DictField: lambda found: encode_json(dict(found)),
}


class AnswerSerializer[T](serializers.Serializer[Any]):
    """An answer that is written from a value of type T.

    A field is read from the attribute of its name, or of `source` ("*" is the whole value), and
    money from `<name>_minor`; see `computed` for what no attribute holds. DRF's own `data` copies
    all fields for every object, which is far too slow for a page of products.
    """

    given: ClassVar[tuple[str, ...]] = ()
    """Fields that the value does not know: callers give them by name."""
    inherited_from: ClassVar[str] = ""
    """The attribute that fields of the base class are read from."""
    currency_from: ClassVar[str] = ""
    """The attribute with the currency; without it amounts are in the currency of the whole."""

    @classmethod
    def __class_getitem__(cls, value: Any) -> Any:
        """Keep what a subclass is written from, where DRF would drop it."""
        return GenericAlias(cls, value)

    @classmethod
    def to_json(cls, value: T, locale: str = "", currency: str = "", /, **given: Any) -> str:
        """Return a value as JSON text, with what is `given`."""
        return cls.writer()(value, currency, locale, given)

    @classmethod
    def to_dict(cls, value: T, locale: str = "", currency: str = "", /, **given: Any) -> Json:
        """Return the same as a dict, to be kept or looked into."""
        answer: Json = json.loads(cls.to_json(value, locale, currency, **given))
        return answer

    @classmethod
    def writer(cls) -> Writer:
        """Return the function that writes a value."""
        return _compile(cls)


def computed[F: AnyField](compute: Callable[[Any], Any], field: F) -> F:
    """Return the field, which is then written from what `compute` makes of the whole value."""
    _computed[field] = compute
    return field


@lru_cache(maxsize=65_536)
def write_money(minor: int, currency: str, locale: str) -> str:
    """Return an amount: exact `minor` units, the currency's `exponent`, and text for people.

    >>> write_money(1234, "USD", "en_US")
    '{"minor":1234,"currency":"USD","exponent":2,"display":"$12.34"}'
    """
    amount = {"minor": minor, "currency": currency, "exponent": exponent(currency)}
    return encode_json({**amount, "display": format_money(minor, currency, locale)})


class MoneySerializer(AnswerSerializer[int]):
    """An exact amount of money. Compute with `minor`; show `display`."""

    minor = serializers.IntegerField(help_text="Amount in minor units, such as cents.")
    currency = serializers.CharField(help_text="ISO 4217 code.")
    exponent = serializers.IntegerField(help_text="Decimals of the currency: 2 for USD.")
    display = serializers.CharField(help_text="The amount in the language of the response.")

    @classmethod
    def writer(cls) -> Writer:
        """Return the function that writes an amount in minor units."""
        return write_money


@cache
def _compile(cls: type[AnswerSerializer[Any]]) -> Writer:
    """Return the function that writes all fields of a class; its fields are looked at once."""
    fields = cls._declared_fields
    frame = "{" + ",".join(f'"{name}":%s' for name in fields) + "}"
    writers = [_compile_field(cls, name) for name in fields]
    find = attrgetter(cls.currency_from) if cls.currency_from else None

    def write(value: Any, currency: str, locale: str, given: Json | None = None) -> str:
        if find is not None:
            currency = find(value)
        return frame % tuple([each(value, currency, locale, given) for each in writers])

    return write


def _compile_field(cls: type[AnswerSerializer[Any]], name: str) -> Writer:
    """Return the function that reads a field from the value and writes it."""
    field: Any = cls._declared_fields[name]
    write_found, compute = _write_by(field), _computed.get(field)
    attribute = "" if name in cls.given else find_attribute(cls, name)
    read = attrgetter(attribute) if attribute else None

    def write(value: Any, currency: str, locale: str, given: Json) -> str:
        found = given[name] if name in cls.given else read(value) if read else value
        if compute is not None:
            found = compute(found)
        if found is None and field.allow_null:
            return "null"
        return write_found(found, currency, locale)

    return write


def _write_by(field: Any) -> Writer:
    """Return the function that writes what a field holds."""
    if isinstance(field, serializers.ListSerializer):
        child: Any = field.child
        write_one = child.writer()
        return lambda found, currency, locale: (
            "[" + ",".join([write_one(one, currency, locale) for one in found]) + "]"
        )
    if hasattr(field, "writer"):
        write: Writer = field.writer()
        return write
    encode = next((form for kind, form in _FORMS.items() if isinstance(field, kind)), encode_json)
    return lambda found, _currency, _locale: encode(found)


def find_attribute(cls: type[AnswerSerializer[Any]], name: str) -> str:
    """Return the attribute that a field is read from; "" for the whole value."""
    field = cls._declared_fields[name]
    is_inherited = cls.inherited_from and name in getattr(cls.__base__, "_declared_fields", ())
    part = cls.inherited_from if is_inherited else ""
    if field in _computed or field.source == "*":
        return part
    own = f"{name}_minor" if isinstance(field, MoneySerializer) else name
    return ".".join(filter(None, (part, field.source or own)))
