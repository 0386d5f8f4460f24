"""Deepest stack of a campaign with others, as text: the reduction of a line and its margin."""

from __future__ import annotations

from typing import Any

from promotions.campaigns.api import find_costs, load_limits
from promotions.release.api import Conflict, name_campaigns
from shop.doors.backoffice.prospects import show_amount
from shop.ground.catalog.selectors.naming import name_goods
from shop.ground.staff.numbers import show_count, show_units


def describe_stack(worst: Conflict | None, language: str) -> dict[str, Any] | None:
    """Return the worst stack as the page shows it, with the policy's bound; None for none.

    Three queries.
    """
    if worst is None:
        return None
    names = name_goods({"variant": {worst.variant_id}}, language)
    bound = load_limits().stack
    market = worst.market_code
    cost = find_costs([worst.variant_id], market).get(worst.variant_id, -1)
    left = worst.combined_minor - cost * worst.quantity
    return {
        "percent": show_count(worst.depth),
        "bound": show_units(bound),
        "is_above": worst.depth > bound,
        "campaigns": name_campaigns(worst.campaign_ids),
        "product": names.get(("variant", worst.variant_id), f"#{worst.variant_id}"),
        "quantity": worst.quantity,
        "before": show_amount(market, language, worst.quoted_minor),
        "after": show_amount(market, language, worst.combined_minor),
        "margin": "" if cost < 0 else show_amount(market, language, left),
        "is_loss": cost >= 0 and left < 0,
    }
