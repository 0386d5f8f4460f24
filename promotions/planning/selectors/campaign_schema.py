"""The published JSON Schema of campaigns with their offers, as files and the API have them.

Columns are described from the tables themselves, JSON inside of them by `promotions.engine`: a new
column is in the schema, and is read, the moment it is in the table.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import connection, models
from django.utils.translation import override

from promotions.campaigns.api import NAMED, OFFERS, READABLE, campaign_fields, offer_fields
from promotions.engine.api import (
    KEY,
    SHARE,
    Schema,
    closed,
    list_definitions,
    list_rules_of_kinds,
    refer,
    some,
)
from promotions.planning.selectors.campaign_codes import batch_fields, coupon_fields

IDENTITY = f"urn:fairtag:schema:campaign:{NAMED}"
MOST_CAMPAIGNS = 1_000
FORMAT_FIELD: Schema = {
    "enum": list(READABLE),
    "description": f"The version of the schema: {NAMED}. (1 named goods by the ids of one shop.)",
}
_SLUG = "[-a-zA-Z0-9_]"
_ZONED = r"[T ].*([Zz]|[+-]\d\d(:?\d\d.*)?)$"
_PARTS = ("condition", "scope", "claims")
# What the tables refuse by a constraint that names no single column
_LEAST = {
    "budget_minor": 0,
    "max_discount_minor": 1,
    "max_line_minor": 1,
    "max_line_units": 1,
    "max_order_units": 1,
}


@lru_cache(maxsize=1)
def describe_campaigns() -> Schema:
    """Return the schema of a file of campaigns, or of one campaign, in English. No query."""
    with override("en"):
        return _describe_whole()


def _describe_whole() -> Schema:
    file = closed(
        {
            "$schema": {"type": "string"},
            "format": FORMAT_FIELD,
            "campaigns": some(refer("campaign"), 0, MOST_CAMPAIGNS),
        },
        needs=("format", "campaigns"),
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": IDENTITY,
        "title": "Campaigns with their offers",
        "description": "A file of campaigns, or one campaign; docs/offers.md has examples.",
        "if": {"required": ["campaigns"]},
        "then": refer("file"),
        "else": {"allOf": [refer("campaign"), {"required": ["format"]}]},
        "$defs": {
            "file": file,
            "campaign": _describe_campaign(),
            "offer": _describe_offer(),
            "coupon": _describe_rows(coupon_fields(), "code", said=_SHARED),
            "code_batch": _describe_rows(batch_fields(), "name", "pattern", "amount", said=_MADE),
            **list_definitions(),
        },
    }


def describe_column(field: models.Field[Any, Any]) -> Schema:
    """Return the schema of what a document says of a column. No query.

    >>> from promotions.models import Offer
    >>> describe_column(Offer._meta.get_field("priority"))
    {'type': 'integer', 'minimum': -32768, 'maximum': 32767}
    """
    said = _describe_kind(field)
    if field.null and "enum" not in said:
        kinds = said["type"] if isinstance(said["type"], list) else [said["type"]]
        said = {**said, "type": [*kinds, "null"]}
    return {**said, "description": str(field.help_text)} if field.help_text else said


def _describe_campaign() -> Schema:
    own = {field.name: describe_column(field) for field in campaign_fields()}
    lists = {OFFERS: some(refer("offer"), 0)}
    return closed(
        {"$schema": {"type": "string"}, "format": FORMAT_FIELD, **own, **lists},
        needs=("code", OFFERS),
        description="What is left out stays as it is; an offer that is left out is removed.",
    )


def _describe_offer() -> Schema:
    own = {field.name: describe_column(field) for field in offer_fields()}
    listed = {**refer("goods"), "description": 'The goods of a scope {"listed": true}.'}
    return closed(
        {**own, "variants": listed, **_CODES}, needs=("code",), allOf=[*list_rules_of_kinds()]
    )


def _describe_rows(fields: tuple[models.Field[Any, Any], ...], *needs: str, said: str) -> Schema:
    own = {field.name: describe_column(field) for field in fields}
    return closed(own, needs=needs, description=said)


_SHARED = "A code that many may use; one that is not named stays as it is."
_MADE = "A wish for codes that nobody can guess: the rule and how many, never the codes."
_CODES: Schema = {
    "coupons": some(refer("coupon"), 0),
    "code_batches": some(refer("code_batch"), 0),
    "codes_left_out": {"type": "integer", "description": "Codes that were too many for a file."},
}


def _describe_kind(field: models.Field[Any, Any]) -> Schema:
    if isinstance(field, models.ForeignKey):
        return {**KEY, "description": "A code, or an id of this shop."}
    if field.choices:
        return {"enum": [value for value, _ in field.flatchoices]}
    if isinstance(field, models.CharField):
        return _describe_text(field)
    if isinstance(field, models.BooleanField):
        return {"type": "boolean"}
    if isinstance(field, models.DateTimeField):
        return {"type": "string", "format": "date-time", "pattern": _ZONED}
    if isinstance(field, models.DecimalField):
        return {**SHARE, "pattern": r"^\d{1,3}(\.\d{1,2})?$"}
    if isinstance(field, models.IntegerField):
        least, most = connection.ops.integer_field_range(field.get_internal_type())
        return {"type": "integer", "minimum": _LEAST.get(field.name, least), "maximum": most}
    return {"type": "object", **(refer(field.name) if field.name in _PARTS else {})}


def _describe_text(field: models.CharField[Any, Any]) -> Schema:
    least = {} if field.blank else {"minLength": 1}
    bounds = {"type": "string", **least, "maxLength": field.max_length}
    if isinstance(field, models.SlugField):
        return {**bounds, "pattern": f"^{_SLUG}*$"}
    return bounds
