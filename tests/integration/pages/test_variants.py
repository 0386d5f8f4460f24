"""A product of several variants: one card, one page, and each variant's own price and label."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from pricing.api import save_products
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors import (
    forget_catalog,
    list_age_limited,
    list_never_personal,
    load_sensitive_ids,
    load_variant_arrays,
)
from tests.factories.pricing import NOON

pytestmark = pytest.mark.django_db


def variant(sku: str, price: int, position: int = 0, **options: str) -> VariantRow:
    return VariantRow(
        ref=sku,
        sku=sku,
        list_minor=price,
        name=", ".join(options.values()),
        options=options,
        position=position,
    )


TEE = ProductRow(
    ref="tee",
    name="Night tee",
    slug="night-tee",
    description="Soft.",
    description_zh="柔软。",
    category_path="clothes",
    brand_ref="weaver",
    option_names=("Size", "Colour"),
    attributes={"Material": "Cotton"},
    variants=(
        variant("S-RED", 1_300, Size="S", Colour="Red"),
        variant("S-BLUE", 1_200, 1, Size="S", Colour="Blue"),
        variant("M-RED", 1_500, 2, Size="M", Colour="Red"),
    ),
)
SCARF = replace(
    TEE, ref="scarf", name="Scarf", slug="scarf", option_names=(), variants=(variant("SC", 900),)
)


@pytest.fixture
def clothes() -> dict[str, int]:
    saved = save_products(
        products=[TEE, SCARF],
        categories=[
            CategoryRow(
                path="clothes",
                parent_path="",
                name="Clothes",
                name_zh="",
                depth=0,
                icon="",
                position=0,
                is_child_directed=False,
                is_restricted=False,
            )
        ],
        brands=[BrandRow("weaver", "Weaver", is_private_label=False)],
        stock={"S-RED": 3, "M-RED": 20, "SC": 1},
        market="us",
        now=NOON,
    )
    forget_catalog()
    return dict(saved.variant_ids)


def read(path: str, **query: Any) -> str:
    return Client().get(path, query).content.decode()


def test_a_category_shows_one_card_of_the_cheapest_in_stock(
    clothes: dict[str, int],
) -> None:
    page = read(reverse("category", args=["clothes"]))
    assert page.count("card__name") == 2
    assert page.count("Night tee</a>") == 1
    # S-BLUE is cheaper and sold out.
    assert f"/p/night-tee/?variant={clothes['S-RED']}" in page
    assert "card__from" in page
    assert "$13.00" in page
    assert "$12.00" not in page
    found = Client().get("/api/v1/categories/clothes").json()
    assert [item["slug"] for item in found["items"]].count("night-tee") == 1
    assert found["total"] == 2
    counts = {
        facet["code"]: {one["label"]: one["count"] for one in facet["options"]}
        for facet in found["facets"]
    }
    assert counts["brand"] == {"Weaver": 2}
    assert counts["size"] == {"S, Red": 1, "S, Blue": 1, "M, Red": 1}
    cheap_first = read(reverse("search"), q="tee scarf clothes", sort="price")
    assert cheap_first.index("Scarf</a>") < cheap_first.index("Night tee</a>")


def test_filters_hold_for_the_variant_that_a_card_shows(clothes: dict[str, int]) -> None:
    shelf = reverse("category", args=["clothes"])
    dear = read(shelf, min="14")
    assert f"?variant={clothes['M-RED']}" in dear
    assert "card__from" not in dear
    assert f"?variant={clothes['S-BLUE']}" in read(shelf, size="S, Blue")
    sizes = tuple(
        replace(one, options={"Size": one.sku}, measure_amount=Decimal(1), measure_unit="ct")
        for one in TEE.variants
    )
    sized = replace(TEE, option_names=("Size",), variants=sizes)
    save_products(products=[sized], market="us", now=NOON.replace(hour=13))
    forget_catalog()
    # S-BLUE is sold out, and S-RED costs more than asked for.
    cheap = read(shelf, min="10", max="12.50")
    assert f"?variant={clothes['S-BLUE']}" in cheap
    assert "$13.00" not in cheap


def test_a_card_says_from_only_where_prices_differ(clothes: dict[str, int]) -> None:
    same = tuple(replace(one, list_minor=1_300) for one in TEE.variants)
    save_products(products=[replace(TEE, variants=same)], market="us", now=NOON.replace(hour=13))
    forget_catalog()
    page = read(reverse("category", args=["clothes"]))
    assert "card__from" not in page
    assert page.count("Night tee</a>") == 1


def test_the_page_shows_the_variant_that_is_asked_for(clothes: dict[str, int]) -> None:
    address = reverse("product", args=["night-tee"])
    first = read(address)
    assert "$13.00" in first
    assert f"?variant={clothes['S-BLUE']}" in first
    assert f"?variant={clothes['M-RED']}" in first
    medium = read(address, variant=clothes["M-RED"])
    assert "$15.00" in medium
    assert f'value="{clothes["M-RED"]}:' in medium
    assert 'aria-current="true">M<' in medium
    assert 'aria-current="true">Red<' in medium
    assert '"sku": "M-RED"' in medium
    assert "Cotton" in medium
    blue = read(address, variant=clothes["S-BLUE"])
    assert "Sold out" in blue
    # What is no variant of it changes nothing.
    assert "$13.00" in read(address, variant=clothes["SC"])
    assert "$13.00" in read(address, variant="x")


def test_descriptions_follow_the_language(clothes: dict[str, int]) -> None:
    assert "柔软。" in read("/zh-hans/p/night-tee/")
    assert "柔软。" not in read("/p/night-tee/")


def test_the_api_tells_options_attributes_and_pictures(clothes: dict[str, int]) -> None:
    body = Client().get("/api/v1/products/night-tee").json()
    assert body["attributes"] == [{"name": "Material", "value": "Cotton"}]
    assert body["pictures"] == []
    assert body["variants"][0]["options"] == [
        {"name": "Size", "value": "S"},
        {"name": "Colour", "value": "Red"},
    ]


def test_a_products_own_age_limit_is_asked(
    clothes: dict[str, int],
) -> None:
    save_products(products=[replace(SCARF, minimum_age=21)], market="us", now=NOON.replace(hour=13))
    forget_catalog()
    browser, address = Client(), reverse("product", args=["scarf"])
    assert "Are you 21 or older?" in browser.get(address).content.decode()
    browser.post(reverse("age"), {"next": address, "age": "18"})
    assert "Are you 21 or older?" in browser.get(address).content.decode()
    browser.post(reverse("age"), {"next": address, "age": "21"})
    assert "$9.00" in browser.get(address).content.decode()


@pytest.mark.parametrize("flag", ["is_sensitive", "is_child_directed", "minimum_age"])
def test_a_products_own_flag_counts_in_every_list(clothes: dict[str, int], flag: str) -> None:
    scarf, tee = clothes["SC"], clothes["S-RED"]
    flagged = 18 if flag == "minimum_age" else True
    Product.objects.filter(external_ref="scarf").update(**{flag: flagged})
    forget_catalog()
    arrays = load_variant_arrays()
    at = {int(pk): place for place, pk in enumerate(arrays.variant_id)}
    assert (arrays.never_personal[at[scarf]], arrays.never_personal[at[tee]]) == (True, False)
    assert bool(arrays.never_picked[at[scarf]]) is (flag != "is_child_directed")
    assert list_never_personal() == {scarf}
    assert list_age_limited() == ({scarf} if flag == "minimum_age" else set())
    assert load_sensitive_ids().variant_id.tolist() == ([scarf] if flag == "is_sensitive" else [])


def test_the_cart_says_which_variant_it_holds(clothes: dict[str, int]) -> None:
    browser = Client()
    browser.post(reverse("cart_add"), {"line": f"{clothes['M-RED']}:", "quantity": "1"})
    page = browser.get(reverse("cart")).content.decode()
    assert "M, Red" in page
    assert f"/p/night-tee/?variant={clothes['M-RED']}" in page
    assert Variant.objects.get(sku="M-RED").options == {"Size": "M", "Colour": "Red"}
