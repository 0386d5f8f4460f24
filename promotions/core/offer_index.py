"""Which of many offers could touch a cart, without asking each of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from promotions.core.carts import CartLineValue, Scope
from promotions.core.values import OfferValue


class OfferIndex:
    """Offers by the goods their scopes name; those that name none are always looked at.

    >>> from promotions.core.carts import Scope
    >>> OfferIndex(()).touching(())
    []
    """

    def __init__(self, offers: Sequence[OfferValue]) -> None:
        self._offers = offers
        self._wide: set[int] = set()
        self._by_variant: dict[int, set[int]] = defaultdict(set)
        self._by_product: dict[int, set[int]] = defaultdict(set)
        self._by_category: dict[int, set[int]] = defaultdict(set)
        self._by_brand: dict[int, set[int]] = defaultdict(set)
        for position, offer in enumerate(offers):
            for scope in offer.scopes:
                self._add(position, scope)

    def touching(self, lines: Iterable[CartLineValue]) -> list[OfferValue]:
        """Return the offers that cover one of `lines`, in the order given to the index."""
        return [self._offers[position] for position in self.list_positions(lines)]

    def list_positions(self, lines: Iterable[CartLineValue]) -> list[int]:
        """Return where the offers that cover one of `lines` stand in what the index was given."""
        known = list(lines)
        found = set(self._wide)
        for line in known:
            found |= self._by_variant.get(line.variant_id, _NONE)
            found |= self._by_product.get(line.product_id, _NONE)
            found |= self._by_brand.get(line.brand_id, _NONE)
            for category_id in line.category_ids:
                found |= self._by_category.get(category_id, _NONE)
        return [at for at in sorted(found) if any(map(self._offers[at].covers, known))]

    def _add(self, position: int, scope: Scope) -> None:
        if scope.variant_ids is not None:
            tables = [(self._by_variant, scope.variant_ids)]
        else:
            tables = [
                (self._by_product, scope.product_ids),
                (self._by_category, scope.category_ids),
                (self._by_brand, scope.brand_ids),
            ]
            if not any(ids for _, ids in tables):
                self._wide.add(position)
        for table, ids in tables:
            for each in ids:
                table[each].add(position)


_NONE: frozenset[int] = frozenset()
