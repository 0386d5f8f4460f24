"""Gifts of offers: what there is to give, and the lines a cart shows for what is given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from orders.core.cart_view import SettledLine
from orders.core.stages import Settled, promise_of
from orders.services.rows import OpenCart
from pricing.core.values import PriceView, QuoteContext
from promotions.core.values import GiftStock, GivenGift
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import list_cards


class GiftShelf:
    """What offers may give away with this cart. Asks the catalogue only if an offer gives."""

    def __init__(
        self,
        opened: OpenCart,
        lines: Sequence[SettledLine],
        context: QuoteContext,
        quote: Callable[[Sequence[int]], Mapping[int, PriceView]],
    ) -> None:
        self._opened, self._context, self._quote = opened, context, quote
        self._bought = {line.card.variant_id: line for line in lines}
        self._cards: dict[int, CatalogCard] = {}
        self._prices: Mapping[int, PriceView] = {}

    def look_up(self, variant_ids: Collection[int]) -> tuple[GiftStock, ...]:
        """Return price and free pieces of those that are sold, beyond what the cart buys itself.

        One query. A gift is worth its public price: what it costs the shopper it costs nobody.
        """
        wanted = sorted(variant_ids)
        cards = list_cards(wanted, self._context.language)
        self._cards = {card.variant_id: card for card in cards}
        self._prices = self._quote(wanted)
        return tuple(
            GiftStock(variant_id, self._prices[variant_id].public_minor, self._free(variant_id))
            for variant_id in wanted
            if variant_id in self._cards and variant_id in self._prices
        )

    def settle(self, gifts: Sequence[GivenGift]) -> tuple[SettledLine, ...]:
        """Return one line per variant given, at its public price: its adjustments make it free."""
        quantities: dict[int, int] = {}
        for gift in gifts:
            quantities[gift.variant_id] = quantities.get(gift.variant_id, 0) + gift.quantity
        return tuple(
            self._line(variant_id, quantity) for variant_id, quantity in sorted(quantities.items())
        )

    def _line(self, variant_id: int, quantity: int) -> SettledLine:
        found = self._prices[variant_id]
        price = replace(
            found,
            quoted_minor=found.public_minor,
            is_personal=False,
            label_code="",
            label="",
            quote_id=None,
            token=None,
            reference_minor=None,
            reasons=(),
        )
        card = self._cards[variant_id]
        settled = Settled(promise_of(price))
        return SettledLine(card, quantity, price, settled, self._free(variant_id), is_gift=True)

    def _free(self, variant_id: int) -> int:
        """Return the pieces that are free or held by this very cart, less those it buys."""
        cart, free = self._opened.cart, self._cards[variant_id].available
        if cart is not None and self._opened.frozen_until(self._context.now):
            free += int(cart.held_gifts.get(str(variant_id), 0))
        bought = self._bought.get(variant_id)
        if bought is None:
            return free
        held = bought.free - bought.card.available
        return free + held - bought.quantity
