"""Products that the visitor viewed lately, for a shelf of their own."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from profiles.events.api import list_viewed
from profiles.values import Consents
from shop.doors.pages.cards import first_of_products
from shop.doors.pages.context import PageContext
from shop.ground.catalog.selectors import list_open_to_all

SHELF = 6
READ = 30


def choose_viewed(
    ctx: PageContext,
    shopper_id: int | None,
    consents: Consents | None,
    shown: Collection[int],
) -> list[int]:
    """Return up to SHELF variants that were viewed lately and are not `shown`, one of a product.

    None for who is not known, did not agree to recommendations, or sends Sec-GPC. What is
    restricted or sensitive is left out: others may see the screen. One query, else none.
    """
    if ctx.gpc or shopper_id is None or consents is None or not consents.recommendations:
        return []
    viewed = list_viewed(shopper_id, now=ctx.now, limit=READ)
    open_to_all = list_open_to_all(ctx.market)
    fit = [one for one in viewed if one in open_to_all and one not in shown]
    return first_of_products(np.array(fit, dtype=np.int64)).tolist()[:SHELF]
