"""Products of several variants: one card each, at the price of the cheapest that is in stock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from pricing.services import quote_listing
from shop.catalog.core.values import IntArray
from shop.catalog.selectors import list_families
from shop.inventory.selectors import available
from shop.pages.context import PageContext
from shop.pages.quotes import quote_context
from shop.pages.values import Choice, ProductCard


@dataclass(frozen=True, slots=True)
class Shown:
    """The variants to show, in order, and what they stand for; `of` says it of each asked for."""

    variant_ids: list[int]
    choices: Mapping[int, Choice] = field(default_factory=dict)
    of: Mapping[int, int] = field(default_factory=dict)

    def replace_all(self, variant_ids: Iterable[int]) -> list[int]:
        """Return what is shown of these, each once."""
        return list(dict.fromkeys(self.of.get(one, one) for one in variant_ids))

    def mark(self, cards: Iterable[ProductCard]) -> tuple[ProductCard, ...]:
        """Return the cards with what they stand for."""
        if not self.choices:
            return tuple(cards)
        return tuple(replace(item, choice=self.choices.get(item.card.variant_id)) for item in cards)


def first_of_products(variant_ids: IntArray) -> IntArray:
    """Return the first variant of each product, order kept. No query once cached."""
    families = list_families()
    if not families:
        return variant_ids
    seen: set[int] = set()
    kept = np.ones(len(variant_ids), dtype=np.bool_)
    for at, variant_id in enumerate(variant_ids.tolist()):
        family = families.get(variant_id)
        if family is not None:
            kept[at] = family[0] not in seen
            seen.add(family[0])
    return variant_ids[kept]


def choose_shown(ctx: PageContext, variant_ids: Sequence[int]) -> Shown:
    """Return which variant of each product to show: of several the cheapest for this shopper that
    is in stock. No query where all have one variant; else one, and prices that nothing stores."""
    families = list_families()
    if not any(one in families for one in variant_ids):
        return Shown(list(variant_ids))
    firsts = first_of_products(np.array(variant_ids, dtype=np.int64)).tolist()
    members = sorted({each for one in firsts for each in families.get(one, ())})
    quoted = quote_listing(
        context=quote_context(ctx, "listing"), variant_ids=np.array(members, dtype=np.int64)
    )
    prices = {one: price for one, price in zip(members, quoted.tolist(), strict=True) if price}
    stock = available(members)
    shown: list[int] = []
    choices: dict[int, Choice] = {}
    of: dict[int, int] = {}
    for one in firsts:
        sold = [each for each in families.get(one, ()) if each in prices]
        if len(sold) < 2:
            shown.append(sold[0] if sold else one)
            continue
        best = min(sold, key=lambda each: (stock.get(each, 0) <= 0, prices[each]))
        shown.append(best)
        of |= dict.fromkeys(families[one], best)
        choices[best] = Choice(
            count=len(sold),
            is_from=len({prices[each] for each in sold}) > 1,
            available=sum(stock.get(each, 0) for each in sold),
        )
    return Shown(shown, choices, of)
