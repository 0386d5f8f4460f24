"""What a cart costs now: prices, stock, offers, tax and delivery brought together once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from orders.core.cart_view import Valued, value_lines
from orders.core.settled import CartHead, SettledLine
from orders.core.stages import Settled, note_kept, promise_of, settle_price, show_promise
from orders.core.wording import UNNAMED, locale_of, pick
from orders.models import CartLine
from orders.services.ages import find_terms
from orders.services.cart_values import Priced, codes_of, list_fees, make_cart
from orders.services.gifts import GiftShelf, choices_of
from orders.services.points import plan_cart_points
from orders.services.rows import PROMISE_FIELDS, OpenCart, promise_on, write_promise
from orders.services.shopper_facts import complete_shopper
from pricing.core.labels import label_text
from pricing.core.values import PriceView, QuoteContext
from pricing.selectors import resolve_jurisdiction
from pricing.services import quote_variants
from profiles.services import log_exposures
from promotions.core.asked import Asked
from promotions.core.carts import CartValue
from promotions.core.values import Evaluation
from promotions.selectors import ShopperView, evaluate_asked, gather_offers, list_cart_arms
from shop.catalog.core.values import CatalogCard
from shop.catalog.selectors import get_market, list_cards


@dataclass(frozen=True, slots=True)
class Valuation:
    """A valued cart with the rows it came from, in the same order as `lines`; then gifts.

    `asked` is what the evaluator was asked, `evaluation` its answer.
    """

    opened: OpenCart
    lines: tuple[SettledLine, ...]
    asked: Asked
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
    """Return what the cart costs now and keep better or renewed promises on its lines.

    `prices` are today's, if the caller asked for them already. Queries: the cards; one write if a
    promise is new; codes, budgets and personal campaigns as `gather_offers` says; the points of an
    account holder; the cards of gifts, if an offer may give some. Raises UnknownDelivery.
    """
    lines = _settle_lines(opened, context, prices)
    _keep_promises(opened.lines, lines)
    terms = find_terms(lines, market_code=context.market, now=context.now)
    cart = replace(
        make_cart([_price_of(line) for line in lines if line.is_sold], context),
        deliveries=list_fees(terms),
        delivery_code=delivery_code,
        gift_choices=choices_of(opened),
    )
    shelf = GiftShelf(opened, lines, context, partial(_price_gifts, context))
    asked = _prepare(cart, opened, shelf, context)
    language, now, market = context.language, context.now, get_market(context.market)
    evaluation = evaluate_asked(asked, now=now, language=language, locale=locale_of(language))
    head = CartHead(
        cart_id=None if opened.cart is None else opened.cart.pk,
        version=0 if opened.cart is None else opened.cart.version,
        currency=market.currency,
        coupon_codes=codes_of(opened),
        language=language,
        time_zone=market.time_zone,
    )
    everything = (*lines, *shelf.settle(evaluation.gifts))
    valued = value_lines(
        head,
        everything,
        evaluation,
        taxes=terms.taxes,
        methods=terms.methods,
        delivery_code=delivery_code,
        points=plan_cart_points(opened, lines, evaluation, context),
    )
    return Valuation(opened, everything, asked, evaluation, _add_choices(valued, evaluation, shelf))


def _add_choices(valued: Valued, evaluation: Evaluation, shelf: GiftShelf) -> Valued:
    view = valued.view
    notices = (*view.notices, *shelf.list_gone(evaluation))
    choices = shelf.list_choices(evaluation.gifts)
    return replace(valued, view=replace(view, notices=notices, gift_choices=choices))


def _prepare(cart: CartValue, opened: OpenCart, shelf: GiftShelf, context: QuoteContext) -> Asked:
    shopper = _shopper_view(opened, context)
    # Here a shopper sees what the arm of a campaign under experiment makes of the cart.
    log_exposures(list_cart_arms(cart=cart, shopper=shopper, now=context.now), now=context.now)
    gathered = gather_offers(
        cart=cart,
        codes=codes_of(opened),
        shopper=shopper,
        now=context.now,
        language=context.language,
        look_up=lambda view, facts: complete_shopper(view, facts, context),
        look_up_gifts=shelf.look_up,
    )
    return gathered.asked


def _price_of(line: SettledLine) -> Priced:
    price = line.price
    amounts = price.quoted_minor, price.public_minor, price.list_minor
    return Priced(line.card.variant_id, line.quantity, *amounts)


def _price_gifts(context: QuoteContext, variant_ids: Sequence[int]) -> Mapping[int, PriceView]:
    return quote_variants(context=context, variant_ids=variant_ids).prices


def quote_lines(opened: OpenCart, context: QuoteContext, *more: int) -> Mapping[int, PriceView]:
    """Return today's prices of all lines, and of the variants in `more`. No query."""
    ids = dict.fromkeys([*(line.variant_id for line in opened.lines), *more])
    return quote_variants(context=context, variant_ids=list(ids)).prices if ids else {}


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
    price = show_promise(settled.promise, current, _label(settled, current, context))
    return SettledLine(card, line.quantity, price, settled, free)


def _label(settled: Settled, current: PriceView, context: QuoteContext) -> str:
    promise = settled.promise
    if promise.label_code == current.label_code:
        return current.label
    rule = resolve_jurisdiction(code=context.jurisdiction_code, now=context.now)
    return label_text(rule, promise.label_code, context.language)


def _keep_promises(rows: Sequence[CartLine], lines: Sequence[SettledLine]) -> None:
    """Store new promises, and the higher prices that are shown: consent covers what was seen."""
    changed = []
    for row, line in zip(rows, lines, strict=True):
        shown = line.price.quoted_minor if line.settled.change == "rose" else None
        if line.settled.is_new:
            write_promise(row, line.settled.promise)
        elif row.offered_minor == shown:
            continue
        row.offered_minor = shown
        changed.append(row)
    if changed:
        CartLine.objects.bulk_update(changed, PROMISE_FIELDS)


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
        name=pick(UNNAMED, context.language),
        brand="",
        category_id=0,
        category_path="",
        size_label="",
        measure_amount=None,
        measure_unit="",
        picture="",
        available=0,
    )
