"""What a client sends: bodies, forms and queries. A name that nobody reads is refused."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any, ClassVar

from django.utils.translation import gettext
from drf_spectacular.extensions import OpenApiSerializerExtension
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError


class InputSerializer(serializers.Serializer[object]):
    """A body, a form or a query with exactly the declared fields."""

    echoes: ClassVar[frozenset[str]] = frozenset()
    """Fields of the answer that come back with a changed document, and are not read."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the checked fields. Raises ValidationError, also for names that are unknown."""
        known = self.fields.keys() | self.echoes
        unknown = refuse_unknown(data, known) if isinstance(data, Mapping) else {}
        try:
            value = super().to_internal_value(data)
        except ValidationError as error:
            if unknown and isinstance(error.detail, dict):
                raise ValidationError({**error.detail, **unknown}) from error
            raise
        if unknown:
            raise ValidationError(unknown)
        return value


class InputSchema(OpenApiSerializerExtension):
    """Says in the OpenAPI schema that there are no other fields."""

    target_class = "shop.doors.api.inputs.InputSerializer"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        """Return the serializer's own schema, closed."""
        schema: dict[str, Any] = auto_schema._map_serializer(
            self.target, direction, bypass_extensions=True
        )
        for name in sorted(self.target.echoes):
            schema["properties"][name] = {"description": "As it was read. It changes nothing."}
        return {**schema, "additionalProperties": False}


def refuse_unknown(given: Iterable[str], known: Collection[str]) -> dict[str, list[ErrorDetail]]:
    """Return a fault for each of the given names that is not known."""
    said = gettext("There is no such field.")
    return {name: [ErrorDetail(said, code="unknown_field")] for name in given if name not in known}
