"""Read a campaign somebody wrote as JSON: every value where it belongs, or a sentence about it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    OFFERS,
    READABLE,
    BadDocument,
    campaign_fields,
    join_place,
    offer_fields,
    printable,
    refuse_value,
)
from promotions.engine.api import Schema
from promotions.planning.selectors.campaign_codes import (
    BATCHES,
    CODE_WORDS,
    COUPONS,
    LEFT_OUT,
    batch_fields,
    coupon_fields,
)
from promotions.planning.selectors.campaign_schema import describe_column

DEEPEST = 25
YEARS = range(2000, 9000)
_SHARE = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


def check_document(document: Any) -> dict[str, Any]:
    """Return the document, its columns as the tables take them. Raises BadDocument.

    Looks at shape and columns; conditions, scopes and terms are read when they are written.
    """
    if not isinstance(document, Mapping):
        raise refuse_value("", document, _("expected an object with a code and offers"))
    _check_depth("", document, DEEPEST)
    if not is_readable(document.get("format")):
        raise BadDocument(
            _("This file has format %(format)s; this shop reads format %(known)s.")
            % {"format": document.get("format"), "known": "1, 2"},
            place="format",
        )
    told = document.get(OFFERS)
    if not isinstance(told, list):
        raise refuse_value(OFFERS, told, _("expected a list of offers, each with a code"))
    own = _read_columns("", document, campaign_fields(), {"format", "$schema", OFFERS})
    own.pop("$schema", None)
    offers = [_read_offer(f"{OFFERS}[{i}]", one) for i, one in enumerate(told)]
    codes = [offer["code"] for offer in offers]
    for i, code in enumerate(codes):
        if code in codes[:i]:
            why = _("another offer of this campaign has this code")
            raise refuse_value(f"{OFFERS}[{i}].code", code, why)
    return {**own, OFFERS: offers}


def is_readable(version: Any) -> bool:
    """Return whether documents of this format are read.

    >>> is_readable(2), is_readable(True), is_readable(3)
    (True, False, False)
    """
    return type(version) is int and version in READABLE


def _read_offer(place: str, offer: Any) -> dict[str, Any]:
    if not isinstance(offer, Mapping):
        raise refuse_value(place, offer, _("expected an offer with a code"))
    listed = offer.get("variants", [])
    if not isinstance(listed, list) or any(type(one) not in (str, int) for one in listed):
        raise refuse_value(join_place(place, "variants"), listed, _("expected a list of SKUs"))
    left_out = offer.get(LEFT_OUT, 0)
    if type(left_out) is not int:
        raise refuse_value(join_place(place, LEFT_OUT), left_out, _("expected a whole number"))
    said = _read_columns(place, offer, offer_fields(), {"variants", *CODE_WORDS})
    for word, fields, needs in (
        (COUPONS, coupon_fields(), ("code",)),
        (BATCHES, batch_fields(), ("name", "pattern", "amount")),
    ):
        if word in said:
            said[word] = _read_rows(join_place(place, word), said[word], fields, needs)
    return said


def _read_rows(place: str, rows: Any, fields: Any, needs: tuple[str, ...]) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        why = _("expected a list of objects with %(names)s") % {"names": ", ".join(needs)}
        raise refuse_value(place, rows, why)
    return [_read_columns(f"{place}[{i}]", row, fields, set(), needs) for i, row in enumerate(rows)]


def _read_columns(
    place: str,
    said: Mapping[str, Any],
    fields: Any,
    others: set[str],
    needs: tuple[str, ...] = ("code",),
) -> dict[str, Any]:
    by_name = {field.name: field for field in fields}
    for word in needs:
        if not said.get(word):
            raise refuse_value(join_place(place, word), said.get(word), _("it is needed"))
    for word in said:
        if word not in by_name and word not in others:
            told = _("%(place)s: nobody knows the field “%(name)s”: take it out.")
            where = place or _("Campaign")
            raise BadDocument(told % {"place": where, "name": word}, place=join_place(place, word))
    return {
        word: value if word in others else _read(join_place(place, word), value, by_name[word])
        for word, value in said.items()
    }


def _read(place: str, value: Any, field: models.Field[Any, Any]) -> Any:
    schema = describe_column(field)
    why = _findrefuse_value(value, schema)
    if why:
        raise refuse_value(place, value, why)
    if isinstance(field, models.DecimalField) and value is not None:
        return str(value)  # a float has more digits than somebody wrote
    return value


def _findrefuse_value(value: Any, schema: Schema) -> str:
    """Return what is expected of a column's value instead, or nothing where it fits."""
    if "enum" in schema:
        names = ", ".join(map(str, schema["enum"]))
        return "" if value in schema["enum"] else _("expected one of %(names)s") % {"names": names}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if value is None and "null" in kinds:
        return ""
    if "number" in kinds:
        return _find_misfit_of_share(value)
    if type(value) not in {_TYPES[kind] for kind in kinds if kind != "null"}:
        return _expected(kinds[0])
    if isinstance(value, str):
        return _find_misfit_of_text(value, schema)
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None and not least <= value <= most:
        return _("expected a whole number from %(least)d to %(most)d") % {
            "least": least,
            "most": most,
        }
    return ""


_TYPES: Mapping[str, type] = {"string": str, "integer": int, "boolean": bool, "object": dict}


def _expected(kind: str) -> str:
    return {
        "string": _("expected a text"),
        "integer": _("expected a whole number"),
        "boolean": _("expected true or false"),
        "object": _("expected an object"),
    }[kind]


def _find_misfit_of_share(value: Any) -> str:
    is_number = type(value) in (int, float, str) and _SHARE.fullmatch(str(value))
    if is_number and 0 < float(value) <= 100:
        return ""
    return _("expected a percentage above 0, at most 100, with two decimals at most")


def _find_misfit_of_text(text: str, schema: Schema) -> str:
    if schema.get("format") == "date-time":
        return (
            ""
            if _is_moment(text, schema["pattern"])
            else _("expected a moment with its time zone, such as 2026-12-01T00:00:00+00:00")
        )
    if len(text) > schema.get("maxLength", len(text)):
        return _("at most %(most)d characters") % {"most": schema["maxLength"]}
    if len(text) < schema.get("minLength", 0):
        return _("it must not be empty")
    if not re.fullmatch(schema.get("pattern", ".*").strip("^$"), text, re.DOTALL):
        return _("only letters, digits, hyphens and underscores")
    return ""


def _is_moment(text: str, pattern: str) -> bool:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment.year in YEARS and bool(re.search(pattern, text))


def _check_depth(place: str, value: Any, left: int) -> None:
    if isinstance(value, Mapping | list) and not left:
        raise BadDocument(
            _("%(place)s: it nests too deep: write it in fewer levels.")
            % {"place": place or _("Campaign")},
            place=place,
        )
    if isinstance(value, str) and "\0" in value:
        raise refuse_value(place, value, _("a NUL character cannot be stored"))
    if isinstance(value, str) and printable(value) != value:
        raise refuse_value(place, value, _("half of a surrogate pair cannot be stored"))
    if isinstance(value, Mapping):
        for word, part in value.items():
            _check_depth(place, word, left)
            _check_depth(join_place(place, word), part, left - 1)
    elif isinstance(value, list):
        for i, part in enumerate(value):
            _check_depth(f"{place}[{i}]", part, left - 1)
