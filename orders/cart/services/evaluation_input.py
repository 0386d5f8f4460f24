"""A cart as the evaluator of offers sees it, and what adding a product to it would change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from django.db import connection
from django.db.models import Count, F, Max, Q, Sum

from orders.cart.core.stages import Settled, SettledLine, promise_of, settle_price, show_promise
from orders.cart.services.cart_rows import OpenCart, promise_on, read_cart_of
from orders.order.models import Order
from orders.terms.api import Terms, load_terms
from orders.terms.core import without_same_day
from pricing.api import (
    floor_minor,
    list_prices,
    public_version,
    quote_listing,
    quote_variants,
    resolve_jurisdiction,
)
from pricing.base.core.values import PriceView, QuoteContext
from pricing.ledger.core.record import label_text
from profiles.experiments.api import ArmChoice
from profiles.segments.api import OnlineUnavailable, read_online_profiles
from profiles.values import ShopperValue
from promotions.engine.api import (
    COUNT_IN,
    SPENT_IN,
    CartLineValue,
    CartValue,
    DeliveryFee,
    GiftStock,
    OrderHistory,
    ShopperView,
    asks_history,
    windows_in,
)
from promotions.offers.api import (
    CartQuestion,
    FindTier,
    PreviewProducts,
    Previews,
    find_touched,
    list_live_offers,
    preview_lines,
    price_list,
    price_products,
)
from shop.ground.catalog.core.values import IntArray
from shop.ground.catalog.selectors import (
    catalog_version,
    get_market,
    list_age_limited,
    list_cards,
)
from shop.ground.catalog.selectors.arrays import find_places


def find_minimum_age(lines: Iterable[SettledLine], market_code: str) -> int | None:
    """Return the age that `lines` ask for, None if nothing in them asks for one.

    A product's own limit counts for it, else the market's; of several the highest.
    """
    ids = list_age_limited()
    limited = [line.card.minimum_age for line in lines if line.card.variant_id in ids]
    usual = get_market(market_code).minimum_age if limited else 0
    return max((own or usual for own in limited), default=None)


def find_terms(
    variant_ids: Collection[int], *, market_code: str, now: datetime
) -> tuple[Terms, frozenset[int]]:
    """Return the taxes and the ways to deliver variants, and those of them that ask for an age:
    these do not travel on the same day."""
    terms = load_terms(market_code=market_code, day=now.date())
    limited = list_age_limited().intersection(variant_ids) if variant_ids else frozenset()
    if limited:
        return replace(terms, methods=without_same_day(terms.methods)), limited
    return terms, limited


GONE = (Order.Status.CANCELLED, Order.Status.EXPIRED)
_ORDERED = "SELECT EXISTS (SELECT FROM orders_order WHERE shopper_id = %s AND status <> ALL(%s))"
_KNOWN = (
    "SELECT EXISTS (SELECT FROM orders_order WHERE identity && %s::varchar[]"
    " AND identity <> '{}' AND status <> ALL(%s))"
)
PROFILE_FACTS = frozenset({"segment", "tags"})


def complete_shopper(
    view: ShopperView, facts: frozenset[str], context: QuoteContext
) -> ShopperView:
    """Return `view` with the facts some condition asks for. One query and one profile at most.

    Whether this is the first order is a fact of the contract, asked of everybody. What was
    inferred or observed (segment, tags, recency, frequency, value) needs the shopper's consent to
    its use: without it `is_private` is set and nothing is looked up.
    """
    is_private, has_history = False, asks_history(facts)
    if facts & PROFILE_FACTS or has_history:
        view, is_private = _with_profile(view, context)
    if view.shopper_id is None:
        return replace(view, is_private=is_private)
    if has_history and not is_private:
        history = _read_history(view.shopper_id, facts, context)
        is_first = history.last_at is None and not _is_known(view.identity)
        return replace(view, history=history, is_first_order=is_first)
    if "first_order" in facts:
        is_first = not _has_ordered(view.shopper_id) and not _is_known(view.identity)
        view = replace(view, is_first_order=is_first)
    return replace(view, is_private=is_private)


def _has_ordered(shopper_id: int) -> bool:
    # As text: carts ask it, and building the queryset takes longer than the answer
    with connection.cursor() as cursor:
        cursor.execute(_ORDERED, [shopper_id, list(GONE)])
        return bool(cursor.fetchone()[0])


def _is_known(identity: Sequence[str]) -> bool:
    """Return whether an order was placed with one of these keys, as whatever shopper."""
    if not identity:
        return False
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, [list(identity), list(GONE)])
        return bool(cursor.fetchone()[0])


def _with_profile(view: ShopperView, context: QuoteContext) -> tuple[ShopperView, bool]:
    """Return the view with segment and tags, and whether behaviour may not be looked at."""
    pseudonym = context.shopper_pseudonym
    if not pseudonym or context.gpc:
        return view, True
    try:
        profile = read_online_profiles([pseudonym], context.now).get(pseudonym)
    except OnlineUnavailable:
        return view, True
    # Without consent nothing that was inferred decides what a shopper is offered
    if profile is None or profile.consents is None or not profile.consents.recommendations:
        return view, True
    return replace(view, segment=profile.segment, tags=frozenset(profile.tags)), False


def _read_history(shopper_id: int, facts: frozenset[str], context: QuoteContext) -> OrderHistory:
    """One statement over the shopper's orders, whatever is asked of them."""
    counted, summed = windows_in(facts, COUNT_IN), windows_in(facts, SPENT_IN)
    currency = get_market(context.market).currency
    paid = F("total_minor") - F("refunded_minor")
    wanted = {
        **{f"count_{days}": Count("pk", _since(days, context)) for days in counted},
        **{
            f"spent_{days}": Sum(paid, filter=_since(days, context) & Q(currency=currency))
            for days in summed
        },
    }
    kept = Order.objects.filter(shopper_id=shopper_id).exclude(status__in=GONE)
    found = kept.order_by().aggregate(last_at=Max("placed_at"), **wanted)
    return OrderHistory(
        last_at=found["last_at"],
        counts={days: found[f"count_{days}"] for days in counted},
        spent_minor={days: found[f"spent_{days}"] or 0 for days in summed},
    )


def _since(days: int, context: QuoteContext) -> Q:
    return Q(placed_at__gt=context.now - timedelta(days=days))


class Priced(NamedTuple):
    """Units of a variant at the price of one, for the shopper, for everybody and by the list."""

    variant_id: int
    quantity: int
    unit_minor: int
    public_minor: int
    list_minor: int = 0


def make_lines(priced: Sequence[Priced], context: QuoteContext) -> tuple[CartLineValue, ...]:
    """Return the units as lines of a cart, with floors and places in the catalogue. No query."""
    ids = [one.variant_id for one in priced]
    if not ids:
        return ()
    floors = floor_minor(
        variant_ids=ids, now=context.now, market=context.market, channel=context.channel
    )
    places = find_places(ids)
    return tuple(
        CartLineValue(
            line_id=str(one.variant_id),
            variant_id=one.variant_id,
            product_id=places[one.variant_id].product_id,
            category_ids=places[one.variant_id].category_ids,
            brand_id=places[one.variant_id].brand_id,
            quantity=one.quantity,
            unit_minor=one.unit_minor,
            floor_minor=floors.get(one.variant_id, 0),
            public_minor=one.public_minor,
            list_minor=one.list_minor,
        )
        for one in priced
    )


def make_cart(
    lines: tuple[CartLineValue, ...], context: QuoteContext, terms: Terms | None = None
) -> CartValue:
    """Return a cart with its lines and its ways of delivery: of `terms` where these are known."""
    if terms is None:
        ids = [line.variant_id for line in lines]
        terms, _limited = find_terms(ids, market_code=context.market, now=context.now)
    return CartValue(
        lines=lines,
        currency=terms.market.currency,
        market_code=context.market,
        channel=context.channel,
        region=context.jurisdiction_code,
        time_zone=terms.market.time_zone,
        deliveries=list_fees(terms),
    )


def quote_lines(opened: OpenCart, context: QuoteContext, *more: int) -> Mapping[int, PriceView]:
    """Return today's prices of all lines, and of the variants in `more`. No query."""
    ids = dict.fromkeys([*(line.variant_id for line in opened.lines), *more])
    return quote_variants(context=context, variant_ids=list(ids)).prices if ids else {}


@dataclass(frozen=True, slots=True)
class PricedCart:
    """A visitor's cart, and its lines at the prices that hold for them now: what one more unit of
    each costs, too. `prices` are by variant.
    """

    opened: OpenCart
    prices: Mapping[int, PriceView]

    @property
    def rows(self) -> tuple[Priced, ...]:
        """The lines at their prices; what is off sale is left out."""
        return tuple(
            Priced(
                row.variant_id,
                row.quantity,
                price.quoted_minor,
                price.public_minor,
                price.list_minor,
            )
            for row in self.opened.lines
            if (price := self.prices.get(row.variant_id)) is not None
        )


def read_priced_cart(shopper: ShopperValue | None, context: QuoteContext) -> PricedCart:
    """Return the cart of a shopper with its prices. Two queries at most. Nothing is stored."""
    opened = read_cart_of(shopper, context)
    return PricedCart(opened, dict(_hold_prices(opened, quote_lines(opened, context), context)))


def _hold_prices(
    opened: OpenCart, prices: Mapping[int, PriceView], context: QuoteContext
) -> Iterator[tuple[int, PriceView]]:
    """Return the price that holds for each variant; what is off sale is left out."""
    frozen_until = opened.frozen_until(context.now)
    for row in opened.lines:
        current = prices.get(row.variant_id)
        if current is not None:
            kept, offered = promise_on(row), promise_of(current)
            settled = settle_price(kept, offered, now=context.now, frozen_until=frozen_until)
            is_frozen = frozen_until is not None
            yield row.variant_id, show_settled(settled, current, context, is_frozen=is_frozen)


def show_settled(
    settled: Settled, current: PriceView, context: QuoteContext, *, is_frozen: bool
) -> PriceView:
    """Return what a page shows for a line whose price of now is `current`."""
    code, label = settled.promise.label_code, current.label
    if code != current.label_code:
        rule = resolve_jurisdiction(code=context.jurisdiction_code, now=context.now)
        label = label_text(rule, code, context.language)
    return show_promise(settled.promise, current, label, is_frozen=is_frozen)


def preview_products(
    held: PricedCart,
    products: Sequence[Priced],
    *,
    shopper: ShopperView,
    find_tier: FindTier,
    context: QuoteContext,
) -> Previews:
    """Return what one more unit of each product would add to the price of the cart.

    Queries: none where no offer is live and the cart is empty; else as `gather_offers` says, and
    the cards of gifts where they compete with prices.
    """
    is_offered = held.rows or list_live_offers(now=context.now, market_code=context.market)
    if not products or not is_offered:
        return Previews()
    made = make_lines((*held.rows, *products), context)
    inside, lines = made[: len(held.rows)], made[len(held.rows) :]
    question = _ask(held, inside, shopper=shopper, find_tier=find_tier, context=context)
    return preview_lines(question, lines)


def price_in_cart(
    held: PricedCart,
    ids: IntArray,
    quoted: IntArray,
    *,
    shopper: ShopperView,
    find_tier: FindTier,
    context: QuoteContext,
) -> tuple[IntArray, tuple[ArmChoice, ...]]:
    """Return what one more unit of each variant adds to the price of the cart, (n,), and the arms
    that it shows. `quoted` where neither an offer nor the cart changes it.

    For any number of variants: what no offer tells apart and costs the same is asked once.
    """
    lines = make_lines(held.rows, context)
    question = _ask(held, lines, shopper=shopper, find_tier=find_tier, context=context)
    if not lines and not question.codes:
        shared = _price_list(question, ids, context)
        if shared is not None:
            at = np.flatnonzero(quoted != shared.public)
            if not len(at):
                return shared.paid, ()
            found = shared.paid.copy()
            found[at], arms = _price_each(question, ids[at], quoted[at], context)
            return found, arms
    quoted = quoted.copy()
    for variant_id, price in held.prices.items():
        quoted[ids == variant_id] = price.quoted_minor
    return _price_each(question, ids, quoted, context)


class _PriceList(NamedTuple):
    """What a list costs everybody, (n,), before offers and with those on an empty cart."""

    public: IntArray
    paid: IntArray


def _price_list(question: CartQuestion, ids: IntArray, context: QuoteContext) -> _PriceList | None:
    """Return the prices of a list that others see, too; None where offers are a shopper's own."""
    public = quote_listing(context=for_everybody(context), variant_ids=ids)
    version = public_version(market=context.market, channel=context.channel, now=context.now)
    about = (version, catalog_version(), context.market, ids.tobytes(), public.tobytes())
    sold = public > 0
    paid = price_list(
        question,
        about,
        lambda: _price_alone(ids[sold], public[sold], context),
        lambda goods: _lines_for(goods, context),
    )
    if paid is None:
        return None
    if sold.all():
        return _PriceList(public, paid)
    found = public.copy()
    found[sold] = paid
    return _PriceList(public, found)


def _price_each(
    question: CartQuestion, ids: IntArray, quoted: IntArray, context: QuoteContext
) -> tuple[IntArray, tuple[ArmChoice, ...]]:
    touched = find_touched(ids, question.cart, context.now) | bool(question.codes)
    touched &= quoted > 0
    if not touched.any():
        return quoted, ()
    alone = _price_alone(ids[touched], quoted[touched], context)
    prices, arms = price_products(question, alone, lambda goods: _lines_for(goods, context))
    found = quoted.copy()
    found[touched] = prices
    return found, arms


def _price_alone(ids: IntArray, quoted: IntArray, context: QuoteContext) -> PreviewProducts:
    """Return one piece of each variant at its quoted price, beside the one for everybody."""
    now, market, channel = context.now, context.market, context.channel
    public = quote_listing(context=for_everybody(context), variant_ids=ids)
    wanted = ids.tolist()
    floors = floor_minor(variant_ids=wanted, now=now, market=market, channel=channel)
    prices = list_prices(variant_ids=wanted, now=now, market=market, channel=channel)
    floor = np.array([floors.get(one, 0) for one in wanted], dtype=np.int64)
    listed = np.array([prices.get(one, 0) for one in wanted], dtype=np.int64)
    return PreviewProducts(ids, quoted, floor, public, listed)


def _lines_for(goods: PreviewProducts, context: QuoteContext) -> tuple[CartLineValue, ...]:
    columns = (goods.variant_id, goods.unit_minor, goods.public_minor, goods.list_minor)
    priced = [
        Priced(one, 1, *amounts)
        for one, *amounts in zip(*(column.tolist() for column in columns), strict=True)
    ]
    return make_lines(priced, context)


def _ask(
    held: PricedCart,
    lines: tuple[CartLineValue, ...],
    *,
    shopper: ShopperView,
    find_tier: FindTier,
    context: QuoteContext,
) -> CartQuestion:
    """Return the question about the visitor's cart, which has these lines."""

    def look_up_gifts(ids: Collection[int]) -> tuple[GiftStock, ...]:
        basket = {line.variant_id: line.quantity for line in lines}
        return stock_gifts(ids, basket=basket, context=context)

    kept = held.opened.cart
    return CartQuestion(
        cart=replace(make_cart(lines, context), gift_choices=held.opened.gift_choices),
        codes=held.opened.codes,
        shopper=replace(shopper, identity=() if kept is None else tuple(kept.identity)),
        now=context.now,
        language=context.language,
        look_up=lambda view, facts: complete_shopper(view, facts, context),
        look_up_gifts=look_up_gifts,
        find_tier=find_tier,
    )


def list_fees(terms: Terms) -> tuple[DeliveryFee, ...]:
    """Return the ways of delivery of a market as the evaluator sees them."""
    return tuple(
        DeliveryFee(one.code, one.price_minor, one.free_from_minor, needs_address=one.needs_address)
        for one in terms.methods
    )


def price_basket(ids: Collection[int], context: QuoteContext) -> dict[int, int]:
    """Return this shopper's price of each variant; nothing is issued or stored."""
    wanted = np.array(list(ids), dtype=np.int64)
    if not len(wanted):
        return {}
    found = quote_listing(context=context, variant_ids=wanted)
    return dict(zip(wanted.tolist(), found.tolist(), strict=True))


def for_everybody(context: QuoteContext) -> QuoteContext:
    """Return the context of who is not known."""
    return QuoteContext(
        None,
        context.market,
        context.channel,
        context.jurisdiction_code,
        context.language,
        gpc=False,
        now=context.now,
    )


def stock_gifts(
    ids: Collection[int], *, basket: Mapping[int, int], context: QuoteContext
) -> tuple[GiftStock, ...]:
    """Return what of the variants may be given away beside `basket`, at the price for everybody.

    One query.
    """
    if not ids:
        return ()
    cards = {card.variant_id: card for card in list_cards(sorted(ids), context.language)}
    prices = price_basket(list(cards), for_everybody(context))
    return tuple(
        GiftStock(one, prices[one], max(0, cards[one].available - basket.get(one, 0)))
        for one in sorted(cards)
        if prices.get(one)
    )
