"""How far requests run through the project, on a fixed shop; `tools/house.toml` keeps the most."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from shop.ground.catalog.models import Variant
from shop.management.commands.trace_page import tracing

ALICE = "3f0c8f0e-5a53-4a52-9f43-0d5f7a6f3a11"
KEPT = tomllib.loads((Path(settings.ROOT) / "tools" / "house.toml").read_text())["paths"]


def measure(send: Callable[[], HttpResponse]) -> dict[str, int]:
    """Return the figures of the shortest of six requests.

    The first fill the caches, and once a second one asks whether prices or offers changed.
    """
    visits = []
    for _ in range(6):
        with tracing() as trace:
            response = send()
        assert response.status_code == 200
        visits.append((len(trace.calls), len(trace.files), trace.room_changes))
    return dict(zip(("calls", "files", "changes of room"), min(visits), strict=True))


@pytest.fixture
def guest(journey: None) -> Client:
    client = Client(headers={"host": "localhost", "user-agent": "Firefox"})
    client.cookies[SHOPPER_COOKIE] = sign_shopper(ALICE, None)
    return client


def test_pages_run_no_further_than_is_kept(guest: Client) -> None:
    variant = (
        Variant.objects.filter(is_active=True, product__is_active=True)
        .select_related("product__category")
        .order_by("-product__popularity", "pk")[0]
    )
    product = variant.product
    body, fragment = {"line": f"{variant.pk}:", "quantity": "1"}, {"hx-request": "true"}
    pages: dict[str, Callable[[], HttpResponse]] = {
        "category": lambda: guest.get(f"/c/{product.category.path}/"),
        "product": lambda: guest.get(f"/p/{product.slug}/"),
        "add to cart": lambda: guest.post("/cart/add/", body, headers=fragment),
    }
    found = {
        f"{figure} of {page}": number
        for page, send in pages.items()
        for figure, number in measure(send).items()
    }
    rose = {name: number for name, number in found.items() if number > KEPT.get(name, -1)}
    assert not rose, (
        f"{rose}: make the path shorter, or write into tools/house.toml for what it grew."
    )
