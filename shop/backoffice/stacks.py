"""The worst stack of a campaign with others, in words: what they take off one line, and the margin
that is left."""

from __future__ import annotations

from typing import Any

from promotions.core.conflicts import Conflict
from promotions.selectors.builder_people import name_campaigns
from promotions.selectors.campaigns import load_limits
from shop.backoffice.prospects import show_amount
from shop.catalog.selectors import load_variant_arrays
from shop.catalog.selectors.naming import name_goods
from shop.staff.numbers import show_count, show_units


def describe_stack(worst: Conflict | None, market: str, language: str) -> dict[str, Any] | None:
    """Return the worst stack as the page shows it, with the policy's bound; None for none.

    Three queries.
    """
    if worst is None:
        return None
    names = name_goods({"variant": {worst.variant_id}}, language)
    bound = load_limits().stack
    arrays = load_variant_arrays()
    at = int((arrays.variant_id == worst.variant_id).argmax())
    cost = int(arrays.cost_minor[at])
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
