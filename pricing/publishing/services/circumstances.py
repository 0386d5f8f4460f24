"""Read what surrounds the variants of a shelf: competitors, stock, substitutes."""

from __future__ import annotations

from datetime import date

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.competitors.selectors.competitors import load_lowest_competitors
from pricing.learning.core.scene import StaffPrices, Surroundings
from pricing.learning.selectors.publishing import Shelf, load_shelf
from pricing.publishing.core.publishing import sibling_costs
from pricing.publishing.services.publish_context import PublishContext
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.inventory.selectors import available, next_deliveries


def load_surroundings(shelf: Shelf, staff: StaffPrices, context: PublishContext) -> Surroundings:
    """Return what surrounds the variants of a shelf. One query; two more for stock where it counts,
    and one for the whole shelf where some of it are priced and substitutes are known."""
    policy, place = context.policy, context.place
    ids = shelf.variants.variant_id
    days = np.full(len(ids), np.nan)
    if policy.restock_days:
        days = _load_days(ids, context.now.date())
    return Surroundings(
        competitor_minor=load_lowest_competitors(variant_id=ids, market=place[0], now=context.now),
        stock=_load_stock(ids, (staff.lowest_minor > 0) | (policy.restock_days > 0)),
        restock_days=days,
        sibling_minor=_load_sibling_costs(shelf, context),
    )


def _load_stock(variant_id: IntArray, where: BoolArray) -> FloatArray:
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


def _load_sibling_costs(shelf: Shelf, context: PublishContext) -> FloatArray:
    """Return what a sale of each variant takes from others of its category, (m,)."""
    policy, served = context.policy, context.served
    if not policy.substitution_share and not served.siblings_lose(shelf.family_id).any():
        return np.zeros(len(shelf))
    whole = shelf
    if len(shelf) < len(load_variant_arrays(context.place[0]).variant_id):
        whole = load_shelf(place=context.place)
    taken = sibling_costs(whole.goods(), served, policy, context.exponent)
    return taken[np.searchsorted(whole.variants.variant_id, shelf.variants.variant_id)]
