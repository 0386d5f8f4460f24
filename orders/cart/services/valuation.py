"""Valuation of a cart: prices, stock, offers, tax and delivery fees."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from orders.cart.core.cart_view import Valued, value_lines
from orders.cart.core.stages import (
    CartHead,
    Settled,
    SettledLine,
    note_kept,
    promise_of,
    settle_price,
)
from orders.cart.models import CartLine
from orders.cart.services.cart_rows import (
    PROMISE_FIELDS,
    OpenCart,
    append_promises,
    promise_on,
    write_promise,
)
from orders.cart.services.evaluation_input import (
    Priced,
    complete_shopper,
    find_terms,
    make_cart,
    make_lines,
    quote_lines,
    show_settled,
)
from orders.values import CartPoints, GiftChoice, GiftOption, Notice
from orders.wording import UNNAMED, say_notice
from pricing.api import quote_variants
from pricing.base.core.values import PriceView, QuoteContext
from profiles.experiments.api import log_exposures
from promotions.engine.api import (
    AwardedGift,
    CartValue,
    Evaluation,
    EvaluationInput,
    GiftStock,
    ShopperView,
)
from promotions.loyalty.api import AGE_LIMITED, PricedProduct, plan_points_of
from promotions.offers.api import CartAnswer, CartQuestion, answer_cart
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import get_market, list_cards
from shop.ground.kernel.translation import translate


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

    def settle(self, gifts: Sequence[AwardedGift]) -> tuple[SettledLine, ...]:
        """Return one line per variant given, at its public price: its adjustments make it free."""
        quantities: dict[int, int] = {}
        for gift in gifts:
            quantities[gift.variant_id] = quantities.get(gift.variant_id, 0) + gift.quantity
        return tuple(
            self._line(variant_id, quantity) for variant_id, quantity in sorted(quantities.items())
        )

    def list_choices(self, gifts: Sequence[AwardedGift]) -> tuple[GiftChoice, ...]:
        """Return the offers that leave a choice."""
        chosen = self._opened.gift_choices
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
        chosen = self._opened.gift_choices
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
            name=translate(UNNAMED, language) if card is None else card.name,
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


def plan_cart_points(
    opened: OpenCart, answer: CartAnswer, limited: Collection[int], context: QuoteContext
) -> CartPoints | None:
    """Return what the cart earns and what points pay of it; None without a programme. What asks
    for an age, the variants `limited`, earns nothing.

    No query for guests; one for account holders, two for members.
    """
    lines = answer.asked.cart.lines
    member = opened.shopper if opened.shopper and opened.shopper.account_id else None
    found = plan_points_of(
        shopper_id=None if member is None else member.id,
        market_code=context.market,
        goods=[
            PricedProduct(0, (*line.category_ids, AGE_LIMITED))
            if line.variant_id in limited
            else PricedProduct(answer.evaluation.totals[line.line_id], line.category_ids)
            for line in lines
        ],
        wanted=0 if opened.cart is None else opened.cart.points_wanted,
        bonus=bonus_of(answer.evaluation),
        now=context.now,
    )
    if found is None:
        return None
    plan = found.plan
    by_line = zip(plan.points_by_line, plan.amounts, strict=True)
    return CartPoints(
        is_member=found.is_member,
        earns=found.earns,
        available=found.available,
        pending=found.pending,
        least=found.least,
        usable=found.most.points,
        usable_minor=found.most.amount_minor,
        used=plan.points,
        used_minor=plan.amount_minor,
        reason=plan.reason,
        by_line={line.line_id: part for line, part in zip(lines, by_line, strict=True)},
    )


def bonus_of(evaluation: Evaluation) -> int:
    """Return the points that offers give on top."""
    return sum(grant.points for grant in evaluation.points)


@dataclass(frozen=True, slots=True)
class Valuation:
    """A valued cart with the rows it came from, in the same order as `lines`; then gifts.

    `asked` is what the evaluator was asked, `evaluation` its answer.
    """

    opened: OpenCart
    lines: tuple[SettledLine, ...]
    asked: EvaluationInput
    evaluation: Evaluation
    valued: Valued

    @property
    def risen(self) -> tuple[SettledLine, ...]:
        """Lines whose price rose and waits for consent."""
        return tuple(line for line in self.lines if line.settled.change == "rose")


def value_cart(
    opened: OpenCart,
    context: QuoteContext,
    *,
    prices: Mapping[int, PriceView] | None = None,
    delivery_code: str | None = None,
) -> Valuation:
    """Return what the cart costs now and keep better or renewed promises for its lines.

    `prices` are today's, if the caller asked for them already. Queries: the cards; one write if a
    promise is new; codes, budgets and personal campaigns as `gather_offers` says; the points of an
    account holder; the cards of gifts, if an offer may give some. Raises UnknownDelivery.
    """
    lines = _settle_lines(opened, context, prices)
    _keep_promises(opened, lines)
    ids = [line.card.variant_id for line in lines]
    terms, limited = find_terms(ids, market_code=context.market, now=context.now)
    sold = make_lines([_price_of(line) for line in lines if line.is_sold], context)
    cart = replace(
        make_cart(sold, context, terms),
        delivery_code=delivery_code,
        gift_choices=opened.gift_choices,
    )
    shelf = GiftShelf(opened, lines, context, partial(_price_gifts, context))
    answer = _ask(cart, opened, shelf, context)
    evaluation = answer.evaluation
    head = CartHead(
        cart_id=None if opened.cart is None else opened.cart.pk,
        version=0 if opened.cart is None else opened.cart.version,
        currency=cart.currency,
        coupon_codes=opened.codes,
        language=context.language,
        time_zone=cart.time_zone,
    )
    everything = (*lines, *shelf.settle(evaluation.gifts))
    valued = value_lines(
        head,
        everything,
        evaluation,
        taxes=terms.taxes,
        methods=terms.methods,
        delivery_code=delivery_code,
        points=plan_cart_points(opened, answer, limited, context),
    )
    valued = _add_choices(valued, evaluation, shelf)
    return Valuation(opened, everything, answer.asked, evaluation, valued)


def _add_choices(valued: Valued, evaluation: Evaluation, shelf: GiftShelf) -> Valued:
    view = valued.view
    notices = (*view.notices, *shelf.list_gone(evaluation))
    choices = shelf.list_choices(evaluation.gifts)
    return replace(valued, view=replace(view, notices=notices, gift_choices=choices))


def _ask(cart: CartValue, opened: OpenCart, shelf: GiftShelf, context: QuoteContext) -> CartAnswer:
    question = CartQuestion(
        cart=cart,
        codes=opened.codes,
        shopper=_shopper_view(opened, context),
        now=context.now,
        language=context.language,
        look_up=lambda view, facts: complete_shopper(view, facts, context),
        look_up_gifts=shelf.look_up,
    )
    answer = answer_cart(question)
    # Here a shopper sees what the arm of a campaign under experiment makes of the cart.
    if answer.arms:
        log_exposures(answer.arms, now=context.now)
    return answer


def _price_of(line: SettledLine) -> Priced:
    price = line.price
    amounts = price.quoted_minor, price.public_minor, price.list_minor
    return Priced(line.card.variant_id, line.quantity, *amounts)


def _price_gifts(context: QuoteContext, variant_ids: Sequence[int]) -> Mapping[int, PriceView]:
    return quote_variants(context=context, variant_ids=variant_ids).prices


def _settle_lines(
    opened: OpenCart, context: QuoteContext, prices: Mapping[int, PriceView] | None
) -> tuple[SettledLine, ...]:
    ids = [line.variant_id for line in opened.lines]
    if not ids:
        return ()
    prices = quote_lines(opened, context) if prices is None else prices
    cards = {card.variant_id: card for card in list_cards(ids, context.language)}
    return tuple(_settle_line(opened, line, prices, cards, context) for line in opened.lines)


def _settle_line(
    opened: OpenCart,
    line: CartLine,
    prices: Mapping[int, PriceView],
    cards: Mapping[int, CatalogCard],
    context: QuoteContext,
) -> SettledLine:
    kept = promise_on(line)
    current = prices.get(line.variant_id)
    card = cards.get(line.variant_id) or _nameless(line, context)
    frozen_until = opened.frozen_until(context.now)
    free = card.available + (line.held_quantity if frozen_until else 0)
    if current is None:
        shown = PriceView(
            variant_id=line.variant_id,
            currency=get_market(context.market).currency,
            list_minor=kept.list_minor,
            public_minor=kept.public_minor,
            quoted_minor=kept.quoted_minor,
            is_personal=False,
        )
        return SettledLine(card, line.quantity, shown, Settled(kept), 0, is_sold=False)
    settled = settle_price(kept, promise_of(current), now=context.now, frozen_until=frozen_until)
    if not _allows_personal(opened, context):
        settled = note_kept(settled, current, frozen_until=frozen_until)
    price = show_settled(settled, current, context, is_frozen=frozen_until is not None)
    return SettledLine(card, line.quantity, price, settled, free)


def _keep_promises(opened: OpenCart, lines: Sequence[SettledLine]) -> None:
    """Keep new promises, and the higher prices that are shown: consent covers what was seen.

    A look at a cart appends them; only a change of it writes them on its lines.
    """
    changed = []
    for row, line in zip(opened.lines, lines, strict=True):
        shown = line.price.quoted_minor if line.settled.change == "rose" else None
        if line.settled.is_new and line.settled.promise != promise_on(row):
            write_promise(row, line.settled.promise)
        elif row.offered_minor == shown:
            continue
        row.offered_minor = shown
        changed.append(row)
    if changed and opened.is_locked:
        CartLine.objects.bulk_update(changed, PROMISE_FIELDS)
    elif changed:
        append_promises(changed)


def _shopper_view(opened: OpenCart, context: QuoteContext) -> ShopperView:
    shopper = opened.shopper
    if shopper is None:
        return ShopperView(None)
    return ShopperView(
        shopper.id,
        is_member=shopper.account_id is not None,
        allows_personal=_allows_personal(opened, context),
        identity=() if opened.cart is None else tuple(opened.cart.identity),
    )


def _allows_personal(opened: OpenCart, context: QuoteContext) -> bool:
    return opened.shopper is not None and opened.shopper.consents.price and not context.gpc


def _nameless(line: CartLine, context: QuoteContext) -> CatalogCard:
    return CatalogCard(
        product_id=0,
        variant_id=line.variant_id,
        sku="",
        slug="",
        name=translate(UNNAMED, context.language),
        brand="",
        category_id=0,
        category_path="",
        size_label="",
        measure_amount=None,
        measure_unit="",
        picture=None,
        available=0,
    )
