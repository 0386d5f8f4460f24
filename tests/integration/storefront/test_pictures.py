"""Pictures of products on shop pages: their size is in the HTML, so that nothing moves."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import list_cards
from shop.ground.catalog.selectors.drawings import draw_variant
from tests.factories.pictures import show_picture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stocked_shop")]

IMAGE = re.compile(r"<img [^>]*>")
SIZES = ("160", "320")


def images(browser: Client, address: str, **asked: Any) -> list[dict[str, str]]:
    """Return the attributes of all images of a page."""
    page = browser.get(address, asked)
    assert page.status_code == 200, address
    found = IMAGE.findall(page.content.decode())
    return [dict(re.findall(r'([a-z]+)="([^"]*)"', one)) for one in found]


def test_every_picture_has_a_size_and_lower_ones_load_lazily() -> None:
    browser, variant = Client(), Variant.objects.get(sku="SKU-1")
    product, category = variant.product, variant.product.category
    picture = show_picture(variant.pk, alt="Front")
    browser.post(reverse("cart_add"), {"line": f"{variant.pk}:", "quantity": "1"})
    pages = {
        "product": images(browser, reverse("product", args=[product.slug])),
        "category": images(browser, reverse("category", args=[category.path])),
        "search": images(browser, reverse("search"), q=product.name),
        "cart": images(browser, reverse("cart")),
        "checkout": images(browser, reverse("checkout")),
        "home": images(browser, reverse("home")),
    }
    # A department without a drawing is shown by what everybody may buy in it.
    tiles = [one for one in pages["home"] if one["width"] == "60"]
    for name, found in pages.items():
        for one in found:
            assert one["width"].isdigit(), (name, one)
            assert one["height"].isdigit(), (name, one)
            assert "alt" in one, (name, one)
    shown = {
        name: next(one for one in found if one["src"].startswith(picture))
        for name, found in pages.items()
        if name != "home"
    }
    assert f"{picture}-160.webp" in {one["src"] for one in tiles}
    sources = ", ".join(f"{picture}-{width}.webp {width}w" for width in SIZES)
    first = shown["product"]
    assert (first["width"], first["height"], first["alt"]) == ("320", "640", "Front")
    assert (first["srcset"], first["fetchpriority"]) == (sources, "high")
    assert "loading" not in first
    # The first pictures of a list load at once, those of a shelf below no results do not.
    for name, expected in (("category", "high"), ("search", "lazy")):
        assert shown[name]["srcset"] == sources
        assert shown[name].get("loading", shown[name].get("fetchpriority")) == expected
    for name in ("cart", "checkout"):
        line = shown[name]
        assert (line["src"], line["width"], line["height"]) == (f"{picture}-160.webp", "72", "54")


def test_drawn_packs_are_files_that_never_change() -> None:
    browser, variant = Client(), Variant.objects.get(sku="SKU-1")
    (card,) = list_cards([variant.pk], "en")
    assert card.picture is not None
    drawn, raster = browser.get(card.picture.at_least(640)), browser.get(card.picture.raster)
    for answer, kind, beginning in (
        (drawn, "image/svg+xml", b"<svg "),
        (raster, "image/png", b"\x89PNG"),
    ):
        assert answer.content.startswith(beginning)
        assert answer["Content-Type"] == kind
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.cookies == {}
    assert variant.product.name.split()[0] in drawn.content.decode()
    stale = browser.get(f"/media/packs/{variant.pk}-0123456789ab.svg")
    assert (stale.status_code, stale["Location"]) == (302, card.picture.at_least(640))
    assert browser.get("/media/packs/999999-0123456789ab.svg").status_code == 404
    stem, widest = card.picture.raster.removesuffix("-800.png"), card.picture.raster
    for refused in ("-800.gif", "-801.png", "-0320.png", "-320.svg"):
        assert browser.get(stem + refused).status_code == 404
    # Letters of before name no width.
    assert browser.get(f"{stem}.png")["Location"] == widest


def test_apps_get_a_pack_as_png_in_three_widths() -> None:
    browser, variant = Client(), Variant.objects.get(sku="SKU-1")
    shown = browser.get(f"/api/v1/products/{variant.product.slug}").json()["variants"]
    (files,) = [one["picture_sizes"] for one in shown if one["variant_id"] == variant.pk]
    assert [one["width"] for one in files] == [160, 320, 800]
    for one in files:
        answer = browser.get(one["url"])
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
        width = one["width"]
        assert Image.open(BytesIO(answer.content)).size == (width, width * 3 // 4)


def test_a_product_without_a_photograph_says_its_picture_is_drawn() -> None:
    browser, variant = Client(), Variant.objects.get(sku="SKU-1")
    (shown,) = [
        one
        for one in images(browser, reverse("product", args=[variant.product.slug]))
        if one["width"] == "640"
    ]
    assert shown["alt"].startswith("Illustration of ")
    assert (shown["height"], shown["fetchpriority"]) == ("480", "high")
    made = draw_variant(variant.pk)
    assert made is not None
    assert unquote(shown["src"]) == f"data:image/svg+xml,{made[1].strip()}"  # no request of its own
