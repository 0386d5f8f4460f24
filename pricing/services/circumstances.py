"""What surrounds the variants of a shelf: competitors, expected sales, stock, substitutes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.optimum.clearance import clearance_price
from pricing.core.optimum.opportunity import sibling_cost, stock_cost
from pricing.core.publish import floor_prices, reckoned_cost
from pricing.core.quote import VariantTerms
from pricing.core.values import Policy
from pricing.selectors.competitors import load_lowest_competitors
from pricing.selectors.overrides import StaffPrices
from pricing.selectors.publishing import Shelf, load_shelf
from pricing.services.occasions import Occasion
from shop.inventory.selectors import available

DAY = 86_400.0
MOST_OF_PRICE = 0.98


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds m variants, arrays (m,).

    `competitor_minor` is the lowest fresh price of competitors (NaN: none known), `weekly_units`
    sell at the price now (NaN: not known), `extra_cost` is what a sale costs beside its unit cost:
    scarce stock (`is_scarce`), and what it takes from substitutes. `cleared_minor` are today's
    prices of what must be gone by a day (0: nothing must).
    """

    competitor_minor: FloatArray
    weekly_units: FloatArray
    extra_cost: FloatArray
    is_scarce: BoolArray
    cleared_minor: IntArray

    def name(self, at: int) -> tuple[str, ...]:
        """Return the codes of what staff should know of the variant at a position."""
        codes = {"scarce_stock": self.is_scarce[at], "clearing": self.cleared_minor[at] > 0}
        return tuple(code for code, holds in codes.items() if holds)


def find_circumstances(
    shelf: Shelf, terms: VariantTerms, staff: StaffPrices, occasion: Occasion
) -> Circumstances:
    """Return what surrounds the variants of a shelf. One query; one more for stock where it counts,
    and one for the whole shelf where the policy knows substitutes."""
    policy, market = occasion.policy, occasion.place[0]
    ids = shelf.variants.variant_id
    weekly = weekly_units(occasion.served, terms)
    stock = _load_stock(ids, (staff.lowest_minor > 0) | (policy.restock_days > 0))
    scarce = _scarce_cost(terms, weekly, stock, occasion)
    return Circumstances(
        competitor_minor=load_lowest_competitors(variant_id=ids, market=market, now=occasion.now),
        weekly_units=weekly,
        extra_cost=_limit(scarce + _sibling_costs(ids, occasion), terms, policy),
        is_scarce=scarce > 0.0,
        cleared_minor=_clear(terms, staff, weekly, stock, occasion),
    )


def _scarce_cost(
    terms: VariantTerms, weekly: FloatArray, stock: FloatArray, occasion: Occasion
) -> FloatArray:
    """Return the shadow price of stock that must last until it comes again, (m,)."""
    policy = occasion.policy
    if policy.restock_days == 0:
        return np.zeros(len(terms))
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    price = terms.public_minor.astype(np.float64)
    return stock_cost(price, reckoned, terms.elasticity, weekly * policy.restock_days / 7.0, stock)


def _limit(extra: FloatArray, terms: VariantTerms, policy: Policy) -> FloatArray:
    """Return additional costs (m,) that leave something to earn at the price now.

    A price at which nothing is earned could be weighed against no other.
    """
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    room = np.where(np.isfinite(reckoned), MOST_OF_PRICE * terms.public_minor - reckoned, 0.0)
    return np.minimum(extra, np.maximum(room, 0.0))


def weekly_units(served: ServedDemand, terms: VariantTerms) -> FloatArray:
    """Return expected units a week at the public price now, (m,); NaN where never modelled.

    q = exp(base) (p / usual)^-e of the item's own fit.
    """
    units = np.full(len(terms), np.nan)
    if not len(served.variant_id):
        return units
    at = np.searchsorted(served.variant_id, terms.variant_id)
    at = np.minimum(at, len(served.variant_id) - 1)
    is_known = served.variant_id[at] == terms.variant_id
    away = np.log(terms.public_minor / served.usual_minor[at])
    expected = np.exp(served.base_log[at] - terms.elasticity * away)
    return np.where(is_known, expected, units)


def _load_stock(variant_id: IntArray, where: np.ndarray) -> FloatArray:
    """Return pieces free to sell of the variants in `where`, (m,), NaN for the others."""
    stock = np.full(len(variant_id), np.nan)
    asked = variant_id[where].tolist()
    if asked:
        free = available(asked)
        stock[where] = [free[one] for one in asked]
    return stock


def _sibling_costs(variant_id: IntArray, occasion: Occasion) -> FloatArray:
    """Return what a sale of each variant takes from others of its category, (m,).

    Siblings are looked at on the whole shelf, however few variants are priced anew.
    """
    policy, served = occasion.policy, occasion.served
    if policy.substitution_share == 0.0:
        return np.zeros(len(variant_id))
    whole = load_shelf(place=occasion.place)
    variants = whole.variants
    mean, sd, _ = served.elasticities(variants.variant_id, whole.family_id)
    floor, cost = floor_prices(variants.cost_minor, whole.list_minor, whole.anchor_minor, policy)
    terms = VariantTerms(
        variant_id=variants.variant_id,
        public_minor=whole.public_minor,
        list_minor=whole.list_minor,
        floor_minor=floor,
        unit_cost=cost,
        elasticity=mean,
        elasticity_sd=sd,
        category_id=variants.category_id,
        is_open=~variants.never_personal,
        exponent=occasion.exponent,
    )
    margin = whole.public_minor - reckoned_cost(cost, whole.public_minor, policy)
    taken = sibling_cost(
        margin, weekly_units(served, terms), variants.category_id, policy.substitution_share
    )
    return taken[np.searchsorted(variants.variant_id, variant_id)]


def _clear(
    terms: VariantTerms,
    staff: StaffPrices,
    weekly: FloatArray,
    stock: FloatArray,
    occasion: Occasion,
) -> IntArray:
    prices = np.zeros(len(terms), dtype=np.int64)
    second = occasion.now.timestamp()
    for at in np.flatnonzero(staff.lowest_minor > 0).tolist():
        prices[at] = clearance_price(
            int(terms.public_minor[at]),
            int(max(staff.lowest_minor[at], terms.floor_minor[at])),
            days=float(staff.gone_by[at] - second) / DAY,
            stock=int(stock[at]),
            daily_units=float(weekly[at]) / 7.0,
            elasticity=float(terms.elasticity[at]),
            exponent=occasion.exponent,
        )
    return prices
