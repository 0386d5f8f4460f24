"""Pages of other sites reach the API only where a setting names them."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from tests.factories.api import API
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

SITE = "https://app.example"
NAMED = {
    "MIDDLEWARE": ["corsheaders.middleware.CorsMiddleware", *settings.MIDDLEWARE],
    "CORS_ALLOWED_ORIGINS": [SITE],
}


def ask_first(client: ApiClient, site: str, path: str = f"{API}/orders") -> Any:
    """What a browser asks before it sends a page's request."""
    headers = "content-type,idempotency-key,x-shopper-token"
    wanted = {
        "Access_Control_Request_Method": "POST",
        "Access_Control_Request_Headers": headers,
    }
    return client.options(path, Origin=site, **wanted)


def test_no_other_site_may_call_by_default(api: ApiClient) -> None:
    assert not any("corsheaders" in name for name in settings.MIDDLEWARE)
    assert "Access-Control-Allow-Origin" not in ask_first(api, SITE)
    assert "Access-Control-Allow-Origin" not in api.get(f"{API}/categories", Origin=SITE)


@override_settings(**NAMED)
def test_a_site_that_is_named_calls_without_cookies(api: ApiClient) -> None:
    allowed = ask_first(api, SITE)
    assert allowed["Access-Control-Allow-Origin"] == SITE
    assert "idempotency-key" in allowed["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in allowed
    read = api.get(f"{API}/categories", Origin=SITE)
    assert read["Access-Control-Allow-Origin"] == SITE
    assert "ETag" in read["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Origin" not in ask_first(api, "https://other.example")
    assert "Access-Control-Allow-Origin" not in ask_first(api, SITE, "/")
