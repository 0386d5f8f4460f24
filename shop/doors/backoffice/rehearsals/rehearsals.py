"""A draft tried on recorded carts: what it would change, cost and meet before anybody sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from orders.cart.api import list_fees, stock_gifts
from orders.reports.api import RecordedOrder, find_facts_then, load_recorded_orders
from orders.terms.api import load_terms
from pricing.api import floor_minor
from pricing.base.core.values import QuoteContext
from promotions.campaigns.api import (
    CampaignView,
    CompiledBook,
    load_offer_book,
    read_budgets,
    rehearse,
)
from promotions.engine.api import (
    CartLineValue,
    CartValue,
    CouponValue,
    Evaluation,
    Gift,
    OfferValue,
    needed_facts,
)
from promotions.law.api import find_personal_cap
from promotions.planning.api import (
    BurnDay,
    Forecast,
    Outcome,
    RemainingBudgets,
    burn_budget,
    forecast,
)
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.rehearsals.cart_comparison import Books, Setting, compare_cart
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.arrays import find_places

WEEK = timedelta(days=7)
MOST_CARTS = 400
KNOWN_SECONDS, MOST_KNOWN = 60.0, 4_000
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
    burn: tuple[BurnDay, ...] = ()
    is_cut: bool = False

    @property
    def refused(self) -> int:
        """Return how many carts came when too little of the budget was left for them."""
        return sum(one.is_refused for one in self.outcomes)


def rehearse_campaign(
    campaign: CampaignView,
    *,
    market_code: str,
    now: datetime,
    on_progress: Callable[[int, int], None] = lambda done, of: None,
) -> Rehearsal:
    """Return what the campaign would have changed on the carts of a window as long as its own.

    The newest whole weeks before `now` are moved onto the campaign's window, so that weekdays and
    hours stay what they were. Offers with a code count as if everybody had entered it: an upper
    bound. Budgets and gifts are used up cart by cart, as time goes, from what is left of them
    today. `on_progress` is told after each cart how many of all are done. About fourteen queries.
    """
    since, until, shift = _move_window(campaign, now)
    orders = load_recorded_orders(
        market_code=market_code, since=since, until=until, limit=MOST_CARTS
    )
    tried = rehearse([campaign.campaign_id], with_codes=True)
    live = _without(load_offer_book(), campaign.campaign_id)
    facts = find_facts_then(orders, tried.facts | _facts_of(tried.unlocked), now=now)
    carts = make_carts(orders, now=now)
    books = Books(live, tried, _known(market_code))
    left = _left_of(campaign)
    budgets = _open_budgets(campaign, books, market_code, now)
    judged = []
    for order, cart, known in zip(orders, carts, facts, strict=True):
        shopper = replace(known, campaign_ids=tried.personal)
        setting = Setting(books, order.order_id, shopper, order.placed_at + shift)
        outcome = compare_cart(order, cart, setting, budgets)
        judged.append(replace(outcome, day=(order.placed_at - since).days))
        on_progress(len(judged), len(orders))
    outcomes = tuple(judged)
    rng = np.random.default_rng(SEED)
    found = forecast(outcomes, budget_minor=left, draws=DRAWS, rng=rng) if outcomes else None
    displaced = sorted({one for outcome in outcomes for one in outcome.displaced})
    return Rehearsal(
        since=since,
        until=until,
        shift=shift,
        carts=tuple(carts),
        outcomes=outcomes,
        forecast=found,
        displaced=tuple(displaced),
        burn=() if left is None else tuple(burn_budget(outcomes, left)),
        is_cut=len(orders) == MOST_CARTS,
    )


def _known(market_code: str) -> dict[object, Evaluation]:
    """Return what recorded carts came to lately without a draft: drafts that are saved together
    are tried on the same carts, most of which hold nothing of a draft."""
    known: dict[object, Evaluation] = remember(("live carts", market_code), KNOWN_SECONDS, dict)
    if len(known) > MOST_KNOWN:
        known.clear()
    return known


def _move_window(campaign: CampaignView, now: datetime) -> tuple[datetime, datetime, timedelta]:
    """Return the recorded window like the campaign's, and by how much it lies before it."""
    length = min(campaign.ends_at - campaign.starts_at, 13 * WEEK)
    shift = WEEK * max(1, -(-(campaign.starts_at + length - now) // WEEK))
    since = max(campaign.starts_at, now - 52 * WEEK) - shift
    return since, min(since + length, now), shift


def make_carts(orders: Sequence[RecordedOrder], *, now: datetime) -> list[CartValue]:
    """Return the orders as the evaluator sees carts, with today's floors and places. No query."""
    ids = sorted({line.variant_id for order in orders for line in order.bought})
    places = find_places(ids)
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
                product_id=places[line.variant_id].product_id,
                category_ids=places[line.variant_id].category_ids,
                brand_id=places[line.variant_id].brand_id,
                quantity=line.quantity,
                unit_minor=line.quoted_minor,
                floor_minor=min(floors[place].get(line.variant_id, 0), line.quoted_minor),
                public_minor=line.public_minor,
                list_minor=line.list_minor,
            )
            for line in order.bought
        )
        carts.append(_cart_of(order, lines, now))
    return carts


def _cart_of(order: RecordedOrder, lines: tuple[CartLineValue, ...], now: datetime) -> CartValue:
    """Return the cart with today's ways of delivery; one that is no more leaves the cheapest."""
    fees = list_fees(load_terms(market_code=order.market_code, day=now.date()))
    return CartValue(
        lines=lines,
        currency=order.currency,
        market_code=order.market_code,
        channel=order.channel,
        region=order.region,
        time_zone=get_market(order.market_code).time_zone,
        deliveries=fees,
        delivery_code=order.delivery_method
        if order.delivery_method in {one.code for one in fees}
        else None,
        personal_cap=find_personal_cap(region=order.region, market_code=order.market_code, now=now),
    )


def _left_of(campaign: CampaignView) -> int | None:
    if campaign.budget_minor is None:
        return None
    return campaign.budget_minor - campaign.spent_minor


def _open_budgets(
    campaign: CampaignView, books: Books, market_code: str, now: datetime
) -> tuple[RemainingBudgets, RemainingBudgets]:
    """Return what is left of money and gifts today, once without the draft and once with it."""
    left = read_budgets(books.live.budgeted - books.drafts, now)
    everybody = QuoteContext(
        None,
        market_code,
        "online",
        get_market(market_code).jurisdiction_code,
        "en",
        gpc=False,
        now=now,
        purpose="preview",
    )
    offers = [*books.tried.offers, *_offers_of(books.tried.unlocked)]
    terms = [offer.benefit.terms for offer in offers]
    ids = {one for each in terms if isinstance(each, Gift) for one in each.variant_ids}
    gifts = {one.variant_id: one for one in stock_gifts(ids, basket={}, context=everybody)}
    own = _left_of(campaign)
    mine = {} if own is None else {campaign.campaign_id: own}
    return RemainingBudgets(dict(left), dict(gifts)), RemainingBudgets(left | mine, dict(gifts))


def _without(book: CompiledBook, campaign_id: int) -> CompiledBook:
    kept = tuple(offer for offer in book.offers if offer.campaign_id != campaign_id)
    return replace(book, offers=kept)


def _facts_of(coupons: Sequence[CouponValue]) -> frozenset[str]:
    return frozenset().union(*(needed_facts(one.condition) for one in _offers_of(coupons)))


def _offers_of(coupons: Sequence[CouponValue]) -> list[OfferValue]:
    return [coupon.offer for coupon in coupons if coupon.offer is not None]
