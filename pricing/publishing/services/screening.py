"""The shell of the screen of public prices: what staff have undone, and the trips of its rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.optimum.core.monitoring import Breach
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import QUIET, Action, end_trips, trip_breaker
from pricing.publishing.services.feeds import find_held
from pricing.publishing.services.publish_context import PublishContext

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
    none of the model's moves is made, but of goods whose cost staff have typed since.
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
