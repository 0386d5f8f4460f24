"""The published schema never refuses what the parsers accept, and knows all their words."""

from __future__ import annotations

import copy
import json
import random
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from promotions.campaigns.core.claims import BadClaim, parse_claims
from promotions.campaigns.core.revisions import replace_products
from promotions.campaigns.selectors.campaigns import offer_fields
from promotions.campaigns.services.rows import CampaignRefused
from promotions.engine.core.parsing.conditions import WORDS
from promotions.engine.core.parsing.schema import TERMS, list_definitions
from promotions.engine.core.parsing.terms import BY_PRICE, SCOPE_FIELDS
from promotions.engine.core.values import BenefitKind
from promotions.models import Offer
from promotions.planning.selectors.campaign_schema import IDENTITY, describe_campaigns
from promotions.planning.services.campaign_shape import check_document

ROOT = Path(__file__).resolve().parents[4]
SCHEMA = describe_campaigns()
VALIDATOR = Draft202012Validator(SCHEMA)
SHAPES = Draft202012Validator({**SCHEMA, "if": True, "then": {"$ref": "#/$defs/campaign"}})
CHEESE = {"categories": ["dairy/cheese"], "except_variants": ["GOUDA"], "price_to": 900}
STEPS = {"steps": [{"from": 3, "percent": "5"}, {"from": 6, "percent": 12.5}]}
MONEY = {"steps": [{"from": 4000, "amount": 500}, {"from": 8000, "amount": 1200}]}
KINDS: list[dict[str, Any]] = [
    {"benefit_kind": "percentage", "target": "line", "percent": "10"},
    {"benefit_kind": "fixed_amount", "target": "unit", "amount_minor": 20},
    {"benefit_kind": "set_price", "target": "cart", "amount_minor": 500, "terms": {"size": 3}},
    {"benefit_kind": "buy_get", "percent": 100, "terms": {"buy": 2, "get": 1, "get_scope": CHEESE}},
    {"benefit_kind": "cheapest_free", "percent": "100", "terms": {"size": 3, "max_sets": 2}},
    {
        "benefit_kind": "bundle",
        "amount_minor": 900,
        "terms": {"parts": [{"scope": CHEESE}, {"scope": {"variants": ["RYE"]}, "quantity": 2}]},
    },
    {"benefit_kind": "quantity_tiers", "target": "line", "terms": STEPS},
    {"benefit_kind": "spend_tiers", "terms": MONEY},
    {"benefit_kind": "gift", "terms": {"variants": ["BAG", 12], "quantity": 1}},
    {"benefit_kind": "delivery", "terms": {"methods": ["standard"], "price": 199}},
    {"benefit_kind": "points", "terms": {"points": 5, "per": 100}},
]
CONDITIONS: list[dict[str, Any]] = [
    {},
    {"all": [{"cart_value": 4000}, {"not": {"tags": ["staff"]}}, {"weekdays": [1, 7]}]},
    {"one": [{"member": True}, {"spent": {"days": 365, "at_least": 10000}}]},
    {"any": [{"products": ["merlot"], "quantity": 2, "value": 0}, {"hours": ["17:00", "20:30"]}]},
    {"different_products": {"at_least": 3, "scope": CHEESE}},
    {"last_order": {"at_least_days": 60}},
]
JUNK = (None, True, 0, -1, 7, 101, 1.5, "", "x", "10", [], [1], ["a", "a"], {}, {"x": 1})


def _document(rng: random.Random) -> dict[str, Any]:
    offer = {
        "code": "tenth",
        "name": "Ten percent",
        "target": "cart",
        "condition": rng.choice(CONDITIONS),
        "scope": {},
        **rng.choice(KINDS),
    }
    if offer["benefit_kind"] in ("percentage", "quantity_tiers"):
        offer["scope"] = rng.choice(({}, CHEESE, {"listed": True, "not_reduced": True}))
    campaign = {"code": "autumn", "name": "Autumn", "kind": "price_cut", "claims": {"free": True}}
    return json.loads(json.dumps({"format": 2, **campaign, "offers": [offer]}))


def _spoil(tree: Any, rng: random.Random) -> None:
    """Change one thing anywhere in a document: another value, one less, one more."""
    holders = [tree]
    for held in holders:
        parts = held.values() if isinstance(held, dict) else held
        holders += [part for part in parts if isinstance(part, dict | list)]
    held = rng.choice(holders)
    at: Any = rng.choice([*held]) if isinstance(held, dict) and held else None
    if isinstance(held, list):
        at = rng.randrange(len(held)) if held else None
    act, junk = rng.random(), copy.deepcopy(rng.choice(JUNK))
    if at is None or act < 0.15:
        held.append(junk) if isinstance(held, list) else held.update(x=1)
    elif act < 0.35:
        del held[at]
    else:
        held[at] = junk


def _is_read(document: dict[str, Any]) -> bool:
    """Whether the readers of files and the parsers accept it; any key finds a product."""
    try:
        checked = check_document(document)
        parse_claims(checked.get("claims", {}))
        numbered = replace_products(checked, lambda _, key: 9 if isinstance(key, str) else key)
        for said in numbered["offers"]:
            row = Offer()
            for field in offer_fields():
                if field.name in said and field.name not in ("group", "category"):
                    setattr(row, field.attname, field.to_python(said[field.name]))
            row.clean_fields(exclude=["campaign", "group", "category"])
            row.clean()
    except (CampaignRefused, ValidationError, BadClaim):
        return False
    return True


@settings(max_examples=250, deadline=None)
@given(st.integers(0, 2**32))
def test_what_the_parsers_accept_the_schema_accepts(seed: int) -> None:
    rng = random.Random(seed)
    document = _document(rng)
    assert _is_read(document)
    assert VALIDATOR.is_valid(document)
    for _ in range(rng.randint(1, 2)):
        _spoil(document, rng)
    if _is_read(document):
        assert [error.message for error in SHAPES.iter_errors(document)] == []


def test_most_spoiled_documents_are_refused_by_both() -> None:
    """The schema is worth having: it knows nine of ten faults the parsers find."""
    rng, refused, known = random.Random(7), 0, 0
    for _ in range(300):
        document = _document(rng)
        _spoil(document, rng)
        if not _is_read(document):
            refused += 1
            known += not VALIDATOR.is_valid(document)
    assert refused > 150
    assert known / refused > 0.9


def test_the_schema_knows_every_word_and_kind() -> None:
    parts = list_definitions()
    assert [*parts["condition"]["properties"]] == [*WORDS, "quantity", "value"]
    assert parts["scope"]["properties"].keys() == {*SCOPE_FIELDS, *BY_PRICE, "listed"}
    assert TERMS.keys() == set(BenefitKind)
    Draft202012Validator.check_schema(SCHEMA)


def test_the_published_file_is_the_schema_the_code_speaks() -> None:
    published = json.loads((ROOT / "docs/schemas/campaign-2.json").read_text())
    assert published == SCHEMA, (
        "The schema has changed. If that is meant: ./dev manage write_campaign_schema"
    )
    assert SCHEMA["$id"] == IDENTITY == "urn:fairtag:schema:campaign:2"
