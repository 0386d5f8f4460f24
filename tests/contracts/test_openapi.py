"""The API's promise: what clients were given stays, is complete, and its examples are true."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator

from shop.doors.api.v1.urls import urlpatterns
from tests.contracts.house import ROOT, expect_none
from tests.fixtures_api import list_operations, read_schema

DIGESTS = ROOT / "tests" / "contracts" / "api_schema.txt"
URLS = ROOT / "tests" / "contracts" / "api_urls.txt"
SCHEMA = read_schema()
OPERATIONS = list_operations(SCHEMA)
every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)


def check(value: Any, schema: dict[str, Any]) -> list[str]:
    """What is wrong with `value`, looking up references in the whole document."""
    root = {"components": SCHEMA["components"], **schema}
    return [error.message for error in Draft202012Validator(root).iter_errors(value)]


def test_the_schema_is_valid_and_nothing_is_left_to_guess(tmp_path: Any) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn", file=str(tmp_path / "schema.yaml"))


def test_the_published_schema_is_the_one_the_code_speaks() -> None:
    found = dict(_digest_operations())
    if os.environ.get("KEEP_API"):
        DIGESTS.write_text("".join(f"{name} {found[name]}\n" for name in sorted(found)))
    kept = dict(line.rsplit(" ", 1) for line in DIGESTS.read_text().splitlines())
    changed = sorted(name for name in found.keys() | kept if found.get(name) != kept.get(name))
    assert changed == [], "If that is meant: KEEP_API=1 ./dev test tests/contracts/test_openapi.py"


def test_a_change_below_a_reference_changes_the_operation() -> None:
    before = dict(_digest_operations())
    money = SCHEMA["components"]["schemas"]["Money"]
    with_note = {**money, "description": "An amount."}
    schemas = {**SCHEMA["components"]["schemas"], "Money": with_note}
    after = dict(
        _digest_operations({**SCHEMA, "components": {**SCHEMA["components"], "schemas": schemas}})
    )
    changed = {name for name in before if before[name] != after[name]}
    assert "get /api/v1/cart" in changed
    assert "post /api/v1/guests" not in changed


def test_the_list_of_addresses_is_the_one_we_know() -> None:
    found = sorted(_list_routes(urlpatterns))
    assert found == URLS.read_text().splitlines()


@every_operation
def test_every_operation_says_what_it_does_and_for_whom(operation: Any) -> None:
    described = operation.description
    assert described["summary"][0].isupper()
    assert not described["summary"].endswith(".")
    assert described["description"]
    assert described["tags"]
    assert described["security"]


@every_operation
def test_every_operation_shows_its_answer_and_its_refusals(operation: Any) -> None:
    responses = operation.description["responses"]
    success = next(answer for status, answer in responses.items() if status < "300")
    (media,) = success["content"].values()
    (example,) = media["examples"].values()
    assert check(example["value"], media["schema"]) == []
    assert {"401", "405", "429", "500", "503"} <= set(responses)
    assert "404" in responses or "{" not in operation.template
    assert "400" in responses or not operation.takes_body
    for status, answer in responses.items():
        if status >= "400":
            name = answer.get("$ref", "").rpartition("/")[2]
            shown = SCHEMA["components"]["responses"][name] if name else answer
            media = shown["content"]["application/problem+json"]
            assert media["schema"] == {"$ref": "#/components/schemas/Problem"}
            assert media["examples"]


@pytest.mark.parametrize("operation", [o for o in OPERATIONS if o.takes_body], ids=lambda o: o.name)
def test_every_request_has_a_true_example(operation: Any) -> None:
    media = operation.description["requestBody"]["content"]["application/json"]
    (example,) = media["examples"].values()
    assert check(example["value"], media["schema"]) == []


def test_the_schema_keeps_the_rules_that_a_linter_found_broken() -> None:
    assert SCHEMA["servers"]
    assert [path for path in SCHEMA["paths"] if path.endswith("/")] == []
    whole = json.dumps(SCHEMA)
    kinds = ("schemas", "responses", "parameters", "headers", "examples")
    expect_none(
        f"#/components/{kind}/{name} is used by nobody"
        for kind in kinds
        for name in SCHEMA["components"][kind]
        if f'"#/components/{kind}/{name}"' not in whole
    )


@every_operation
def test_every_operation_names_the_headers_of_its_answers(operation: Any) -> None:
    responses = operation.description["responses"]
    given = operation.description["parameters"]
    success = next(answer for status, answer in responses.items() if status < "300")
    assert {"RateLimit", "RateLimit-Policy", "X-Request-ID"} <= set(success["headers"])
    is_keyed = any(one.get("name") == "Idempotency-Key" for one in given)
    assert ("Idempotent-Replayed" in success["headers"]) is is_keyed
    for status in ("429", "503"):
        name = responses[status].get("$ref", "").rpartition("/")[2]
        shown = SCHEMA["components"]["responses"][name] if name else responses[status]
        assert "Retry-After" in shown["headers"]


# What is sent again does no harm without a key: it changes nothing, knows its own name, or makes
# a secret of which no copy is kept.
UNKEYED = {
    *("quoteVariants", "trackOrder"),
    *("sendEvents", "confirmPayment"),
    *("holdPointsAtTill", "cancelPointsAtTill", "sendTillSale", "returnTillSale"),
    *("createGuest", "makePointsCode"),
}


def test_every_post_may_be_sent_again_under_its_key() -> None:
    unkeyed = {
        operation.name
        for operation in OPERATIONS
        if operation.method == "post"
        and all(one.get("name") != "Idempotency-Key" for one in operation.description["parameters"])
    }
    assert unkeyed == UNKEYED


def test_every_problem_of_the_examples_has_the_problem_shape() -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    expect_none(
        f"{code}: {fault}"
        for code, example in SCHEMA["components"]["examples"].items()
        for fault in check(example["value"], problem)
    )


def test_every_field_of_money_is_an_integer_or_text() -> None:
    money = SCHEMA["components"]["schemas"]["Money"]["properties"]
    assert {name: described["type"] for name, described in money.items()} == {
        "minor": "integer",
        "currency": "string",
        "exponent": "integer",
        "display": "string",
    }


def test_every_personal_price_carries_label_reasons_and_a_way_out() -> None:
    required = set(SCHEMA["components"]["schemas"]["Price"]["required"])
    assert {
        "public_price",
        "quoted_price",
        "is_personal",
        "label_code",
        "label",
        "reasons",
        "why_url",
        "opt_out_url",
        "quote_token",
        "expires_at",
    } <= required


def test_the_account_api_is_mounted_for_apps_only() -> None:
    headless = [
        resolver
        for resolver in get_resolver().url_patterns
        if isinstance(resolver, URLResolver) and str(resolver.pattern) == "_allauth/"
    ]
    names = [str(inner.pattern) for inner in headless[0].url_patterns]
    assert "app/" in names
    assert "browser/" not in names


def _digest_operations(schema: dict[str, Any] = SCHEMA) -> Iterator[tuple[str, str]]:
    """Yield each operation with a hash of what it says, references followed, and of the rest."""
    for path, operations in schema["paths"].items():
        for method, described in operations.items():
            used = {**described, "components": dict(_follow(described, schema, set()))}
            yield f"{method} {path}", _digest(used)
    rest = {name: said for name, said in schema.items() if name not in {"paths", "components"}}
    security = schema["components"].get("securitySchemes", {})
    yield "all operations", _digest({**rest, "components": security})


def _follow(node: Any, schema: dict[str, Any], seen: set[str]) -> Iterator[tuple[str, Any]]:
    """Yield every component that `node` refers to, directly or through others, once."""
    for name in re.findall(r'"#/components/([^"]+)"', json.dumps(node)):
        if name not in seen:
            seen.add(name)
            kind, _, key = name.partition("/")
            yield name, schema["components"][kind][key]
            yield from _follow(schema["components"][kind][key], schema, seen)


def _digest(said: Any) -> str:
    return sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]


def _list_routes(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    for pattern in patterns:
        assert isinstance(pattern, URLPattern)
        view = getattr(pattern.callback, "cls", None)
        methods = sorted(view().allowed_methods) if view else ["GET"]
        yield f"/api/v1/{pattern.pattern} {' '.join(m for m in methods if m != 'OPTIONS')}"
