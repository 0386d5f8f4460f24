"""What answers of the API are read from is there, and of the kind that their fields describe."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import NoneType, SimpleNamespace, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints
from uuid import UUID

from rest_framework import serializers

from shop.doors.api.answers import AnswerSerializer, MoneySerializer, find_attribute
from shop.doors.api.v1.serializers.catalog import VariantSerializer
from shop.doors.api.v1.urls import urlpatterns
from shop.doors.pages.values import ProductCard
from tests.contracts.house import expect_none

type Answer = type[AnswerSerializer[Any]]
KINDS: dict[Any, Any] = {
    serializers.IntegerField: int,
    serializers.BooleanField: bool,
    serializers.FloatField: float,
    serializers.CharField: str,
    serializers.ChoiceField: str,
    serializers.DateTimeField: datetime,
    serializers.UUIDField: UUID,
    serializers.ListField: tuple | list,
    serializers.DictField: Mapping,
    MoneySerializer: int,
}
# The API starts each checkout that it shows; only the page shows one that holds nothing.
NEVER_NONE = {"CheckoutSerializer.expires_at"}
# Its base is written from a part of what it is written from itself.
VALUES: dict[Answer, Any] = {VariantSerializer: ProductCard}


def list_answers(base: Answer = AnswerSerializer) -> Iterator[Answer]:
    assert urlpatterns  # all serializers are imported
    for answer in base.__subclasses__():
        if answer.__module__.startswith("shop.") and answer is not MoneySerializer:
            yield answer
        yield from list_answers(answer)


def find_value(answer: Answer) -> Any:
    """The class of the values that an answer is written from; None where nothing is known of it."""
    if answer in VALUES:
        return VALUES[answer]
    for base in answer.__mro__:
        for alias in getattr(base, "__orig_bases__", ()):
            for value in get_args(alias):
                return None if isinstance(value, TypeVar) or value is SimpleNamespace else value
    raise AssertionError(answer)


def list_kinds(hint: Any) -> set[Any]:
    """The members of a union, or the one type."""
    hint = getattr(hint, "__value__", hint)
    if get_origin(hint) is Literal:
        return {str}
    return set(get_args(hint)) if get_origin(hint) in {Union, UnionType} else {hint}


def find_kinds(value: Any, attribute: str) -> set[Any]:
    """The types that an attribute may have, as annotations of its class say."""
    kinds = list_kinds(value)
    for name in attribute.split("."):
        hints = []
        for kind in kinds:
            held = getattr(kind, name, None)
            known = (
                get_type_hints(held.fget) if isinstance(held, property) else get_type_hints(kind)
            )
            hints.append(known["return" if isinstance(held, property) else name])
        kinds = {one for hint in hints for one in list_kinds(hint)}
    return kinds


def list_faults(answer: Answer, name: str) -> Iterator[str]:
    field: Any = answer._declared_fields[name]
    value, attribute = find_value(answer), find_attribute(answer, name)
    is_of_base = answer.inherited_from and name in getattr(answer.__base__, "_declared_fields", ())
    if name in answer.given or is_of_base or not attribute or value is None:
        return
    kinds = find_kinds(value, attribute)
    is_known = f"{answer.__name__}.{name}" in NEVER_NONE
    if (NoneType in kinds) != (field.allow_null or is_known):
        yield f"{answer.__name__}.{name}: {attribute} may be None, or the field says so alone"
    kinds -= {NoneType}
    if isinstance(field, serializers.ListSerializer):
        kinds = {item for kind in kinds for item in list_kinds(get_args(kind)[0])}
        field = field.child
    wanted = KINDS.get(type(field)) or find_value(type(field))
    for kind in kinds:
        plain = get_origin(kind) or kind
        is_fit = kind == wanted or kind in list_kinds(wanted) or issubclass(plain, wanted)
        if not is_fit:
            yield f"{answer.__name__}.{name}: {attribute} is {kind}, not {wanted}"


def test_each_field_is_read_from_an_attribute_of_its_kind() -> None:
    expect_none(
        fault
        for answer in list_answers()
        for name in answer._declared_fields
        for fault in list_faults(answer, name)
    )


def test_what_callers_give_is_described_and_never_needed_inside() -> None:
    for answer in list_answers():
        assert set(answer.given) <= set(answer._declared_fields), answer
        for field in answer._declared_fields.values():
            part = getattr(field, "child", field)
            assert not getattr(part, "given", ()), (answer, part)
