"""Settings of the frameworks behind the API: parsing, errors, and the schema."""

from __future__ import annotations

from typing import Any

# For pages of other sites (API_ORIGINS): where, what they may send and what they may read.
API_ADDRESSES = r"^/(api/v1|_allauth/app/v1)/"
ASKED_HEADERS = (
    *("accept", "accept-language", "authorization", "content-type", "sec-gpc"),
    *("if-match", "if-none-match", "idempotency-key"),
    *("x-region", "x-session-token", "x-shopper-token"),
)
TOLD_HEADERS = (
    *("ETag", "Idempotent-Replayed", "RateLimit", "RateLimit-Policy", "Retry-After"),
    *("X-Request-ID", "Content-Language"),
)
API_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": ["shop.doors.api.parsers.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "shop.doors.api.errors.handle_exception",
    "UNAUTHENTICATED_USER": None,
}
API_SCHEMA: dict[str, Any] = {
    "TITLE": "Fairtag API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SORT_OPERATIONS": False,
    "SERVERS": [{"url": "/", "description": "The shop that serves this file."}],
    "PREPROCESSING_HOOKS": ["shop.doors.api.schema.name_entry"],
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "shop.doors.api.schema.complete_schema",
    ],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
