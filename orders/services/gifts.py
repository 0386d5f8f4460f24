"""Gifts of offers: what there is to give, and the lines a cart shows for what is given."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace

from orders.core.gifts import GiftChoice, GiftOption
from orders.core.settled import SettledLine
from orders.core.stages import Settled, promise_of
from orders.core.values import Notice
from orders.core.wording import UNNAMED, pick, say_notice
from orders.services.rows import OpenCart
from pricing.core.values import PriceView, QuoteContext
from promotions.core.values import Evaluation, GiftStock, GivenGift
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import get_market, list_cards


def choices_of(opened: OpenCart) -> dict[int, int]:
    """Return which variant the shopper chose, by offer id."""
    kept = {} if opened.cart is None else opened.cart.gift_choices
    return {int(offer_id): int(variant_id) for offer_id, variant_id in kept.items()}


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

    def list_choices(self, gifts: Sequence[GivenGift]) -> tuple[GiftChoice, ...]:
        """Return the offers that leave a choice."""
        chosen = choices_of(self._opened)
        return tuple(
            GiftChoice(
                offer_id=gift.offer_id,
                label=gift.label,
                quantity=gift.quantity,
                variant_id=gift.variant_id,
                is_chosen=chosen.get(gift.offer_id) == gift.variant_id,
                options=tuple(
                    GiftOption(self._cards[each], self._prices[each].public_minor * gift.quantity)
                    for each in gift.choices
                ),
                law_label=gift.law_label,
            )
            for gift in gifts
            if len(gift.choices) > 1
        )

    def list_gone(self, evaluation: Evaluation) -> tuple[Notice, ...]:
        """Return a notice for each gift that was chosen and cannot be given: choose again."""
        chosen = choices_of(self._opened)
        given = {gift.offer_id: gift.variant_id for gift in evaluation.gifts}
        return tuple(
            self._say_gone(offer_id, variant_id, given.get(offer_id))
            for offer_id, variant_id in sorted(chosen.items())
            if given.get(offer_id, variant_id) != variant_id or offer_id in evaluation.lost_gifts
        )

    def _say_gone(self, offer_id: int, variant_id: int, instead: int | None) -> Notice:
        card, language = self._cards.get(variant_id), self._context.language
        message = say_notice(
            "gift_gone",
            language=language,
            currency=get_market(self._context.market).currency,
            name=pick(UNNAMED, language) if card is None else card.name,
        )
        return Notice(
            "gift_gone", message, blocks_checkout=True, offer_id=offer_id, instead=instead
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
