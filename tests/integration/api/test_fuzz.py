"""No input brings the API down: hostile bodies, queries and headers get a problem, never a 5xx."""

from __future__ import annotations

import copy
import json
import time
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from profiles.accounts.services.identity import get_or_create_guest
from shop.doors.api.authentication import sign_guest_token
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import Shelf
from tests.factories.profiles import EVERYTHING
from tests.factories.tills import device_for
from tests.fixtures_api import ApiClient, Operation, list_operations, read_schema

pytestmark = pytest.mark.django_db

OPERATIONS = list_operations(read_schema())
WITH_BODY = [operation for operation in OPERATIONS if operation.takes_body]
MAX_SECONDS = 2.0

fuzz = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

HOSTILE = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        -1,
        2**31,
        2**63,
        10**17,
        0.5,
        -1e308,
        "",
        " ",
        "\t\n",
        "0",
        "-1",
        "null",
        "NaN",
        "a" * 10_000,
        "\u202e",
        "\U0001f9c0",
        "' OR 1=1 --",
        "%00",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "2026-13-45T99:99:99Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-12:00",
        [],
        {},
        [[]],
        [None],
        {"a": None},
        {"": ""},
    ]
)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=50)
ANYTHING = st.recursive(
    HOSTILE | TEXT | st.integers(-(10**17), 10**17),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
HEADER_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """A valid body with up to three of its parts replaced, removed or added."""
    root = {"body": copy.deepcopy(value)}
    for _ in range(draw(st.integers(1, 3))):
        places = list(_list_places(root))
        holder, key = draw(st.sampled_from(places))
        action = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
        if action == "remove" and holder is not root:
            del holder[key]
        elif action == "add" and isinstance(holder, dict) and holder is not root:
            holder[draw(TEXT)] = copy.deepcopy(draw(ANYTHING))
        else:
            holder[key] = copy.deepcopy(draw(ANYTHING))  # it may be changed next
    return root["body"]


def _list_places(node: Any) -> Any:
    inner = node.items() if isinstance(node, dict) else enumerate(node)
    for key, value in inner:
        yield node, key
        if isinstance(value, dict | list):
            yield from _list_places(value)


@pytest.fixture
def guest(shelf: Shelf) -> ApiClient:
    """A device in a shop that has products."""
    shopper = get_or_create_guest(
        pseudonym=None, defaults=EVERYTHING, market_code="us", now=utc_now()
    )
    return ApiClient(X_Shopper_Token=sign_guest_token(shopper.pseudonym))


def check(client: ApiClient, method: str, path: str, body: Any, **headers: str) -> None:
    started = time.process_time()  # of this process: the machine may be busy
    answer = client.send(method, path, body, **headers)
    assert time.process_time() - started < MAX_SECONDS
    assert answer.status_code < 500, answer.content
    if answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("operation", WITH_BODY, ids=lambda o: o.name)
@fuzz
@given(st.data())
def test_no_body_brings_an_operation_down(
    operation: Operation, guest: ApiClient, shelf: Shelf, settings: Any, data: st.DataObject
) -> None:
    settings.API_RATES = dict.fromkeys(("guess", "money", "wrong_at_till"), "100000/s")
    media = operation.description["requestBody"]["content"]["application/json"]
    (example,) = media["examples"].values()
    # The example speaks of a variant that this shop does not have
    real = json.loads(json.dumps(example["value"]).replace("1042", str(shelf.cheddar)))
    body = data.draw(mutated(real) | ANYTHING)
    key = data.draw(HEADER_TEXT)
    content = json.dumps(body).encode()
    device = device_for(operation, guest)
    check(device, operation.method, operation.path, content, Idempotency_Key=key)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
@fuzz
@given(st.data())
def test_no_query_and_no_header_brings_an_operation_down(
    operation: Operation, guest: ApiClient, settings: Any, data: st.DataObject
) -> None:
    settings.API_RATES = {"guess": "100000/s", "money": "100000/s"}
    names = [p["name"] for p in operation.description["parameters"] if p.get("in") == "query"]
    values = st.lists(TEXT | HOSTILE.map(str) | st.integers(-9, 99).map(str), max_size=3)
    query = data.draw(st.dictionaries(st.sampled_from([*names, "x"]), values))
    headers = {
        name: data.draw(HEADER_TEXT | st.sampled_from(['"7"', "*", "zh-CN", "US-NY", "1"]))
        for name in ("If_Match", "Accept_Language", "X_Region", "Sec_GPC", "Idempotency_Key")
    }
    path = f"{operation.path}?{urlencode(query, doseq=True)}"
    check(guest, operation.method, path, None, **headers)


@pytest.mark.parametrize(
    "operation", [o for o in OPERATIONS if "{" in o.template], ids=lambda o: o.name
)
@fuzz
@given(text=TEXT | HOSTILE.map(str) | st.uuids().map(lambda quote_id: f"{quote_id}/why"))
def test_no_path_brings_an_operation_down(
    operation: Operation, guest: ApiClient, settings: Any, text: str
) -> None:
    settings.API_RATES = {"guess": "100000/s", "money": "100000/s"}
    before = operation.template.partition("{")[0]
    check(guest, operation.method, before + quote(text), None, Idempotency_Key="a-key")


@fuzz
@given(token=TEXT | st.binary(max_size=60).map(lambda raw: raw.decode("latin-1")))
def test_no_token_brings_the_door_down(token: str, settings: Any) -> None:
    clean = "".join(c for c in token if c.isprintable() and ord(c) < 256)
    for headers in ({"X_Shopper_Token": clean}, {"Authorization": f"Bearer {clean}"}):
        check(ApiClient(**headers), "get", "/api/v1/account", None)


@pytest.mark.parametrize("bits", ["ffffffffffff", "000000000000", "e677d21fdbff"])
def test_a_quote_id_of_another_age_is_just_not_found(guest: ApiClient, bits: str) -> None:
    quote_id = f"{bits[:8]}-{bits[8:]}-7fff-bfff-ffffffffffff"
    answer = guest.get(f"/api/v1/quotes/{quote_id}/why")
    assert (answer.status_code, answer.json()["code"]) == (404, "quote_not_found")
