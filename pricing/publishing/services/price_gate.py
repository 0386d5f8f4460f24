"""The one gate of list prices: whatever door they come through, doubtful ones must be meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.publishing.core.values import BELOW_COST, Doubt, Meant, NewPrice, doubt_price
from pricing.quoting.selectors.serving import floors_over_costs
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON


class PricesDoubted(FairtagError):
    """New prices are doubtful, and nobody says that all of them are meant, and why."""

    code = "prices_doubted"

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        super().__init__(say_doubtful(len(doubts)), **_tell(doubts))
        self.doubts = tuple(doubts)


class SecondPersonNeeded(FairtagError):
    """New prices are below cost, and no second person agreed."""

    code = "second_person_needed"

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        said = _("A price below cost needs a second person: ask for it with a list of prices.")
        super().__init__(said, **_tell(doubts))
        self.doubts = tuple(doubts)


def say_doubtful(count: int) -> str:
    """Return why prices are not taken over until somebody says that they are meant."""
    said = ngettext(
        "%(count)s new price is below cost or the floor, or differs by more than half from the"
        " present one. Look at it, confirm that it is meant and say why.",
        "%(count)s new prices are below cost or the floor, or differ by more than half from the"
        " present ones. Look at them, confirm that they are meant and say why.",
        count,
    )
    return said % {"count": count}


def find_doubts(prices: Sequence[NewPrice]) -> list[Doubt]:
    """Return which new prices are probably not meant. One query, none without costs."""
    costs = [one.cost_minor for one in prices if one.cost_minor is not None]
    floors = floors_over_costs(costs) if costs else {}
    found = []
    for one in prices:
        floor = None if one.cost_minor is None else floors[one.cost_minor]
        if code := doubt_price(one, floor=floor):
            found.append(Doubt(code, one, floor))
    return found


def require_meant(prices: Sequence[NewPrice], meant: Meant) -> None:
    """Let new prices through. Raises PricesDoubted and SecondPersonNeeded.

    What was looked at is what is written: another number of doubtful prices is looked at again.
    """
    doubts = find_doubts(prices)
    if not doubts:
        return
    if meant.count != len(doubts) or len(meant.reason.strip()) < SHORTEST_REASON:
        raise PricesDoubted(doubts)
    below = [one for one in doubts if one.code == BELOW_COST]
    if below and not meant.has_second:
        raise SecondPersonNeeded(below)


def _tell(doubts: Sequence[Doubt]) -> dict[str, Any]:
    return {
        "meant_prices": len(doubts),
        "prices": [
            {
                "code": one.code,
                "sku": one.price.sku,
                "market": one.price.market,
                "price_minor": one.price.price_minor,
                "present_minor": one.price.present_minor,
                "cost_minor": one.price.cost_minor,
                "floor_minor": one.floor_minor,
            }
            for one in doubts[:100]
        ],
    }
