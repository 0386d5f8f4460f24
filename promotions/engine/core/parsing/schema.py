"""JSON Schema of what an offer says in JSON: products, conditions, terms, claims.

The parsers beside this file decide; the schema tells editors and clients beforehand. It never
refuses what they accept, and its words and numbers are theirs. Products are named by key (SKU,
path, reference), as in files, or by this shop's ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from promotions.engine.core.parsing.benefits import AMOUNT, PERCENT, RULES
from promotions.engine.core.parsing.conditions import CHANNELS, LONGEST_WINDOW, MAX_PARTS, WORDS
from promotions.engine.core.parsing.terms import (
    BY_PRICE,
    MOST,
    MOST_GIFTS,
    MOST_PARTS,
    MOST_STEPS,
    PRICES,
    SCOPE_FIELDS,
)
from promotions.engine.core.values import BenefitKind

type Schema = dict[str, Any]

KEY: Schema = {"type": ["string", "integer"]}
FLAG: Schema = {"type": "boolean"}
SHARE: Schema = {
    "type": ["number", "string"],
    "exclusiveMinimum": 0,
    "maximum": 100,
    "description": 'Percent, above 0 and at most 100, with two decimals at most: "12.5".',
}
_ANY_LIST = ("products", "variants", "categories", "brands")


def refer(name: str) -> Schema:
    """Return a reference to a part of the published schema."""
    return {"$ref": f"#/$defs/{name}"}


def count(least: int, most: int | None = None, said: str = "") -> Schema:
    """Return the schema of a whole number.

    >>> count(1, 7)
    {'type': 'integer', 'minimum': 1, 'maximum': 7}
    """
    bounds = {"minimum": least} | ({} if most is None else {"maximum": most})
    return {"type": "integer", **bounds, **({"description": said} if said else {})}


def closed(fields: Mapping[str, Schema], *, needs: tuple[str, ...] = (), **more: Any) -> Schema:
    """Return the schema of an object with these fields and no others."""
    needed = {"required": list(needs)} if needs else {}
    return {
        "type": "object",
        "properties": dict(fields),
        "additionalProperties": False,
        **needed,
        **more,
    }


def some(items: Schema, least: int = 1, most: int | None = None, **more: Any) -> Schema:
    """Return the schema of a list."""
    bounds = ({"minItems": least} if least else {}) | ({} if most is None else {"maxItems": most})
    return {"type": "array", "items": items, **bounds, **more}


def list_definitions() -> dict[str, Schema]:
    """Return the parts of an offer by name."""
    return {
        "goods": some(KEY, 0, description="SKUs, paths of categories, references; or ids."),
        "scope": _describe_scope(),
        "condition": _describe_condition(),
        "claims": _CLAIMS,
        **{f"terms_{kind}": terms for kind, terms in TERMS.items()},
    }


def list_rules_of_kinds() -> Iterator[Schema]:
    """Yield, per kind of benefit, what the other fields of an offer must then be."""
    for kind, rule in RULES.items():
        fields: dict[str, Schema] = {
            "target": {"enum": sorted(map(str, rule.targets))},
            "percent": SHARE if PERCENT in rule.measures else {"type": "null"},
            "amount_minor": count(1) if AMOUNT in rule.measures else {"type": "null"},
            "terms": refer(f"terms_{kind}"),
        }
        for measure in (PERCENT, "amount_minor"):
            if len(rule.measures) > 1 and fields[measure] != {"type": "null"}:
                fields[measure] = {"anyOf": [fields[measure], {"type": "null"}]}
        if not rule.has_cap:
            fields["max_discount_minor"] = {"type": "null"}
        if not rule.has_cap or kind in (BenefitKind.GIFT, BenefitKind.DELIVERY):
            fields["max_line_minor"] = {"type": "null"}
        named = {"properties": {"benefit_kind": {"const": str(kind)}}}
        yield {"if": {**named, "required": ["benefit_kind"]}, "then": {"properties": fields}}


_PRICE: Schema = {"type": ["integer", "null"], "minimum": 0, "description": "Minor units."}


def _describe_scope() -> Schema:
    lists = {word: refer("goods") for word in SCOPE_FIELDS}
    said = (
        "Which goods are meant: {} all of them; any of the lists, without what the except_ lists"
        ' name; {"listed": true} those in the offer\'s "variants". Beside any of these: only what'
        " is not reduced, only what costs everybody so much."
    )
    prices = {word: _PRICE if word in PRICES else FLAG for word in sorted(BY_PRICE)}
    beside = dict.fromkeys(("listed", *prices), True)
    return closed(
        {**lists, "listed": FLAG, **prices},
        description=said,
        dependentSchemas={"listed": {"properties": beside, **_NO_OTHERS}},
    )


def _describe_condition() -> Schema:
    """One word, or a list of products with quantity and value."""
    bounds = {"quantity": count(1), "value": count(0)}
    words = {word: _LEAVES[word] for word in WORDS}
    alone = {word: {"maxProperties": 1} for word in WORDS if word not in _ANY_LIST}
    with_products = {
        word: {"properties": {word: True, "quantity": True, "value": True}, **_NO_OTHERS}
        for word in _ANY_LIST
    }
    beside = {word: {"anyOf": [{"required": [one]} for one in _ANY_LIST]} for word in bounds}
    return closed(
        {**words, **bounds},
        description="{} always holds; else one word. Branches nest at most five deep.",
        dependentSchemas={**alone, **with_products, **beside},
    )


_NO_OTHERS: Schema = {"additionalProperties": False}
_TEXTS = some({"type": "string"})
_BRANCH = some(refer("condition"), 1, MAX_PARTS)


def _window(**more: Schema) -> Schema:
    bounds = {"at_least": count(0), "at_most": count(0)}
    return closed({"days": count(1, LONGEST_WINDOW), **bounds, **more}, needs=("days",), **_EITHER)


_EITHER: Schema = {"anyOf": [{"required": ["at_least"]}, {"required": ["at_most"]}]}
_LEAVES: Mapping[str, Schema] = {
    "all": _BRANCH,
    "any": _BRANCH,
    "one": some(refer("condition"), 2, MAX_PARTS),
    "not": {"allOf": [refer("condition")], "minProperties": 1},
    **{word: some(KEY) for word in _ANY_LIST},
    "cart_value": count(1, said="Minor units, at quoted prices."),
    "cart_quantity": count(1),
    "different_products": {
        "anyOf": [
            count(2),
            closed({"at_least": count(2), "scope": refer("scope")}, needs=("at_least",)),
        ]
    },
    **dict.fromkeys(("segments", "tags", "tiers", "groups", "markets", "regions"), _TEXTS),
    "channels": some({"enum": list(CHANNELS)}),
    "codes": _TEXTS,
    "first_order": FLAG,
    "member": FLAG,
    "shopper": {"enum": ["new", "returning"]},
    "last_order": closed(
        {"at_least_days": count(0), "at_most_days": count(0)},
        anyOf=[{"required": ["at_least_days"]}, {"required": ["at_most_days"]}],
    ),
    "orders": _window(),
    "spent": _window(),
    "weekdays": some(count(1, 7, "Monday is 1.")),
    "hours": some({"type": "string", "description": "Such as 17:30."}, 2, 2),
}

_NUMBER = count(1, MOST)
_MINOR = count(1, MOST, "Minor units.")
_SETS: Mapping[str, Schema] = {"max_sets": count(1, MOST, "Most sets in one order.")}
_PART = closed({"scope": refer("scope"), "quantity": _NUMBER})


def _steps(measures: Mapping[str, Schema], start: Schema) -> Schema:
    step = closed(
        {"from": start, **measures},
        needs=("from",),
        oneOf=[{"required": [measure]} for measure in measures],
    )
    return closed({"steps": some(step, 1, MOST_STEPS)}, needs=("steps",))


_OFF = {"percent": SHARE, "amount": _MINOR}
TERMS: Mapping[BenefitKind, Schema] = {
    BenefitKind.PERCENTAGE: closed({}),
    BenefitKind.FIXED_AMOUNT: closed({}),
    BenefitKind.SET_PRICE: closed(
        {"size": count(2, MOST, "How many units cost the price together."), **_SETS},
        dependentRequired={"max_sets": ["size"]},
    ),
    BenefitKind.BUY_GET: closed(
        {"buy": _NUMBER, "get": _NUMBER, "get_scope": refer("scope"), **_SETS},
        needs=("buy", "get"),
    ),
    BenefitKind.CHEAPEST_FREE: closed(
        {"size": count(2, MOST), "free": _NUMBER, **_SETS}, needs=("size",)
    ),
    BenefitKind.BUNDLE: closed({"parts": some(_PART, 2, MOST_PARTS), **_SETS}, needs=("parts",)),
    BenefitKind.QUANTITY_TIERS: _steps({**_OFF, "price": _MINOR}, count(1, MOST, "Units.")),
    BenefitKind.SPEND_TIERS: _steps(_OFF, _MINOR),
    BenefitKind.GIFT: closed(
        {"variants": some(KEY, 1, MOST_GIFTS, uniqueItems=True), "quantity": _NUMBER},
        needs=("variants",),
    ),
    BenefitKind.DELIVERY: closed(
        {"methods": _TEXTS, "price": {"type": ["integer", "null"], "minimum": 0, "maximum": MOST}}
    ),
    BenefitKind.POINTS: closed(
        {"points": _NUMBER, "per": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST}},
        needs=("points",),
    ),
}

_MOMENT: Schema = {"type": "string", "format": "date-time"}
_CLAIMS = closed(
    {
        "was_minor": {"type": "integer"},
        "up_to_percent": {"type": "number"},
        "countdown": FLAG,
        "countdown_to": _MOMENT,
        "only_left": {"anyOf": [{"type": "integer"}, {"const": "stock"}]},
        "quantity": {"type": "integer"},
        "free": FLAG,
        "terms": {"type": "string"},
        "review": {"type": "object"},
        "points_expire": _MOMENT,
        "points_noticed": _MOMENT,
        "label": FLAG,
    },
    description="What the campaign says of itself; docs/promotions-law.md says what that asks.",
)
