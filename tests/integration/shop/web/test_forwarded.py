"""Headers of reverse proxies are believed from named ones only; forged ones change nothing."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pytest
import structlog
from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from pytest_django import Settings

from shop.doors.web.middleware import ForwardedHeaders, RequestLog
from shop.env import read_trusted_proxies
from shop.ground.kernel.addresses import find_client

OURS = [IPv4Network("10.0.0.0/24"), IPv6Network("fd00::/64")]
FORGED = {
    "X-Forwarded-For": "127.0.0.1",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "443",
    "Forwarded": "for=127.0.0.1;proto=https;host=evil.example",
    "X-Real-IP": "127.0.0.1",
}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.5", "6.6.6.6", "203.0.113.5"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "6.6.6.6, 198.51.100.7, 10.0.0.9", "198.51.100.7"),
        ("10.0.0.1", "10.0.0.8, 10.0.0.9", "10.0.0.8"),
        ("10.0.0.1", "198.51.100.7, no address", "10.0.0.1"),
        ("::ffff:10.0.0.1", "2001:db8::1", "2001:db8::1"),
        ("fd00::1", "::ffff:198.51.100.7", "198.51.100.7"),
        ("", "198.51.100.7", "unknown"),
    ],
)
def test_the_client_is_the_rightmost_address_that_is_no_proxy(
    peer: str, forwarded: str, address: str
) -> None:
    assert find_client(peer, forwarded, proxies=OURS).address == address


def pass_through(**given: Any) -> HttpRequest:
    """What the views get of a request."""
    request = RequestFactory().get("/", **given)
    seen: list[HttpRequest] = []

    def view(inner: HttpRequest) -> HttpResponse:
        seen.append(inner)
        return HttpResponse()

    ForwardedHeaders(view)(request)
    return seen[0]


def test_forged_headers_change_nothing(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    request = pass_through(REMOTE_ADDR="203.0.113.5", headers=FORGED)
    plain = pass_through(REMOTE_ADDR="203.0.113.5")
    assert (
        plain.META
        | {"wsgi.input": request.META["wsgi.input"]}
        | {name: request.META[name] for name in ("wsgi.errors",)}
        == request.META
    )
    assert (request.is_secure(), request.get_host()) == (False, "testserver")
    assert get_adapter().get_client_ip(request) == "203.0.113.5"
    structlog.contextvars.clear_contextvars()
    RequestLog(lambda _: HttpResponse()).prepare(request)
    assert structlog.contextvars.get_contextvars()["ip"] == "203.0.113.5"
    structlog.contextvars.clear_contextvars()


def test_a_proxy_of_ours_is_believed(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = ["10.0.0.0/24"]
    told = {"X-Forwarded-For": "127.0.0.1, 198.51.100.7", "X-Forwarded-Proto": "https"}
    request = pass_through(REMOTE_ADDR="10.0.0.1", headers=told | {"X-Real-IP": "6.6.6.6"})
    assert (request.META["REMOTE_ADDR"], request.is_secure()) == ("198.51.100.7", True)
    assert get_adapter().get_client_ip(request) == "198.51.100.7"
    assert not any("FORWARDED" in name or "REAL" in name for name in request.META)
    told["X-Forwarded-Proto"] = "https, http"  # the nearest said http
    assert not pass_through(REMOTE_ADDR="10.0.0.1", headers=told).is_secure()


@pytest.mark.django_db
def test_forged_headers_skip_no_redirect_to_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    page = Client().get("/privacy/", headers=FORGED)
    assert (page.status_code, page["Location"]) == (301, "https://testserver/privacy/")


@pytest.mark.parametrize("named", ["1", "10.0.0.1/8", "proxy.example", "0.0.0.0/0"])
def test_a_setting_that_names_no_network_is_refused(
    monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    monkeypatch.setenv("TRUSTED_PROXIES", named)
    with pytest.raises(SystemExit, match="TRUSTED_PROXIES"):
        read_trusted_proxies()
