"""Browsers of known shoppers."""

from __future__ import annotations

from django.test import Client

from profiles.models import Shopper
from shop.doors.api.authentication import GUEST_HEADER, sign_guest_token
from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from tests.factories.pricing import BROWSER


def browse_as(shopper: Shopper | None, **headers: str) -> Client:
    """Return a browser, and the same shopper's app for the API."""
    own = {} if shopper is None else {GUEST_HEADER: sign_guest_token(str(shopper.pseudonym))}
    client = Client(headers={"host": "localhost", "user-agent": BROWSER, **own, **headers})
    if shopper is not None:
        client.cookies[SHOPPER_COOKIE] = sign_shopper(str(shopper.pseudonym), None)
    return client
