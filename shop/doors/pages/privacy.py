"""Hand out, and forget, everything all rooms keep about a shopper."""

from __future__ import annotations

from typing import Any

from orders.privacy import PRIVACY as ORDERS
from pricing.privacy import PRIVACY as PRICING
from profiles.privacy.api import PRIVACY as PROFILES
from profiles.privacy.api import erase_everywhere, export_everything
from profiles.shoppers.api import find_shopper
from promotions.privacy import PRIVACY as PROMOTIONS
from shop.doors.customer_lists.privacy import PRIVACY as LISTS
from shop.doors.pages.context import PageContext

# Top floor first: what points down is gone before what it points to.
ROOMS = (LISTS, ORDERS, PROMOTIONS, PRICING, PROFILES)


def export_own(ctx: PageContext) -> dict[str, Any]:
    """Return all that is kept about this visitor, by room, as JSON values; {} for a stranger."""
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    return {} if shopper is None else export_everything(shopper_id=shopper.id, rooms=ROOMS)


def erase_own(ctx: PageContext) -> bool:
    """Forget this visitor in all rooms, the login included; return whether there was anything.

    Raises StaffAccount.
    """
    shopper = find_shopper(ctx.shopper_pseudonym) if ctx.shopper_pseudonym else None
    if shopper is None:
        return False
    erase_everywhere(shopper_id=shopper.id, rooms=ROOMS, now=ctx.now)
    return True
