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
# What writes the value {0} of a field; all others are left to the encoder.
_EXPRESSIONS: dict[type[AnyField], str] = {
    serializers.IntegerField: "{0}",
    serializers.BooleanField: "('true' if {0} else 'false')",
    serializers.CharField: "quote({0})",
    serializers.ChoiceField: "quote({0})",
    serializers.DateTimeField: "quote({0}.isoformat())",
    serializers.UUIDField: "quote(str({0}))",
    serializers.DictField: "encode(dict({0}))",
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
    """Return one expression that writes all fields, as fast as one written by hand."""
    scope: dict[str, Any] = {"encode": encode_json, "quote": encode_basestring}
    fields = cls._declared_fields
    frame = ",".join(f'"{name}":%s' for name in fields)
    values = "".join(f"{_express(cls, name, scope)}, " for name in fields)
    source = f"lambda value, currency, locale, given=None: '{{{frame}}}' % ({values})"
    code = compile(source, f"<{cls.__name__}>", "eval")
    write: Writer = eval(code, scope)  # noqa: S307  # the names of our own fields, nothing sent
    if not cls.currency_from:
        return write
    find = attrgetter(cls.currency_from)
    return lambda value, currency, locale, given=None: write(value, find(value), locale, given)


def _express(cls: type[AnswerSerializer[Any]], name: str, scope: dict[str, Any]) -> str:
    """Return the expression that writes a field; what it calls goes into `scope`."""
    field: Any = cls._declared_fields[name]
    attribute = find_attribute(cls, name)
    at = f"given[{name!r}]" if name in cls.given else f"value.{attribute}" if attribute else "value"
    if field in _computed:
        scope[f"compute_{name}"] = _computed[field]
        at = f"compute_{name}({at})"
    shown = "found" if field.allow_null else at
    if isinstance(field, serializers.ListSerializer):
        child: Any = field.child
        scope[f"write_{name}"] = child.writer()
        text = f"'[%s]' % ','.join([write_{name}(one, currency, locale) for one in {shown}])"
    elif hasattr(field, "writer"):
        scope[f"write_{name}"] = field.writer()
        text = f"write_{name}({shown}, currency, locale)"
    else:
        kinds = (form for kind, form in _EXPRESSIONS.items() if isinstance(field, kind))
        text = next(kinds, "encode({0})").format(shown)
    return f"('null' if (found := {at}) is None else {text})" if field.allow_null else text


def find_attribute(cls: type[AnswerSerializer[Any]], name: str) -> str:
    """Return the attribute that a field is read from; "" for the whole value."""
    field = cls._declared_fields[name]
    is_inherited = cls.inherited_from and name in getattr(cls.__base__, "_declared_fields", ())
    part = cls.inherited_from if is_inherited else ""
    if field in _computed or field.source == "*":
        return part
    own = f"{name}_minor" if isinstance(field, MoneySerializer) else name
    return ".".join(filter(None, (part, field.source or own)))
