"""The OpenAPI schema: one decorator for operations, one hook that adds what all of them share."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.serializers import Serializer

from shop.doors.api.conditions import IDEMPOTENCY_KEY, KEY_REFUSALS, MAY_HAVE_KEY
from shop.doors.api.errors import PROBLEM_TYPE, TYPE_PREFIX
from shop.doors.api.guide import GUIDE, TAGS
from shop.doors.api.refusals import FALLBACK_STATUS, STATUS_BY_CODE, TITLE_BY_STATUS
from shop.doors.api.sparse import FIELDS, MOST_TEXT

Audience = Literal["anyone", "shopper", "account", "till", "staff"]
Schema = dict[str, Any]
JSON = "application/json"

ACCESS_TOKEN, SHOPPER_TOKEN, TILL_TOKEN, STAFF_TOKEN = (
    *("accessToken", "shopperToken"),
    *("tillToken", "staffToken"),
)
_SECURITY: dict[Audience, list[Schema]] = {
    "anyone": [{}, {SHOPPER_TOKEN: []}, {ACCESS_TOKEN: []}],
    "shopper": [{SHOPPER_TOKEN: []}, {ACCESS_TOKEN: []}],
    "account": [{ACCESS_TOKEN: []}],
    "till": [{TILL_TOKEN: []}],
    "staff": [{STAFF_TOKEN: []}],
}
# Refusals that any operation of an audience may meet.
_REFUSALS: dict[Audience, tuple[str, ...]] = {
    "anyone": ("token_invalid", "token_expired", "token_joined"),
    "shopper": ("token_invalid", "token_expired", "token_joined", "shopper_token_required"),
    "account": ("token_invalid", "sign_in_required"),
    "till": ("token_invalid", "till_token_required"),
    "staff": ("token_invalid", "staff_token_required"),
}
_BODY_REFUSALS = (
    "invalid",
    "body_malformed",
    "body_too_deep",
    "body_too_large",
    "media_type_unsupported",
    "encoding_unsupported",
)


class CallerScheme(OpenApiAuthenticationExtension):
    """Names the two ways a caller says who it is."""

    target_class = "shop.doors.api.authentication.CallerAuthentication"
    name = [ACCESS_TOKEN, SHOPPER_TOKEN]

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return both schemes, in the order of `name`."""
        return [
            {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "Access token of an account, from /_allauth/app/v1/auth/login.",
            },
            {
                "type": "apiKey",
                "in": "header",
                "name": "X-Shopper-Token",
                "description": "Token of a guest, from POST /api/v1/guest.",
            },
        ]


class PosScheme(OpenApiAuthenticationExtension):
    """Names the one way a till says which it is."""

    target_class = "shop.doors.api.v1.views.pos.PosAuthentication"
    name = TILL_TOKEN

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Token of one till, made by staff. It opens the till's addresses only.",
        }


class StaffScheme(OpenApiAuthenticationExtension):
    """Names the one way a member of staff says who it is."""

    target_class = "shop.doors.api.staff.StaffAuthentication"
    name = STAFF_TOKEN

    def get_security_definition(self, auto_schema: Any) -> Any:
        """Return the scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "Token of a member of staff, made in the back office, with scopes.",
        }


@dataclass(frozen=True, slots=True)
class Asks:
    """What an operation reads: names of its query string, and whether it has a body.

    `answer` is the serializer of an answer that clients may have in part.
    """

    query: frozenset[str]
    has_body: bool
    answer: Any


def describe(  # noqa: PLR0913  # the one place where everything about an operation is said
    name: str,
    summary: str,
    *,
    tag: str,
    response: type[Serializer[Any]] | OpenApiTypes | None,
    example: Any = None,
    status: int = 200,
    request: type[Serializer[Any]] | None = None,
    request_example: Any = None,
    query: type[Serializer[Any]] | None = None,
    headers: Sequence[OpenApiParameter] = (),
    refusals: Sequence[str] = (),
    audience: Audience = "anyone",
    sends: str = JSON,
    answers: str = JSON,
) -> Callable[[Any], Any]:
    """Describe an operation: what it takes, what it answers, why it may refuse.

    `name` is the operation's id, from which generated clients take their method names. Examples
    are checked against the schema by a contract test. `refusals` are codes; their statuses follow
    from the codes. `sends` and `answers` are media types: of forms with files there is no example.
    """
    parameters: list[Any] = [*headers] if query is None else [query, *headers]
    said = {"audience": audience, "refusals": [*refusals, *_key_refusals(headers)]}
    shown, phrase = _example(response=example, media=answers), HTTPStatus(status).phrase
    answer = OpenApiResponse(response, description=phrase, examples=shown)
    described: Callable[[Any], Any] = extend_schema(
        operation_id=name,
        summary=summary,
        tags=[tag],
        request=request if sends == JSON else {sends: request},
        parameters=parameters,
        examples=_example(request=request_example),
        responses={(status, answers): answer},
        extensions={"x-fairtag": said},
    )

    def decorate(handler: Any) -> Any:
        is_sparse = handler.__name__ == "get" and answers == JSON
        names = frozenset(query().fields if query else ()) | ({FIELDS} if is_sparse else set())
        handler.asks = Asks(names, request is not None, response if is_sparse else None)
        return described(handler)

    return decorate


def _key_refusals(headers: Sequence[OpenApiParameter]) -> tuple[str, ...]:
    """Return why an operation refuses a key, or the want of one."""
    if IDEMPOTENCY_KEY in headers:
        return ("idempotency_key_missing", *KEY_REFUSALS)
    return KEY_REFUSALS if MAY_HAVE_KEY in headers else ()


def _example(
    *, request: Any = None, response: Any = None, media: str = JSON
) -> list[OpenApiExample]:
    if request is not None:
        return [OpenApiExample("request", value=request, request_only=True)]
    example = OpenApiExample("response", value=response, media_type=media)
    return [] if response is None else [example]


def name_entry(endpoints: list[Any], **_: Any) -> list[Any]:
    """Leave the entry's short address out: it is listed as the index."""
    return [one for one in endpoints if one[0] != "/api/v1/"]


def complete_schema(result: Schema, **_: Any) -> Schema:
    """Add the guide, tags, the problem shape, shared headers, security and error responses."""
    result["info"]["description"] = GUIDE
    result["tags"] = [{"name": name, "description": text} for name, text in TAGS]
    components = result.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM_SCHEMA
    components["parameters"] = SHARED_PARAMETERS
    met: set[tuple[int, str]] = set()
    for path, operations in result["paths"].items():
        for method, operation in operations.items():
            met.update(_complete_operation(path, method, operation))
    components["examples"] = {
        code: {"value": _problem_example(status, code)} for status, code in sorted(met)
    }
    used = json.dumps(result["paths"])
    components["responses"] = {
        _component(code): _problem_response(status, [code])
        for status, code in sorted(met)
        if f'/responses/{_component(code)}"' in used
    }
    components["headers"] = HEADERS
    return result


def _complete_operation(path: str, method: str, operation: Schema) -> list[tuple[int, str]]:
    said = operation.pop("x-fairtag")
    codes = ["too_many_requests", "server_error", "unavailable", "method_not_allowed"]
    codes += _REFUSALS[said["audience"]] + tuple(said["refusals"])
    codes += ("invalid",) if method == "get" else _BODY_REFUSALS
    if "{" in path:
        codes.append("not_found")
    operation["security"] = _SECURITY[said["audience"]]
    is_sparse = method == "get" and JSON in operation["responses"]["200"]["content"]
    operation.setdefault("parameters", []).extend(
        {"$ref": f"#/components/parameters/{name}"}
        for name in SHARED_PARAMETERS
        if name != "Fields" or is_sparse
    )
    by_status: dict[int, list[str]] = {}
    for code in dict.fromkeys(codes):
        by_status.setdefault(_status(code), []).append(code)
    for status, found in sorted(by_status.items()):
        operation["responses"][str(status)] = (
            _problem_response(status, found)
            if len(found) > 1
            else {"$ref": f"#/components/responses/{_component(found[0])}"}
        )
    for status_text, answer in operation["responses"].items():
        if status_text < "300":
            answer["headers"] = _refer(_answered(operation, answer))
    return [(status, code) for status, found in by_status.items() for code in found]


def _answered(operation: Schema, answer: Schema) -> list[str]:
    """Return which headers an answer of an operation has."""
    sent = {one.get("name") for one in operation["parameters"]}
    shown = json.dumps(answer["content"])
    names = [*_ALWAYS]
    if any(f'/schemas/{one}"' in shown for one in _VERSIONED):
        names.append("ETag")
    return [*names, "Idempotent-Replayed"] if "Idempotency-Key" in sent else names


def _refer(names: Sequence[str]) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


_GENERAL = {
    "invalid": 400,
    "not_found": 404,
    "method_not_allowed": 405,
    "too_many_requests": 429,
    "server_error": 500,
    "unavailable": 503,
}


def _status(code: str) -> int:
    return _GENERAL.get(code) or STATUS_BY_CODE.get(code, FALLBACK_STATUS)


def _component(code: str) -> str:
    return "".join(word.capitalize() for word in code.split("_"))


def _problem_response(status: int, codes: Sequence[str]) -> Schema:
    listed = ", ".join(f"`{code}`" for code in codes)
    return {
        "description": f"{HTTPStatus(status).phrase}. Codes: {listed}.",
        "headers": _refer(("X-Request-ID", *_BY_STATUS.get(status, ()))),
        "content": {
            PROBLEM_TYPE: {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "examples": {code: {"$ref": f"#/components/examples/{code}"} for code in codes},
            }
        },
    }


def _problem_example(status: int, code: str) -> Schema:
    is_invalid = code == "invalid"
    fault = {"pointer": "#/quantity", "code": "min_value", "message": "Must be 1 or more."}
    return {
        "type": TYPE_PREFIX + code,
        "title": str(TITLE_BY_STATUS[status]),
        "status": status,
        "detail": "A sentence in the language of the response.",
        "code": code,
        "errors": [fault] if is_invalid else [],
        "params": {},
        "request_id": "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11",
    }


def _text(description: str, example: str) -> Schema:
    return {"description": description, "schema": {"type": "string"}, "example": example}


HEADERS: dict[str, Schema] = {
    "ETag": _text("The version: send it as If-Match or If-None-Match, weak (`W/`) or not.", '"7"'),
    "Idempotent-Replayed": _text("`true`: nothing was done, this is the first answer.", "true"),
    "RateLimit": _text("What is left of each limit; not where caches answer.", '"browse";r=9;t=1'),
    "RateLimit-Policy": _text("The limits that count the request.", '"browse";q=3000;w=60'),
    "Retry-After": _text("Seconds until another try makes sense.", "5"),
    "WWW-Authenticate": _text("What kind of token is asked for.", 'Bearer realm="fairtag"'),
    "X-Request-ID": _text("Name it when you ask for help.", "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11"),
}
_ALWAYS = ("RateLimit", "RateLimit-Policy", "X-Request-ID")
_BY_STATUS = {401: ("WWW-Authenticate",), 429: ("Retry-After",), 503: ("Retry-After",)}
# Answers that have a version
_VERSIONED = (
    *("Cart", "CategoryTree", "StaffProduct", "ProductWritten"),
    *("Campaign", "CampaignWritten", "CampaignState"),
)
PROBLEM_SCHEMA: Schema = {
    "type": "object",
    "description": "Every error of this API (RFC 9457). Decide by `code`; show `detail`.",
    "required": ["type", "title", "status", "detail", "code", "errors", "params", "request_id"],
    "properties": {
        "type": {"type": "string", "description": "urn:fairtag:problem: and the code."},
        "title": {"type": "string", "description": "What kind of error, in words."},
        "status": {"type": "integer", "description": "The HTTP status again."},
        "detail": {"type": "string", "description": "What happened, in the response's language."},
        "code": {"type": "string", "description": "Stable; decide by it."},
        "errors": {
            "type": "array",
            "description": "One entry per fault of the input.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "message"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "#/a/0/b in the body (RFC 6901), or ?name in the query.",
                    },
                    "code": {"type": "string"},
                    "message": {"type": "string"},
                },
            },
        },
        "params": {
            "type": "object",
            "description": "Facts behind `detail`, such as how many pieces are left.",
            "additionalProperties": True,
        },
        "request_id": {"type": "string", "description": "Name it when you ask for help."},
    },
}

SHARED_PARAMETERS: dict[str, Schema] = {
    "Fields": {
        "name": FIELDS,
        "in": "query",
        "description": "Parts of the answer, separated by commas, inner ones after a dot, such as"
        " `items.name,items.price.quoted_price,total`. Without it the answer is whole.",
        "schema": {"type": "string", "maxLength": MOST_TEXT},
    },
    "AcceptLanguage": {
        "name": "Accept-Language",
        "in": "header",
        "description": "en or zh-hans; Content-Language names what was chosen.",
        "schema": {"type": "string"},
    },
    "XRegion": {
        "name": "X-Region",
        "in": "header",
        "description": "Where the shopper is (ISO 3166: US-NY, DE): decides which rules hold."
        " Anything else is refused: 400, region_malformed.",
        "schema": {"type": "string", "pattern": "^[A-Za-z]{2}(-[A-Za-z0-9]{1,3})?$"},
    },
    "SecGPC": {
        "name": "Sec-GPC",
        "in": "header",
        "description": "1 means: no personal prices (Global Privacy Control).",
        "schema": {"type": "string", "enum": ["1"]},
    },
}
