"""Addresses of products for search engines."""

from __future__ import annotations

from shop.ground.catalog.selectors import list_cards, load_variant_arrays


def list_product_slugs(*, market: str, start: int, count: int) -> list[str]:
    """Return distinct slugs of the variants `start` to `start + count` by id. One query."""
    ids = load_variant_arrays(market).variant_id[start : start + count].tolist()
    return list(dict.fromkeys(card.slug for card in list_cards(ids, "en")))
