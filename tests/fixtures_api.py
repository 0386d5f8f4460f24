"""A client of the JSON API, and the operations its schema lists."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from shop.ground.jobs import redis as jobs_redis
from shop.ground.jobs.limits import local_buckets
from shop.ground.jobs.redis import redis_breaker

PATH_VALUES = {
    "path": "grocery/cheese",
    "slug": "mild-cheddar",
    "quote_id": "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11",
    "payment_id": "2f1c7a53-9d3e-4b60-9d7b-8f6f2d1f2a10",
    "variant_id": "1042",
    "offer_id": "5",
    "code": "CHEESE10",
    "number": "FT-7K3M9-2QXAB",
    "return_number": "FT-7K3M9-2QXAB-R1",
    "position": "1",
    "handle": "trek-pack",
    "sku": "TP24-SHOR",
    "list_id": "1",
    "purpose": "price",
    "group": "student",
    "country": "us",
}


@dataclass(frozen=True)
class Operation:
    """One operation of the schema, with its path filled in with plausible values."""

    name: str
    method: str
    template: str
    description: Mapping[str, Any] = field(hash=False, compare=False, repr=False)

    @property
    def path(self) -> str:
        return self.template.format(**PATH_VALUES)

    @property
    def takes_body(self) -> bool:
        return "application/json" in self.description.get("requestBody", {}).get("content", {})

    @property
    def is_for_anyone(self) -> bool:
        return {} in self.description["security"]


def read_schema() -> dict[str, Any]:
    """The schema as clients get it."""
    schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return json.loads(json.dumps(schema, default=str))


def list_operations(schema: Mapping[str, Any]) -> list[Operation]:
    """Every operation of the schema."""
    return [
        Operation(described["operationId"], method, template, described)
        for template, methods in schema["paths"].items()
        for method, described in methods.items()
    ]


class ApiClient:
    """Sends JSON as a device does; `headers` (a token, a language) go with every request."""

    def __init__(self, **headers: str) -> None:
        self.headers = headers
        self._client = Client(raise_request_exception=False)

    def __getattr__(self, method: str) -> Any:
        def send(path: str, body: Any = None, **headers: str) -> HttpResponse:
            return self.send(method, path, body, **headers)

        return send

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> HttpResponse:
        given = {name.replace("_", "-"): text for name, text in (self.headers | headers).items()}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body)
        response: HttpResponse = self._client.generic(
            method.upper(), path, content, content_type="application/json", headers=given
        )
        return response


@pytest.fixture
def api() -> ApiClient:
    """A device nobody knows."""
    return ApiClient()


@pytest.fixture
def redis_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis is gone: nothing listens where it should be."""
    dead = jobs_redis.redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.05)
    monkeypatch.setattr(jobs_redis, "get_redis", lambda: dead)


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    """No test inherits the rate limits or the open breaker of another."""
    yield
    local_buckets.clear()
    redis_breaker.close()


@pytest.fixture(scope="session")
def schema() -> dict[str, Any]:
    """The OpenAPI schema."""
    return read_schema()
