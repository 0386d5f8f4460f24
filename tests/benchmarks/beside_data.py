"""Fill a shop for `./dev bench pages --beside COMMIT` and print how its visitors call it, as JSON.

The script runs in this tree and, copied there, in the other one, whose rooms lie elsewhere: tables
are reached by their labels, and what has moved by a list of places.
"""

from __future__ import annotations

import json
import os
import pkgutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")
django.setup()

# ruff: noqa: E402  # factories import models, which need the registry that setup() fills
from django.apps import apps
from django.db import connection
from django.db.models import Model

from tests.benchmarks.visitors import api_headers, html_headers
from tests.factories import pricing, promotions
from tests.factories.pricing import make_model, make_treated

LEAVES, PRODUCTS = 50, 100
SIZES = {"S": 0, "M": 150, "L": 320}
KINDS = ("Cheese", "Bread", "Tea", "Soap", "Pasta")
END = datetime(2099, 1, 1, tzinfo=UTC)


def find(name: str, *places: str) -> Callable[..., Any]:
    """Return a function from the first place that has it."""
    for place in places:
        try:
            found: Callable[..., Any] = pkgutil.resolve_name(f"{place}:{name}")
        except (ImportError, AttributeError):
            continue
        return found
    raise LookupError(name)


OPENED = find("utc_now", "shop.ground.kernel.clock", "shop.kernel.clock")() - timedelta(hours=1)


def main() -> None:
    """Fill the shop that DATABASE_URL names."""
    leaves = make_categories()
    variants = make_products(leaves)
    make_stock(variants)
    make_offers(leaves, variants)
    shoppers = {
        "guest": pricing.make_shopper(is_willing=False, now=OPENED),
        "personal": make_treated(OPENED),
        "member": make_treated(OPENED),
    }
    for name in ("personal", "member"):
        pricing.look_at(shoppers[name], variants[:30], OPENED)
    join_group(shoppers["member"].pseudonym)
    make_model(dict.fromkeys(variants[:300], 2.5), trained_at=OPENED)
    find("publish_price_book", "pricing.api", "pricing.services")(now=OPENED)
    kinds = {"json": api_headers, "html": html_headers}
    headers = {
        f"{kind}_{name}": make(one.pseudonym)
        for kind, make in kinds.items()
        for name, one in shoppers.items()
    }
    print(json.dumps({"headers": headers, "variants": variants[:5]}))
    close_pools()


def close_pools() -> None:
    """End the threads of the pool, which a script that ends would wait for."""
    pooled: Any = connection
    pooled.close()
    pooled.close_pool()


def model(label: str) -> Any:
    """Return a model by its label, which stayed when its module moved."""
    found: type[Model] = apps.get_model(label)
    return found


def make_categories() -> list[Any]:
    """Create five departments of ten leaves."""
    model("shop.Market").objects.get_or_create(code="us", defaults={"name": "United States"})
    category, leaves = model("shop.Category").objects, []
    for kind in KINDS:
        path = kind.lower()
        top = category.create(external_ref=path, slug=path, name=kind, path=path, depth=0)
        for number in range(LEAVES // len(KINDS)):
            leaf = f"{path}/{path}-{number}"
            leaves.append(
                category.create(
                    external_ref=leaf,
                    slug=leaf.replace("/", "-"),
                    name=f"{kind} {number}",
                    path=leaf,
                    depth=1,
                    parent=top,
                    position=number,
                )
            )
    return leaves


def make_products(leaves: list[Any]) -> list[int]:
    """Create the products, each in three sizes; return the ids of all variants."""
    product, variant = model("shop.Product"), model("shop.Variant")
    brand = model("shop.Brand").objects.create(external_ref="brand", name="Meadow")
    has_options = any(field.name == "option_names" for field in product._meta.fields)
    products = [
        product(
            external_ref=f"p{at}-{number}",
            name=f"{leaf.name.split()[0]} no {number} of {leaf.name}",
            slug=f"p-{at}-{number}",
            category=leaf,
            brand=brand,
            popularity=10_000 - 10 * number - at,
            created_at=OPENED - timedelta(days=400),
            description="Made as it always was, of little else than what it is called after.",
            **({"option_names": ["Size"]} if has_options else {}),
        )
        for at, leaf in enumerate(leaves)
        for number in range(PRODUCTS)
    ]
    product.objects.bulk_create(products, batch_size=1000)
    rows = [
        variant(
            product=one,
            external_ref=f"{one.external_ref}-{size}",
            sku=f"{one.external_ref}-{size}".upper(),
            name=size,
            position=position,
            list_minor=400 + 7 * (index % 90) + more,
            cost_minor=200 + more // 2,
            cost_source="merchant",
            **({"options": {"Size": size}} if has_options else {}),
        )
        for index, one in enumerate(products)
        for position, (size, more) in enumerate(SIZES.items())
    ]
    variant.objects.bulk_create(rows, batch_size=1000)
    for name in ("index_changed_products", "rebuild_search_words"):
        places = ("shop.ground.catalog.services.indexing", "shop.catalog.services.indexing")
        find(name, *places)()
    return [row.pk for row in rows]


def make_stock(variants: list[int]) -> None:
    """Receive a thousand pieces of each variant."""
    services = ("shop.ground.inventory.services.movements", "shop.inventory.services.movements")
    line = find("StockLine", "shop.ground.inventory.core.values", "shop.inventory.core.values")
    find("receive_stock", *services)(
        lines=[line(variant, 1000) for variant in variants], reference="opening", now=OPENED
    )


def make_offers(leaves: list[Any], variants: list[int]) -> None:
    """Create ten running offers; two fit what the first category sells, one a group alone."""
    cheese, others = leaves[0].pk, leaves[1:7]
    promotions.make_campaign("tenth", percent="10", scope={"variants": variants[:60]})
    for number, leaf in enumerate(others):
        promotions.make_campaign(f"other-{number}", percent="5", scope={"categories": [leaf.pk]})
    second = promotions.make_campaign("second", percent="50", scope={"categories": [cheese]})
    second.offers.update(benefit_kind="buy_get", terms={"buy": 2, "get": 1})
    promotions.make_campaign("over-fifty", amount_minor=500, condition={"cart_value": 5000})
    group: dict[str, Any] = {
        "scope": {"categories": [cheese]},
        "condition": {"groups": ["student"]},
    }
    promotions.make_campaign("students", percent="15", **group)
    model("promotions.Campaign").objects.update(starts_at=OPENED, ends_at=END)


def join_group(pseudonym: str) -> None:
    """Accept a shopper as a student."""
    group = model("promotions.VerifiedGroup").objects.create(code="student", name="Students")
    model("promotions.GroupClaim").objects.create(
        group=group,
        shopper=model("profiles.Shopper").objects.get(pseudonym=pseudonym),
        how="code",
        state="accepted",
        submitted_at=OPENED,
        decided_at=OPENED,
        valid_until=END,
    )


if __name__ == "__main__":
    main()
