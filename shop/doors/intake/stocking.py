"""Opening stock where the merchant gives none: from how fast a product sells. Pure."""

from __future__ import annotations

import math

from shop.ground.kernel.hashing import stable_draw

COVER_WEEKS = 4
# Standard deviations of a Poisson demand over the cover: about one stock-out in forty.
SAFETY = 2.0
SHELF_MINIMUM = 6
SOLD_OUT_SHARE = 0.01


def opening_stock(ref: str, weekly_units: float) -> int:
    """Return pieces on hand: demand of four weeks, a safety stock, and a shelf's minimum.

    d = 4 * weekly units; stock = ceil(d + 2 * sqrt(d)) + 6. About one product in a hundred, the
    same ones on every machine, starts sold out: a store without empty shelves is not one.

    >>> opening_stock("995242", 173.0), opening_stock("1", 0.0)
    (751, 6)
    """
    if stable_draw("stock", ref) < SOLD_OUT_SHARE:
        return 0
    demand = COVER_WEEKS * weekly_units
    return math.ceil(demand + SAFETY * math.sqrt(demand)) + SHELF_MINIMUM
