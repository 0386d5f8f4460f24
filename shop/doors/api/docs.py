"""The schemas, and Swagger UI from our own files under the strict content policy."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import override
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer

from promotions.planning.api import describe_campaigns
from shop.doors.api.guide import GUIDES, TAGS

YAML_TYPE = "application/vnd.oai.openapi"
JSON_TYPE = "application/vnd.oai.openapi+json"
SCHEMA_TYPE = "application/schema+json"
PUBLIC = "public, max-age=300"


@require_safe
def api_schema(request: HttpRequest) -> HttpResponse:
    """Return the schema as YAML, or as JSON with `?format=json` or an Accept header that asks.

    `?for=shoppers`, `staff` or `tills` is the part of a page of the documentation, as JSON.
    """
    reader = request.GET.get("for", "")
    if reader:
        body = json.dumps(read_part(reader), default=str, ensure_ascii=False).encode()
        return HttpResponse(body, content_type=JSON_TYPE, headers={"Cache-Control": PUBLIC})
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


@lru_cache(maxsize=3)
def read_part(reader: str) -> dict[str, Any]:
    """Return the operations for shoppers, staff or tills with their guide. Raises Http404."""
    if reader not in GUIDES:
        raise Http404
    schema, own = read_schema(), {"staff", "tills"}
    tags = {reader} if reader in own else {name for name, _text in TAGS} - own
    paths = {
        path: {one: said for one, said in operations.items() if tags & {*said["tags"]}}
        for path, operations in schema["paths"].items()
    }
    return {
        **schema,
        "info": {**schema["info"], "description": GUIDES[reader]},
        "tags": [one for one in schema["tags"] if one["name"] in tags],
        "paths": {path: operations for path, operations in paths.items() if operations},
    }


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
def api_docs(request: HttpRequest, reader: str = "shoppers") -> HttpResponse:
    """Show the operations of this API for shoppers, staff or tills. Raises Http404."""
    read_part(reader)
    address = f"{reverse('api:schema')}?for={reader}"
    return _render(request, title=f"Fairtag API: {reader}", schema_url=address)


@require_safe
def account_docs(request: HttpRequest) -> HttpResponse:
    """Show the operations of the account API: sign-up, sign-in, tokens, sessions."""
    title = "Fairtag account API"
    return _render(request, title=title, schema_url=reverse("headless:openapi_json"))


def _render(request: HttpRequest, **values: Any) -> HttpResponse:
    return render(request, "api/docs.html", values)
