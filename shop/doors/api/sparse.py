"""`fields`: an answer of which the client wants a part, named as in the schema."""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext
from rest_framework.exceptions import ErrorDetail

from shop.doors.api.errors import QueryInvalid
from shop.doors.api.responses import encode_json

FIELDS = "fields"
MOST_TEXT = 2_000

type Wanted = dict[str, "Wanted"]  # an empty one: the whole of it


def read_fields(text: str, answer: Any) -> Wanted:
    """Return which parts of an answer `text` names. Raises QueryInvalid (400) for unknown ones."""
    if len(text) > MOST_TEXT:
        said = gettext("This text is too long.")
        raise QueryInvalid({FIELDS: [ErrorDetail(said, code="max_length")]})
    names = [name for name in text.split(",") if name]
    unknown = [name for name in names if not _is_known(name.split("."), answer)]
    if unknown:
        fault = [ErrorDetail(gettext("There is no such field."), code="unknown_field")]
        raise QueryInvalid({FIELDS: dict.fromkeys(unknown, fault)})
    wanted: Wanted = {}
    for name in sorted(names, reverse=True):  # "a.b" before "a", which is more
        *outer, last = name.split(".")
        level = wanted
        for step in outer:
            level = level.setdefault(step, {})
        level[last] = {}
    return wanted


def prune(body: bytes, wanted: Wanted) -> bytes:
    """Return the wanted parts of a JSON answer."""
    return encode_json(_prune(json.loads(body), wanted)).encode()


def _prune(value: Any, wanted: Wanted) -> Any:
    if not wanted or value is None:
        return value
    if isinstance(value, list):
        return [_prune(one, wanted) for one in value]
    return {name: _prune(value[name], inner) for name, inner in wanted.items() if name in value}


def _is_known(steps: list[str], answer: Any) -> bool:
    """Return whether a serializer has the field, or the field of a field."""
    for step in steps:
        field = getattr(answer, "_declared_fields", {}).get(step)
        if field is None:
            return False
        answer = getattr(field, "branch", None) or getattr(field, "child", field)
    return True
