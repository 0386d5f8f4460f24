"""In production a browser takes the shop's cookies from this very host and by HTTPS only."""

from __future__ import annotations

import json
import os
import subprocess
import sys

ASK = """
import json, django
django.setup()
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from shop.doors.storefront import sign_ins, visitors
from shop.doors.storefront.views import points
names = {
    value for room in (sign_ins, visitors, points)
    for name, value in vars(room).items() if name.endswith("_COOKIE")
}
request, answer = HttpRequest(), HttpResponse()
request.visit = visitors.Visit(None, None, "", "", "", False, 0)
request.visit.cookies = {name: ("a", 9, False) for name in names}
visitors.write_cookies(request, answer)
print(json.dumps({
    "names": sorted(names | {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}),
    "secure": [settings.SESSION_COOKIE_SECURE, settings.CSRF_COOKIE_SECURE],
    "places": [settings.SESSION_COOKIE_PATH, settings.CSRF_COOKIE_PATH],
    "domains": [settings.SESSION_COOKIE_DOMAIN, settings.CSRF_COOKIE_DOMAIN],
    "set": [morsel.OutputString() for morsel in answer.cookies.values()],
}))
"""
OURS = ("age", "cart", "choice", "device", "invite", "orders", "region", "saved", "shopper")


def _ask(*, is_https: bool) -> dict[str, list[str]]:
    chosen = {
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DEBUG": "0",
        "EMAIL_HOST": "mail.example",
        "HTTPS": str(int(is_https)),
        "SECRET_KEY": "kV3n-tQ8wZ2rB6yH1mX5cJ9dL4fS7gP0aE_uN-oT3iK6b-vW1xY9zA",
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**os.environ, **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, list[str]] = json.loads(asked.stdout)
    return told


def test_every_production_cookie_but_the_theme_has_the_host_prefix() -> None:
    told = _ask(is_https=True)
    names = [f"__Host-fairtag_{name}" for name in OURS]
    assert told["names"] == sorted(
        [*names, "__Host-csrftoken", "__Host-sessionid", "fairtag_theme"]
    )
    assert told["secure"] == [True, True]
    # What the prefix asks for; a browser drops the cookie otherwise.
    assert told["places"] == ["/", "/"]
    assert told["domains"] == [None, None]
    assert len(told["set"]) == len(OURS) + 1
    assert all("Path=/;" in f"{one};" and "Secure" in one for one in told["set"])
    assert not any("Domain" in one for one in told["set"])
    assert all("fairtag_" in one and "__Host" not in one for one in _ask(is_https=False)["set"])
