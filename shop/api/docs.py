"""The documentation pages: Swagger UI from our own files, under the strict content policy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView


class SchemaView(SpectacularAPIView):
    """The schema itself, as YAML or (`?format=json`) JSON."""

    authentication_classes = ()
    permission_classes = ()


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
