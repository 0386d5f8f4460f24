"""Actions of staff on a product: archive, restore, set costs, state facts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from django.db import transaction
from django.db.models import F

from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.models import Product, ProductFacts, Variant
from shop.ground.catalog.selectors.versions import forget_catalog
from shop.ground.catalog.services.indexing import add_search_words, index_changed_products
from shop.ground.database.retrying import try_twice


@try_twice
@transaction.atomic
def archive_product(*, product_id: int) -> bool:
    """Take a product out of the shop and keep all that is known of it; return whether it was in.

    Carts drop it the next time they are looked at; orders, prices and reviews stay.
    """
    return _set_active(product_id, is_active=False)


@try_twice
@transaction.atomic
def restore_product(*, product_id: int) -> bool:
    """Sell an archived product again, at once to be found; return whether it was archived."""
    return _set_active(product_id, is_active=True)


def _set_active(product_id: int, *, is_active: bool) -> bool:
    rows = Product.objects.filter(pk=product_id, is_active=not is_active)
    changed = rows.update(is_active=is_active, revision=F("revision") + 1)
    if changed and is_active:
        index_changed_products()
        refs = Product.objects.filter(pk=product_id).values_list("external_ref", flat=True)
        add_search_words(list(refs))
    transaction.on_commit(forget_catalog)
    return bool(changed)


def state_costs(*, refs: Collection[str], now: datetime) -> None:
    """Note that staff typed the costs these variants have: a word about this very cost."""
    Variant.objects.filter(external_ref__in=refs).update(cost_stated_at=now)


@transaction.atomic
def state_facts(*, kind: Literal["product", "category"], pk: int, facts: FactsValue) -> None:
    """Keep what is known of a product or of a category. Nothing known leaves no row of a product,
    and of a category one that says so: an import would guess again.
    """
    of: dict[str, Any] = {f"{kind}_id": pk}
    rows = ProductFacts.objects.filter(**of)
    if facts.is_blank and kind == "product":
        rows.delete()
    elif not rows.update(**asdict(facts)):
        rows.create(**of, **asdict(facts))
    if kind == "product":
        Product.objects.filter(pk=pk).update(revision=F("revision") + 1)
    transaction.on_commit(forget_catalog)
