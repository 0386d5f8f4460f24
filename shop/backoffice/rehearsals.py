"""A draft tried on recorded carts: what it would change, cost and meet before anybody sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from orders.selectors.recorded import RecordedOrder, find_facts_then, load_recorded_orders
from orders.services.places import find_places, find_products
from pricing.selectors import floor_minor
from promotions.core.carts import CartLineValue, CartValue, ShopperFacts
from promotions.core.conditions import needed_facts
from promotions.core.evaluate import evaluate_offers
from promotions.core.recorded import Forecast, Outcome, forecast
from promotions.core.values import CouponValue, Evaluation, OfferValue
from promotions.selectors.book import CompiledBook, load_offer_book
from promotions.selectors.builder_drafts import rehearse
from promotions.selectors.campaigns import CampaignView
from shop.catalog.selectors import get_market

WEEK = timedelta(days=7)
MOST_CARTS = 1_000
DRAWS = 1_000
SEED = 20_261_126


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """Recorded carts with their outcomes and the forecast of a window like theirs."""

    since: datetime
    until: datetime
    shift: timedelta
    carts: tuple[CartValue, ...]
    outcomes: tuple[Outcome, ...]
    forecast: Forecast | None
    displaced: tuple[int, ...]


def rehearse_campaign(campaign: CampaignView, *, market_code: str, now: datetime) -> Rehearsal:
    """Return what the campaign would have changed on the carts of a window as long as its own.

    The newest whole weeks before `now` are moved onto the campaign's window, so that weekdays and
    hours stay what they were. Offers with a code count as if everybody had entered it: an upper
    bound. About nine queries.
    """
    length = campaign.ends_at - campaign.starts_at
    shift = WEEK * max(1, -(-(campaign.starts_at + min(length, 13 * WEEK) - now) // WEEK))
    since = max(campaign.starts_at, now - 52 * WEEK) - shift
    until = min(since + min(length, 13 * WEEK), now)
    orders = load_recorded_orders(
        market_code=market_code, since=since, until=until, limit=MOST_CARTS
    )
    tried = rehearse([campaign.campaign_id], with_codes=True)
    live = _without(load_offer_book(), campaign.campaign_id)
    facts = find_facts_then(orders, tried.facts | _facts_of(tried.unlocked), now=now)
    carts = make_carts(orders, now=now)
    judged = [
        _judge(order, cart, shopper, (live, tried), shift)
        for order, cart, shopper in zip(orders, carts, facts, strict=True)
    ]
    outcomes = tuple(
        _with_day(one, order, since) for one, order in zip(judged, orders, strict=True)
    )
    rng = np.random.default_rng(SEED)
    left = None
    if campaign.budget_minor is not None:
        left = campaign.budget_minor - campaign.spent_minor
    found = forecast(outcomes, budget_minor=left, draws=DRAWS, rng=rng) if outcomes else None
    displaced = sorted({one for outcome in outcomes for one in outcome.displaced})
    return Rehearsal(since, until, shift, tuple(carts), outcomes, found, tuple(displaced))


def make_carts(orders: Sequence[RecordedOrder], *, now: datetime) -> list[CartValue]:
    """Return the orders as the evaluator sees carts, with today's floors and places. No query."""
    ids = sorted({line.variant_id for order in orders for line in order.bought})
    places, products = find_places(ids), find_products(ids)
    floors: dict[tuple[str, str], dict[int, int]] = {}
    carts = []
    for order in orders:
        place = (order.market_code, order.channel)
        if place not in floors:
            floors[place] = floor_minor(variant_ids=ids, now=now, market=place[0], channel=place[1])
        lines = tuple(
            CartLineValue(
                line_id=line.line_id,
                variant_id=line.variant_id,
                product_id=products.get(line.variant_id, 0),
                category_ids=places[line.variant_id][0],
                brand_id=places[line.variant_id][1],
                quantity=line.quantity,
                unit_minor=line.quoted_minor,
                floor_minor=min(floors[place].get(line.variant_id, 0), line.quoted_minor),
                public_minor=line.public_minor,
            )
            for line in order.bought
        )
        zone = get_market(order.market_code).time_zone
        carts.append(CartValue(lines, order.currency, *place, order.region, zone))
    return carts


def _without(book: CompiledBook, campaign_id: int) -> CompiledBook:
    kept = tuple(offer for offer in book.offers if offer.campaign_id != campaign_id)
    return replace(book, offers=kept)


def _facts_of(coupons: Sequence[CouponValue]) -> frozenset[str]:
    offers = [coupon.offer for coupon in coupons if coupon.offer is not None]
    return frozenset().union(*(needed_facts(offer.condition) for offer in offers))


def _judge(
    order: RecordedOrder,
    cart: CartValue,
    shopper: ShopperFacts,
    books: tuple[CompiledBook, CompiledBook],
    shift: timedelta,
) -> Outcome:
    live, tried = books
    at = order.placed_at + shift
    shopper = replace(shopper, campaign_ids=tried.personal)
    without = _evaluate(cart, live.offers, (), shopper, at)
    with_it = _evaluate(cart, tried.offers, tried.unlocked, shopper, at)
    before = {one.campaign_id for one in without.applied}
    after = {one.campaign_id for one in with_it.applied}
    is_reached = bool(after & tried.as_live)
    return Outcome(
        day=0,
        shopper_id=order.shopper_id,
        value_minor=cart.value_minor,
        is_reached=is_reached,
        cost_minor=_given(with_it) - _given(without),
        margin_before_minor=_margin(order, without),
        margin_minor=_margin(order, with_it),
        displaced=tuple(sorted(before - after - tried.as_live)),
        at_floor=is_reached and _meets_floor(cart, with_it),
    )


def _evaluate(
    cart: CartValue,
    offers: Sequence[OfferValue],
    coupons: Sequence[CouponValue],
    shopper: ShopperFacts,
    at: datetime,
) -> Evaluation:
    fit = [offer for offer in offers if any(map(offer.covers, cart.lines))]
    return evaluate_offers(cart=cart, offers=fit, coupons=coupons, shopper=shopper, now=at)


def _given(found: Evaluation) -> int:
    return sum(one.amount_minor for one in found.applied)


def _margin(order: RecordedOrder, found: Evaluation) -> int:
    """Return goods less cost over the lines whose cost is known; tax is left out of account."""
    return sum(
        found.totals[line.line_id] - line.cost_minor * line.quantity
        for line in order.bought
        if line.cost_minor is not None
    )


def _meets_floor(cart: CartValue, found: Evaluation) -> bool:
    lowered = {one.line_id for one in found.adjustments}
    return any(
        line.line_id in lowered
        and line.floor_minor > 0
        and found.totals[line.line_id] <= line.floor_minor * line.quantity
        for line in cart.lines
    )


def _with_day(outcome: Outcome, order: RecordedOrder, since: datetime) -> Outcome:
    return replace(outcome, day=(order.placed_at - since).days)
