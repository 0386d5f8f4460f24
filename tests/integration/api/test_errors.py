"""Whatever goes wrong, on every route: one shape, one code, a request id, never cacheable."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError
from django.http import HttpResponse

from shop.doors.api.authentication import sign_guest_token
from shop.doors.api.base import ApiView
from tests.factories.tills import device_for
from tests.fixtures_api import ApiClient, Operation, list_operations, read_schema

pytestmark = pytest.mark.django_db

OPERATIONS = list_operations(read_schema())
WITH_BODY = [operation for operation in OPERATIONS if operation.takes_body]
FIELDS = {"type", "title", "status", "detail", "code", "errors", "params", "request_id"}
STRANGER = "6f1f0c0e-1b7a-4b61-9a3a-0d8f8f0b1c11"

every_operation = pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
every_body = pytest.mark.parametrize("operation", WITH_BODY, ids=lambda o: o.name)


def check_problem(answer: HttpResponse, status: int, code: str | None = None) -> dict[str, Any]:
    assert answer["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = answer.json()  # type: ignore[attr-defined]  # the test client's own
    assert set(problem) == FIELDS
    assert answer.status_code == status, problem
    assert problem["status"] == status
    assert code in (None, problem["code"])
    assert problem["type"] == f"urn:fairtag:problem:{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"]
    assert answer["Cache-Control"] == "private, no-store"
    return problem


def send(operation: Operation, client: ApiClient, body: Any = None, **headers: str) -> HttpResponse:
    given = {"Idempotency_Key": "a-key"} | headers
    return client.send(operation.method, operation.path, body, **given)


@every_operation
def test_a_token_that_is_not_valid_is_refused(operation: Operation, api: ApiClient) -> None:
    for headers in ({"X_Shopper_Token": "forged"}, {"Authorization": "Bearer forged"}):
        answer = send(operation, api, **headers)
        check_problem(answer, 401)
        assert answer["WWW-Authenticate"] == 'Bearer realm="fairtag"'


@every_operation
def test_an_unknown_method_is_refused_with_the_known_ones(
    operation: Operation, api: ApiClient
) -> None:
    answer = device_for(operation, api).send("TRACE", operation.path)
    check_problem(answer, 405, "method_not_allowed")
    assert operation.method.upper() in answer["Allow"].split(", ")


@every_body
@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"{", 400, "body_malformed"),
        (b"\xff\xfe", 400, "body_malformed"),
        (b"[" * 21 + b"]" * 21, 400, "body_too_deep"),
        (b"1", 400, "invalid"),
        (b"[]", 400, "invalid"),
        (b'"\\u0000"', 400, "body_malformed"),
        (b" " * 1_048_577, 413, "body_too_large"),
    ],
    ids=["cut", "no-utf8", "deep", "number", "list", "nul", "long"],
)
def test_a_bad_body_is_refused(operation: Operation, body: bytes, status: int, code: str) -> None:
    client = device_for(operation, ApiClient(X_Shopper_Token=sign_guest_token(STRANGER)))
    check_problem(send(operation, client, body), status, code)


@every_body
def test_another_media_type_or_encoding_is_refused(operation: Operation) -> None:
    client = device_for(operation, ApiClient(X_Shopper_Token=sign_guest_token(STRANGER)))
    form = send(operation, client, b"a=1", Content_Type="application/x-www-form-urlencoded")
    check_problem(form, 415, "media_type_unsupported")
    packed = send(operation, client, b"{}", Content_Encoding="br")
    check_problem(packed, 415, "encoding_unsupported")


@every_operation
def test_what_nobody_expected_is_a_500_without_a_traceback(
    operation: Operation, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def explode(view: ApiView, request: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr(ApiView, "check_permissions", explode)
    answer = send(operation, device_for(operation, api))
    problem = check_problem(answer, 500, "server_error")
    assert "secret" not in problem["detail"]


@every_operation
def test_without_the_database_the_client_is_told_to_come_back(
    operation: Operation, api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(view: ApiView, request: object) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(ApiView, "check_permissions", lose)
    answer = send(operation, device_for(operation, api))
    check_problem(answer, 503, "unavailable")
    assert answer["Retry-After"] == "5"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/nothing",
        "/api/v1/nothing/",
        "/api/v2/cart",
        "/api/",
        "/api/v1/categories/%00",
        "/api/v1/categories/UPPER",
        "/api/v1/products/a%00b",
        "/api/v1/cart/lines/0",
        "/api/v1/cart/lines/9999999999999999999",
        "/api/v1/quotes/no-uuid/why",
        "/_allauth/nothing",
    ],
)
def test_an_unknown_address_is_a_problem_too(api: ApiClient, path: str) -> None:
    check_problem(api.get(path), 404, "not_found")


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_a_wrong_trailing_slash_leads_to_the_right_address(
    operation: Operation, api: ApiClient
) -> None:
    if operation.path.endswith("/"):
        return
    answer = api.send(operation.method, f"{operation.path}/?page=2")
    assert answer.status_code == 308
    assert answer["Location"] == f"{operation.path}?page=2"


def test_faults_of_a_body_point_at_their_place(api: ApiClient) -> None:
    answer = api.post("/api/v1/quotes", {"variant_ids": [1, "x", -5]})
    problem = check_problem(answer, 400, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("#/variant_ids/1", "invalid"),
        ("#/variant_ids/2", "min_value"),
    ]


def test_faults_of_a_query_name_the_parameter(api: ApiClient) -> None:
    answer = api.get("/api/v1/search?page=0&sort=cheap")
    problem = check_problem(answer, 400, "invalid")
    assert [(fault["pointer"], fault["code"]) for fault in problem["errors"]] == [
        ("?page", "min_value"),
        ("?sort", "invalid_choice"),
        ("?q", "required"),
    ]


def test_errors_speak_the_clients_language(api: ApiClient) -> None:
    english = api.get("/api/v1/search", Accept_Language="en-GB")
    chinese = api.get("/api/v1/search", Accept_Language="zh-CN")
    assert english["Content-Language"] == "en"
    assert chinese["Content-Language"] == "zh-hans"
    assert "Accept-Language" in chinese["Vary"]
    assert english.json()["code"] == chinese.json()["code"] == "invalid"


def test_a_request_id_from_outside_is_not_taken_over(api: ApiClient) -> None:
    answer = api.get("/api/v1/nothing", X_Request_ID="forged\u0007")
    assert UUID(answer.json()["request_id"]).version == 4
