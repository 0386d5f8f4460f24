"""The one gate of list prices: whatever door they come through, doubtful ones must be meant."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.ledger.selectors.references import list_moments_of
from pricing.publishing.core.values import (
    BELOW_COST,
    Doubt,
    Meant,
    NewPrice,
    TokenBound,
    doubt_price,
    name_setter,
)
from pricing.quoting.selectors.serving import floors_over_costs
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON

DAY = timedelta(days=1)
WAIT_FOR_OTHERS = "SELECT pg_advisory_xact_lock(hashtext('prices by token'), %s)"


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


class PriceChangesSpent(FairtagError):
    """A token has changed, or would change, more list prices within a day than it may."""

    code = "price_changes_spent"


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


def require_room(bound: TokenBound, *, asked: int, now: datetime) -> None:
    """Let a token change `asked` list prices more. Raises PriceChangesSpent.

    Requests of one token pass one after another.
    """
    if asked <= 0:
        return
    with connection.cursor() as cursor:
        cursor.execute(WAIT_FOR_OTHERS, [bound.token_id])
    moments = list_moments_of(set_by=name_setter(token_id=bound.token_id), since=now - DAY)
    changed, most = len(moments) + bound.count_waiting(), bound.most
    over = changed + asked - most
    if over <= 0:
        return
    told: dict[str, Any] = {"most": most, "changed": changed, "asked": asked}
    if over > len(moments):
        said = _(
            "This token may change %(most)s list prices within 24 hours; %(changed)s are changed"
            " or wait, and this is %(asked)s more. Send fewer, use a token with a higher bound, or"
            " take the list over in the back office."
        )
        raise PriceChangesSpent(said % told, **told)
    until = (moments[over - 1] + DAY).isoformat(timespec="seconds")
    said = _(
        "This token may change %(most)s list prices within 24 hours; %(changed)s are changed"
        " or wait, and this is %(asked)s more. Send it after %(until)s, use a token with a higher"
        " bound, or take the list over in the back office."
    )
    raise PriceChangesSpent(said % {**told, "until": until}, **told, until=until)


def require_meant(prices: Sequence[NewPrice], meant: Meant, now: datetime) -> None:
    """Let new prices through. Raises PricesDoubted, SecondPersonNeeded and PriceChangesSpent.

    What was looked at is what is written: another number of doubtful prices is looked at again.
    """
    if meant.bound is not None:
        asked = sum(one.present_minor is not None for one in prices)
        require_room(meant.bound, asked=asked, now=now)
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
