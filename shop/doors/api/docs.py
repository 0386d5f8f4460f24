"""The schemas, and Swagger UI from our own files under the strict content policy."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from promotions.planning.api import describe_campaigns

YAML_TYPE = "application/vnd.oai.openapi"
JSON_TYPE = "application/vnd.oai.openapi+json"
SCHEMA_TYPE = "application/schema+json"
PUBLIC = "public, max-age=300"


@require_safe
def api_schema(request: HttpRequest) -> HttpResponse:
    """Return the schema as YAML, or as JSON with `?format=json` or an Accept header that asks."""
    wants_json = request.GET.get("format") == "json" or "json" in request.headers.get("Accept", "")
    body, media_type = write_json() if wants_json else write_yaml()
    return HttpResponse(
        body, content_type=media_type, headers={"Cache-Control": PUBLIC, "Vary": "Accept"}
    )


@lru_cache(maxsize=1)
def read_schema() -> dict[str, Any]:
    """Return the schema in English. Generating takes half a second: once per process."""
    with override("en"):
        schema: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    return schema


@lru_cache(maxsize=1)
def write_json() -> tuple[bytes, str]:
    """Return the schema as JSON, and its media type."""
    return json.dumps(read_schema(), default=str, ensure_ascii=False).encode(), JSON_TYPE


@lru_cache(maxsize=1)
def write_yaml() -> tuple[bytes, str]:
    """Return the schema as YAML, and its media type."""
    return OpenApiYamlRenderer().render(read_schema()), YAML_TYPE


@require_safe
def campaign_schema(request: HttpRequest) -> HttpResponse:
    """Return the JSON Schema of campaigns with their offers: files and the staff API."""
    headers = {"Cache-Control": PUBLIC}
    return HttpResponse(write_campaign_schema(), content_type=SCHEMA_TYPE, headers=headers)


@lru_cache(maxsize=1)
def write_campaign_schema() -> bytes:
    """Return that schema as JSON."""
    return json.dumps(describe_campaigns(), ensure_ascii=False).encode()


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Show the operations of this API."""
    return _render(request, title="Fairtag API", schema_url=reverse("api:schema"))


@require_safe
def account_docs(request: HttpRequest) -> HttpResponse:
    """Show the operations of the account API: sign-up, sign-in, tokens, sessions, passkeys."""
    title = "Fairtag account API"
    return _render(request, title=title, schema_url=reverse("headless:openapi_json"))


def _render(request: HttpRequest, **values: Any) -> HttpResponse:
    return render(request, "api/docs.html", values)
