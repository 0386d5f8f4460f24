"""Read the demand curve of a variant under the model in use."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
from django.utils.translation import gettext as _

from pricing.base.core.values import DemandCurve, FloatArray
from pricing.demand.core.cells import Sales, price_matrix, units_matrix
from pricing.demand.core.served import ServedDemand
from pricing.demand.core.slopes import Demand, expect_units, price_grid, units_at
from pricing.demand.selectors.versions import load_active_model
from pricing.learning.selectors.evidence import add_evidence
from pricing.ledger.models.ledger import PublicPrice
from pricing.ledger.selectors.references import load_series
from pricing.optimum.core.publish import floor_prices, propose_public
from pricing.policy.selectors import load_active_policy
from profiles.events.api import load_paid_prices
from shop.ground.catalog.selectors import get_market, list_categories, load_variant_arrays
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import exponent

WEEKS = 53


class NoCurve(FairtagError):
    """There is no model yet, or the variant has no price."""

    code = "no_curve"


def demand_curve(*, variant_id: int, market: str = "us", channel: str = "online") -> DemandCurve:
    """Return the demand curve of a variant, as prices are made of it: the model with what outcomes
    said since. Six queries, catalogue aside. Raises NoCurve.

    `elasticity` is d ln q / d ln p, so negative. The grid runs from 60 % to 140 % of the public
    price; the band holds 90 % of weeks: counting noise and the posterior of the elasticity.
    """
    active = add_evidence(load_active_model(), (market, channel))
    places = PublicPrice.objects.filter(market_id=market, channel=channel)
    price = places.filter(variant_id=variant_id).first()
    arrays = load_variant_arrays(market)
    at = int(np.searchsorted(arrays.variant_id, variant_id))
    is_known = at < len(arrays.variant_id) and int(arrays.variant_id[at]) == variant_id
    if active is None or price is None or not is_known:
        raise NoCurve(_("This variant has no demand curve yet."))
    row, served = active
    seen = _seen(variant_id, row.trained_at, (market, channel))
    family = _find_family(int(arrays.category_id[at]))
    demand = _demand(served, variant_id, family, price, seen)
    decimals = exponent(get_market(market).currency)
    cost, suggested = _suggest(price, arrays.cost_minor[[at]], demand, decimals)
    grid = price_grid(price.public_minor, decimals)
    mean, low, high = expect_units(demand, grid)
    return DemandCurve(
        variant_id=variant_id,
        elasticity=-demand.elasticity,
        elasticity_sd=demand.elasticity_sd,
        is_causal=bool(served.backed_by_chance(np.array([variant_id]), np.array([family]))[0]),
        current_minor=price.public_minor,
        suggested_minor=suggested,
        price_minor=grid,
        mean=mean,
        low=low,
        high=high,
        profit_minor=(grid - cost) * mean,
        seen_price_minor=seen[0],
        seen_units=seen[1],
    )


def _seen(
    variant_id: int, until: datetime, place: tuple[str, str]
) -> tuple[FloatArray, FloatArray]:
    """Return price and units of each week of the year before `until` that it was on sale."""
    first = until - timedelta(weeks=WEEKS)
    paid = load_paid_prices(since=first, until=until, market=place[0], variant_ids=[variant_id])
    begin, length = int(first.timestamp()), 7 * 86_400
    sales = Sales(
        item=np.zeros(len(paid.units), dtype=np.int64),
        week=np.clip((paid.day_start - begin) // length, 0, WEEKS - 1),
        units=paid.units.astype(np.float64),
        revenue_minor=(paid.units * paid.unit_minor).astype(np.float64),
    )
    series = load_series(variant_id=np.array([variant_id]), now=until, place=place)
    units, on_sale = units_matrix(sales, 1, WEEKS)
    middles = begin + length * np.arange(WEEKS, dtype=np.int64) + length // 2
    price = price_matrix(series, sales, middles)
    kept = (on_sale[0] > 0) & np.isfinite(price[0])
    return price[0][kept], units[0][kept]


def _find_family(category_id: int) -> int:
    node = list_categories("en").nodes.get(category_id)
    return category_id if node is None or node.parent_id is None else node.parent_id


def _demand(
    served: ServedDemand,
    variant_id: int,
    family_id: int,
    price: PublicPrice,
    seen: tuple[FloatArray, FloatArray],
) -> Demand:
    mean, sd, depth = served.elasticities(np.array([variant_id]), np.array([family_id]))
    elasticity = float(mean[0])
    units, dispersion = units_at(seen[0], seen[1], price.public_minor, elasticity), 1.5
    if depth[0] == 0:
        item = int(np.searchsorted(served.variant_id, variant_id))
        away = np.log(price.public_minor / served.usual_minor[item])
        units = float(np.exp(served.base_log[item] - elasticity * away))
        dispersion = float(served.dispersion[item])
    return Demand(
        units=units,
        price_minor=float(price.public_minor),
        elasticity=elasticity,
        elasticity_sd=float(sd[0]),
        dispersion=dispersion,
    )


def _suggest(
    price: PublicPrice, cost_minor: np.ndarray, demand: Demand, decimals: int
) -> tuple[float, int]:
    """Return the unit cost, and the public price the model would choose now within a price."""
    policy = load_active_policy()
    listed, anchor = np.array([price.list_minor]), np.array([price.anchor_minor])
    floor, cost = floor_prices(cost_minor, listed, anchor, policy)
    proposed = propose_public(
        np.array([price.public_minor]),
        anchor,
        unit_cost=cost,
        elasticity=np.array([demand.elasticity]),
        elasticity_sd=np.array([demand.elasticity_sd]),
        policy=policy,
        exponent=decimals,
    )
    ceiling = int(price.list_minor * (1.0 + policy.ceiling_over_list))
    return float(cost[0]), int(np.clip(proposed[0], floor[0], max(ceiling, int(floor[0]))))
