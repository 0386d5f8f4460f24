"""Figures of a rehearsal for staff: stock that may run out, the next reference price."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import numpy as np
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from pricing.api import load_series
from pricing.base.core.reference import lowest_between
from promotions.campaigns.api import CampaignView, compile_campaign
from promotions.engine.api import OfferValue, ShopperFacts, evaluate_offers
from promotions.planning.api import Interval, forecast_stock
from promotions.release.api import Conflict
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.rehearsals.rehearsals import DRAWS, SEED, Rehearsal
from shop.ground.catalog.selectors import get_market
from shop.ground.inventory.selectors import available
from shop.ground.kernel.money import format_money
from shop.ground.kernel.translation import locale_of
from shop.ground.staff.numbers import show_count, show_percent

MOST_GOODS = 40
LIKELY = 0.5
DAYS = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Prospect:
    """What may run out, and products whose lowest price of 30 days the campaign would lower.

    `scarce` are (variant, chance in percent, pieces there); `lowered` (variant, lowest now, then).
    `is_public`: the price is everybody's, so that it counts for the next reference price.
    """

    scarce: tuple[tuple[int, int, int], ...]
    lowered: tuple[tuple[int, int, int], ...]
    is_public: bool
    goods: int


def foresee(
    campaign: CampaignView, tried: Rehearsal, *, market_code: str, now: datetime
) -> Prospect:
    """Return stock and reference prices to come, for the products recorded carts bought most of.

    Stock is compared with what was sold in a window as long; nobody is assumed to buy more.
    Three queries.
    """
    offers = list(compile_campaign(campaign.campaign_id))
    sold = _count_sold(tried, offers)
    ids = [variant_id for variant_id, _units in sold.most_common(MOST_GOODS)]
    stock = available(ids) if ids else {}
    chances = forecast_stock(
        np.array([sold[one] for one in ids], dtype=np.int64),
        np.array([stock.get(one, 0) for one in ids], dtype=np.int64),
        draws=DRAWS,
        rng=np.random.default_rng(SEED),
    )
    scarce = [
        (one, round(100 * float(chance)), stock.get(one, 0))
        for one, chance in zip(ids, chances, strict=True)
        if chance >= LIKELY and stock.get(one, 0) > 0
    ]
    public = [o for o in offers if o.audience == "public" and not o.requires_coupon]
    lowered: list[tuple[int, int, int]] = []
    if public:
        lowered = _lowered(
            ids=ids,
            offers=public,
            tried=tried,
            campaign=campaign,
            market_code=market_code,
            now=now,
        )
    return Prospect(tuple(scarce), tuple(lowered), is_public=bool(public), goods=len(ids))


def describe_prospect(found: Prospect, market_code: str, language: str) -> dict[str, Any]:
    """Return what is foreseen with names of products and amounts of money. One query."""
    ids = {one for one, *_rest in (*found.scarce, *found.lowered)}
    cards = name_cards(sorted(ids), language)
    names = {one: cards[one].name if one in cards else f"#{one}" for one in ids}
    money = partial(show_amount, market_code, language)
    return {
        "scarce": [(names[one], chance, pieces) for one, chance, pieces in found.scarce],
        "lowered": [(names[one], money(was), money(then)) for one, was, then in found.lowered],
        "is_public": found.is_public,
    }


def show_amount(market_code: str, language: str, minor: int) -> str:
    """Return an amount of a market as readers of a language write it."""
    return format_money(minor, get_market(market_code).currency, locale_of(language))


def describe_forecast(
    tried: Rehearsal, market_code: str, language: str
) -> list[tuple[str, str, str]]:
    """Return (figure, estimate, interval) of a forecast: how many carts first, then all that is
    money; none without carts."""
    found = tried.forecast
    if found is None:
        return []
    currency, locale = get_market(market_code).currency, locale_of(language)

    def money(one: Interval) -> tuple[str, str]:
        low, at, high = (
            format_money(round(value), currency, locale)
            for value in (one.low, one.estimate, one.high)
        )
        return at, f"{low} – {high}"

    share = found.uptake
    return [
        (
            _("Carts it would have applied to"),
            show_percent(share.estimate),
            f"{show_percent(share.low)} – {show_percent(share.high)}",
        ),
        (_("Given away on top, in all"), *money(found.cost_minor)),
        (_("Margin of these carts with it"), *money(found.margin_minor)),
        (_("Change of margin if nobody buys more"), *money(found.margin_change_minor)),
    ]


def list_foreseen(answer: Mapping[str, Any], *, with_cost: bool) -> list[Sequence[str]]:
    """Return the figures of a kept forecast, of money only `with_cost`. Forecasts from before keep
    those of margins apart."""
    figures = list(answer.get("figures", ()))
    return [*figures, *answer.get("margins", ())] if with_cost else figures[:1]


def describe_burn(tried: Rehearsal, market_code: str, language: str) -> list[dict[str, object]]:
    """Return how the budget burns by day of the campaign's window; none without a budget."""
    money = partial(show_amount, market_code, language)
    return [
        {
            "day": f"{localtime(tried.since + tried.shift + timedelta(days=one.day)):%Y-%m-%d}",
            "carts": one.carts,
            "burnt": money(one.burnt_minor),
            "left": money(one.left_minor),
            "refused": one.refused,
        }
        for one in tried.burn
    ]


def list_daily(tried: Rehearsal, campaign_id: int) -> list[dict[str, object]]:
    """Return day by day what recorded carts would have bought of its products, and been given.

    Minor units, after discounts, as results count them: the ghost behind the campaign's own days.
    """
    offers = compile_campaign(campaign_id)
    days: dict[int, list[int]] = {}
    for cart, one in zip(tried.carts, tried.outcomes, strict=True):
        sums = days.setdefault(one.day, [0, 0, 0])
        if not one.is_reached or one.is_refused:
            continue
        lowered = [line for line in cart.lines if any(offer.covers(line) for offer in offers)]
        sums[0] += 1
        sums[1] += sum(line.value_minor for line in lowered) - one.spent_minor
        sums[2] += one.spent_minor
    return [
        {
            "day": f"{localtime(tried.since + tried.shift + timedelta(days=day)):%Y-%m-%d}",
            "uses": uses,
            "sales_minor": sales,
            "given_minor": given,
        }
        for day, (uses, sales, given) in sorted(days.items())
    ]


def list_bands(tried: Rehearsal) -> list[dict[str, object]]:
    """Return each day of the forecast with low, middle and high of what is foreseen.

    Where only the newest carts of the window were tried, the days before the first of them are not
    known and left out.
    """
    first = min((one.day for one in tried.outcomes), default=0) if tried.is_cut else 0
    found = () if tried.forecast is None else tried.forecast.days[first:]

    def bounds(one: Interval) -> list[float]:
        return [round(number, 2) for number in (one.low, one.estimate, one.high)]

    return [
        {
            "day": f"{localtime(tried.since + tried.shift + timedelta(days=one.day)):%Y-%m-%d}",
            "uses": bounds(one.uses),
            "given_minor": bounds(one.given_minor),
            "margin_minor": bounds(one.margin_minor),
        }
        for one in found
    ]


def describe_conflicts(
    conflicts: Sequence[Conflict], names: Mapping[int, str], market_code: str, language: str
) -> list[dict[str, object]]:
    """Return each conflict with names of campaigns and products and its prices. One query."""
    cards = name_cards([one.variant_id for one in conflicts], language)
    currency, locale = get_market(market_code).currency, locale_of(language)
    return [
        {
            "campaigns": [(key, names.get(key, f"#{key}")) for key in one.campaign_ids],
            "goods": cards[one.variant_id].name if one.variant_id in cards else one.variant_id,
            "pieces": one.quantity,
            "quoted": format_money(one.quoted_minor, currency, locale),
            "combined": format_money(one.combined_minor, currency, locale),
            "depth": show_count(one.depth),
            "at_floor": one.at_floor,
            "is_first": one.shopper.is_first_order,
            "segment": one.shopper.segment,
        }
        for one in conflicts
    ]


def _count_sold(tried: Rehearsal, offers: Sequence[OfferValue]) -> Counter[int]:
    sold: Counter[int] = Counter()
    for cart in tried.carts:
        for line in cart.lines:
            if any(offer.covers(line) for offer in offers):
                sold[line.variant_id] += line.quantity
    return sold


def _lowered(
    *,
    ids: Sequence[int],
    offers: Sequence[OfferValue],
    tried: Rehearsal,
    campaign: CampaignView,
    market_code: str,
    now: datetime,
) -> list[tuple[int, int, int]]:
    """Return products whose lowest price offered in 30 days would be that of the campaign.

    The lowest of pricing's ledger up to now against one piece under the public offers alone.
    """
    wanted = np.array(sorted(ids), dtype=np.int64)
    series = load_series(variant_id=wanted, now=now, place=(market_code, "online"))
    until = np.full(len(wanted), int(now.timestamp()), dtype=np.int64)
    lowest = lowest_between(series, until - int(DAYS.total_seconds()), until)
    if not len(series.amount):
        return []
    last = series.amount[np.minimum(series.offsets[1:] - 1, max(len(series.amount) - 1, 0))]
    known = np.diff(series.offsets) > 0
    public = dict(zip(wanted[known].tolist(), last[known].tolist(), strict=True))
    deals = _deal_prices(offers, tried, campaign, public)
    rows = zip(wanted.tolist(), lowest.tolist(), strict=True)
    return [(one, low, deals[one]) for one, low in rows if 0 < deals.get(one, low) < low]


def _deal_prices(
    offers: Sequence[OfferValue], tried: Rehearsal, campaign: CampaignView, public: dict[int, int]
) -> dict[int, int]:
    """Return what one piece at its public price costs under the public offers, minor units."""
    live = [replace(offer, status="live") for offer in offers]
    prices: dict[int, int] = {}
    for cart in tried.carts:
        for line in cart.lines:
            price = public.get(line.variant_id)
            if price is not None and line.variant_id not in prices:
                one = replace(line, quantity=1, unit_minor=price)
                alone = replace(cart, lines=(one,))
                found = evaluate_offers(
                    cart=alone,
                    offers=live,
                    coupons=(),
                    shopper=ShopperFacts(),
                    now=campaign.starts_at,
                )
                prices[line.variant_id] = found.totals[line.line_id]
    return prices
