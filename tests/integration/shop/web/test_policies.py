"""`unsafe-eval`, which the admin theme's scripts need, is allowed in the admin and nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from shop.doors.backoffice.page_wrappers import staff_policy

pytestmark = pytest.mark.django_db
HEADER = "Content-Security-Policy"
EVAL = "'unsafe-eval'"


def list_addresses(patterns: Any, start: str = "/") -> Iterator[str]:
    """Every address that needs no argument."""
    for pattern in patterns:
        part = str(pattern.pattern).lstrip("^").rstrip("$").removesuffix("\\Z")
        if isinstance(pattern, URLResolver):
            yield from list_addresses(pattern.url_patterns, start + part)
        elif isinstance(pattern, URLPattern) and not set(part) & set("<>(?*\\"):
            yield start + part


OUTSIDE = sorted(
    {a for a in list_addresses(get_resolver().url_patterns) if not a.startswith("/admin/")}
)


def test_no_address_outside_the_admin_lets_scripts_compute_code(client: Client) -> None:
    assert len(OUTSIDE) > 60
    for address in OUTSIDE:
        for language in ("", "/zh-hans"):
            answer = client.get(language + address)
            assert EVAL not in answer.headers.get(HEADER, ""), language + address


@pytest.mark.parametrize("address", ["/nothing/", "/api/v1/nothing", "/%00", "/healthz"])
def test_neither_does_an_error(client: Client, address: str) -> None:
    answer = client.get(address)
    assert "default-src 'none'" in answer[HEADER]
    assert EVAL not in answer[HEADER]


def test_the_admin_does_but_runs_no_inline_script(client: Client) -> None:
    client.force_login(get_user_model().objects.create_superuser("root@staff.example"))
    for address in ("/admin/", "/zh-hans/admin/", "/admin/orders/order/"):
        policy = client.get(address)[HEADER]
        scripts = next(part for part in policy.split("; ") if part.startswith("script-src "))
        assert scripts == f"script-src 'self' {EVAL}"
    assert staff_policy()["default-src"] == ["'none'"]


def test_no_page_asks_a_browser_for_camera_place_or_payment(client: Client) -> None:
    client.force_login(get_user_model().objects.create_superuser("root@staff.example"))
    addresses = (
        "/",
        "/zh-hans/",
        "/nothing/",
        "/account/login/",
        "/admin/",
        "/admin/orders/order/",
    )
    for address in (*addresses, "/api/v1/home", "/api/v1/nothing", "/_allauth/app/v1/auth/session"):
        forbidden = client.get(address)["Permissions-Policy"].split(", ")
        assert {"camera=()", "geolocation=()", "microphone=()", "payment=()"} <= set(forbidden), (
            address
        )
