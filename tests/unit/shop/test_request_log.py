"""The request log believes no address that a client writes itself."""

from __future__ import annotations

from uuid import UUID

import pytest
import structlog
from django.http import HttpResponse
from django.test import RequestFactory
from pytest_django import Settings

from shop.request_log import RequestLog


@pytest.mark.parametrize(
    ("proxies", "forwarded", "logged"),
    [
        (0, "", "203.0.113.5"),
        (0, "6.6.6.6", "203.0.113.5"),
        (1, "6.6.6.6, 198.51.100.7", "198.51.100.7"),
        (1, "no address", "unknown"),
    ],
)
def test_the_logged_address_is_what_our_own_proxies_say(
    settings: Settings, proxies: int, forwarded: str, logged: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR="203.0.113.5", HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_REAL_IP="9.9.9.9"
    )
    structlog.contextvars.clear_contextvars()
    RequestLog(lambda _: HttpResponse()).prepare(request)
    bound = structlog.contextvars.get_contextvars()
    assert bound["ip"] == logged
    assert UUID(bound["request_id"]).version == 4
    structlog.contextvars.clear_contextvars()
