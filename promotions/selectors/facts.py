"""Complete a shopper with the facts that live conditions ask for, and with no others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from promotions.core.shoppers import ShopperView
from promotions.selectors.groups import read_groups
from promotions.selectors.tiers import read_tier

LookUp = Callable[[ShopperView, frozenset[str]], ShopperView]
FindTier = Callable[[], str | None]
Reader = Callable[[ShopperView, datetime], ShopperView]

# Facts this room keeps itself, by the name `needed_facts` gives them. One query each at most.
READERS: dict[str, Reader] = {
    "groups": lambda view, now: replace(view, groups=_read_groups(view, now)),
    "tier": lambda view, now: replace(view, tier=_read_tier(view, now)),
}


def complete_shopper(
    shopper: ShopperView,
    facts: frozenset[str],
    *,
    now: datetime,
    look_up: LookUp | None,
    find_tier: FindTier | None = None,
) -> ShopperView:
    """Return the shopper with `facts`: this room's own, and by `look_up` those of rooms above.

    `find_tier` knows the tier on a page that asks for it more than once. Who is not known to the
    shop has none. `look_up` is called once, and only if a fact is left.
    """
    if find_tier is not None and "tier" in facts and shopper.shopper_id is not None:
        shopper, facts = replace(shopper, tier=find_tier()), facts - {"tier"}
    own = facts & READERS.keys()
    for fact in sorted(own) if shopper.shopper_id is not None else ():
        shopper = READERS[fact](shopper, now)
    left = facts - own
    return look_up(shopper, left) if look_up is not None and left else shopper


def _read_groups(shopper: ShopperView, now: datetime) -> frozenset[str]:
    if shopper.shopper_id is None:
        return frozenset()
    return read_groups(shopper_id=shopper.shopper_id, now=now)


def _read_tier(shopper: ShopperView, now: datetime) -> str | None:
    if shopper.shopper_id is None:
        return None
    return read_tier(shopper_id=shopper.shopper_id, now=now)
