"""What surrounds the variants of a shelf: competitors, expected sales, stock, substitutes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.optimum.clearance import clearance_price
from pricing.core.optimum.opportunity import sibling_cost
from pricing.core.publish import floor_prices, reckoned_cost
from pricing.core.quote import VariantTerms
from pricing.core.scarcity import limit_cost, scarce_cost, weekly_units
from pricing.selectors.competitors import load_lowest_competitors
from pricing.selectors.overrides import StaffPrices
from pricing.selectors.publishing import Shelf, load_shelf
from pricing.services.occasions import Occasion
from shop.inventory.selectors import available, next_deliveries

DAY = 86_400.0


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
    """Return what surrounds the variants of a shelf. One query; two more for stock where it counts,
    and one for the whole shelf where the policy or what was learned knows substitutes."""
    policy, market = occasion.policy, occasion.place[0]
    ids = shelf.variants.variant_id
    weekly = weekly_units(occasion.served, terms)
    stock = _load_stock(ids, (staff.lowest_minor > 0) | (policy.restock_days > 0))
    days = _load_days(ids, occasion.now.date()) if policy.restock_days else None
    scarce = scarce_cost(terms, weekly, stock, policy, days)
    return Circumstances(
        competitor_minor=load_lowest_competitors(variant_id=ids, market=market, now=occasion.now),
        weekly_units=weekly,
        extra_cost=limit_cost(scarce + _sibling_costs(shelf, occasion), terms, policy),
        is_scarce=scarce > 0.0,
        cleared_minor=_clear(terms, staff, weekly, stock, occasion),
    )


def _load_stock(variant_id: IntArray, where: np.ndarray) -> FloatArray:
    """Return pieces free to sell of the variants in `where`, (m,), NaN for the others."""
    stock = np.full(len(variant_id), np.nan)
    asked = variant_id[where].tolist()
    if asked:
        free = available(asked)
        stock[where] = [free[one] for one in asked]
    return stock


def _load_days(variant_id: IntArray, today: date) -> FloatArray:
    """Return days until pieces come again, (m,), NaN where the merchant has not said when."""
    known = next_deliveries(variant_id.tolist(), after=today)
    return np.array(
        [(known[one] - today).days if one in known else np.nan for one in variant_id.tolist()],
        dtype=np.float64,
    )


def _sibling_costs(shelf: Shelf, occasion: Occasion) -> FloatArray:
    """Return what a sale of each variant takes from others of its category, (m,).

    The share is what looks taught of its family, the policy's at least. Siblings are looked at on
    the whole shelf, however few variants are priced anew.
    """
    policy, served = occasion.policy, occasion.served
    lost = np.maximum(served.siblings_lose(shelf.family_id), policy.substitution_share)
    if not lost.any():
        return lost
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
    taken = sibling_cost(margin, weekly_units(served, terms), variants.category_id, 1.0)
    return lost * taken[np.searchsorted(variants.variant_id, shelf.variants.variant_id)]


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
