"""The choice among the gifts of an offer, as every door shows it."""

from __future__ import annotations

from dataclasses import dataclass

from shop.catalog.core.values import CatalogCard


@dataclass(frozen=True, slots=True)
class GiftOption:
    """Something an offer gives, and what the pieces would cost (minor units)."""

    card: CatalogCard
    worth_minor: int


@dataclass(frozen=True, slots=True)
class GiftChoice:
    """An offer of which the shopper takes one of several gifts; those that are gone are not there.

    `variant_id` is what is given now, of the shopper's choice or (`is_chosen` False) the first.
    """

    offer_id: int
    label: str
    quantity: int
    variant_id: int
    is_chosen: bool
    options: tuple[GiftOption, ...]
    law_label: str = ""
