"""The one gate of list prices: whatever door they come through, doubtful ones must be meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pricing.base.core.values import BoolArray, IntArray
from pricing.ledger.selectors.references import list_moments_of
from pricing.optimum.core.monitoring import Breach
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.core.values import (
    BELOW_COST,
    Doubt,
    Meant,
    NewPrice,
    TokenBound,
    doubt_price,
    name_setter,
)
from pricing.publishing.services.breakers import QUIET, Action, end_trips, trip_breaker
from pricing.publishing.services.feeds import find_held
from pricing.publishing.services.publish_context import PublishContext
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


KINDS = ("step", "margin", "number", "posterior")
# A trip names so many variants; its figures say how many there were.
MOST_NAMED = 200


@dataclass(frozen=True, slots=True)
class Screens:
    """What the screen has to know: trips that are open or were undone of late, the rules that staff
    undid within a day, and where (m,) a feed is silent."""

    rows: tuple[BreakerTrip, ...]
    quiet: frozenset[str]
    is_silent: BoolArray


def load_screens(variant_id: IntArray, context: PublishContext) -> Screens:
    """Return what the screen of a draft has to know. Two queries, two more while costs are silent.

    What staff undid within a day passes, but for numbers that are none. While a feed is silent,
    none of the model's moves is made, but of products whose cost staff have typed since.
    """
    market, now = context.place[0], context.now
    trips = BreakerTrip.objects.filter(kind__in=KINDS, scope="market", key=market)
    rows = tuple(
        trips.filter(undone_at__gt=now - QUIET)
        | trips.filter(undone_at__isnull=True, over_at__isnull=True)
    )
    return Screens(
        rows=rows,
        quiet=frozenset(row.kind for row in rows if row.undone_at is not None) - {"number"},
        is_silent=find_held(market=market, variant_id=variant_id, now=now),
    )


def report_breaches(
    screens: Screens,
    breaches: tuple[Breach, ...],
    terms: VariantTerms,
    moves: BoolArray,
    context: PublishContext,
) -> None:
    """Open a trip for each rule that a draft breaks and end those that are broken no longer; two
    queries for each new trip. A dry run writes nothing."""
    if context.is_dry:
        return
    _end_over(screens.rows, breaches, terms, context.now)
    standing = tuple(one for one in breaches if one.kind not in screens.quiet)
    _trip(standing, terms, moves, context)


def _end_over(
    rows: Iterable[BreakerTrip], breaches: tuple[Breach, ...], terms: VariantTerms, now: datetime
) -> None:
    broken = {breach.kind for breach in breaches}
    looked_at = set(terms.variant_id.tolist())
    over = [
        row.pk
        for row in rows
        if row.undone_at is None
        and row.kind not in broken
        and looked_at.issuperset(row.evidence.get("variants", []))
    ]
    if over:
        end_trips(BreakerTrip.objects.filter(pk__in=over), now=now)


def _trip(
    standing: tuple[Breach, ...], terms: VariantTerms, moves: BoolArray, context: PublishContext
) -> None:
    for breach in standing:
        ids = terms.variant_id[breach.where].tolist()
        trip_breaker(
            kind=breach.kind,
            scope="market",
            key=context.place[0],
            action=Action.HELD,
            evidence={"variants": ids[:MOST_NAMED], "count": len(ids), "moves": int(moves.sum())},
            now=context.now,
        )
