"""Names of variants on staff pages."""

from __future__ import annotations

from collections.abc import Iterable

from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import list_cards


def name_cards(variant_ids: Iterable[int], language: str) -> dict[int, CatalogCard]:
    """Return the cards of variants by id; unknown ids are left out. One query, none for nobody."""
    wanted = sorted(set(variant_ids))
    return {card.variant_id: card for card in list_cards(wanted, language)} if wanted else {}
