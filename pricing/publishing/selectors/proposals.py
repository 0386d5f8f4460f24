"""Read proposed price changes and overrides: the change inbox of staff."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, F, Q, QuerySet

from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.optimum.core import say_why
from pricing.optimum.core.effect import FIGURES
from pricing.publishing.core.changes import Band, OverrideRow, ProposalRow

State = PriceProposal.State
MOST_ROWS = 500
# So many are decided in one transaction: the publisher waits for it.
MOST_AT_ONCE = 2_000
# which -> the changes it means
KINDS = {
    "dearer": Q(final_minor__gt=F("current_minor")),
    "cheaper": Q(final_minor__lt=F("current_minor")),
    "two": Q(needs_two=True),
    "second": Q(needs_two=True, first_by__isnull=False),
}


def list_proposals(
    *,
    now: datetime,
    states: Sequence[str] = ("pending",),
    variant_ids: Sequence[int] | None = None,
    which: str = "",
    language: str = "en",
    before_id: int | None = None,
    limit: int = 50,
    market: str = "us",
    channel: str = "online",
) -> list[ProposalRow]:
    """Return changes in any of `states`, newest first; go on with `before_id`. One query.

    `which` is one of KINDS. A snooze that is over counts as pending. `limit` is at most MOST_ROWS.
    """
    rows = _find(states, which, now, (market, channel))
    if variant_ids is not None:
        rows = rows.filter(variant_id__in=variant_ids)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_read(row, now, language) for row in rows.order_by("-pk")[: min(limit, MOST_ROWS)]]


def list_proposal_ids(
    *,
    now: datetime,
    states: Sequence[str],
    which: str = "",
    limit: int = MOST_AT_ONCE,
    market: str = "us",
    channel: str = "online",
) -> list[int]:
    """Return the ids of what `list_proposals` would list, to decide on all of it. One query."""
    rows = _find(states, which, now, (market, channel)).order_by("-pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def count_kinds(
    *, now: datetime, states: Sequence[str], market: str = "us", channel: str = "online"
) -> dict[str, int]:
    """Return how many changes in any of `states` are of each of KINDS. One query."""
    rows = _find(states, "", now, (market, channel))
    counts: dict[str, int] = rows.aggregate(
        **{name: Count("pk", filter=kind) for name, kind in KINDS.items()}
    )
    return counts


@dataclass(frozen=True, slots=True)
class WaitingChanges:
    """How many changes wait, of all places, and how many of these have one yes of somebody else."""

    pending: int = 0
    second_yes: int = 0


def count_waiting_changes(*, by_id: int, now: datetime) -> WaitingChanges:
    """Return what waits for a decision, and what for the yes of `by_id`. One query."""
    rows = PriceProposal.objects.filter(_in_states([State.PENDING], now))
    found = rows.aggregate(
        pending=Count("pk"), second_yes=Count("pk", filter=KINDS["second"] & ~Q(first_by=by_id))
    )
    return WaitingChanges(**found)


def count_proposals(
    *, now: datetime, market: str = "us", channel: str = "online"
) -> dict[str, int]:
    """Return how many changes are in each state that is still open, and pending ones. One query."""
    # Decided ones are by far the most: without this every published change would be read.
    rows = PriceProposal.objects.filter(
        market_id=market,
        channel=channel,
        state__in=[State.PENDING, State.SNOOZED, State.APPROVED, State.EDITED],
    )
    found: dict[str, int] = rows.aggregate(
        pending=Count("pk", filter=_in_states([State.PENDING], now)),
        snoozed=Count("pk", filter=_in_states([State.SNOOZED], now)),
        approved=Count("pk", filter=Q(state=State.APPROVED)),
        edited=Count("pk", filter=Q(state=State.EDITED)),
    )
    return found


def list_overrides(
    *,
    now: datetime,
    variant_ids: Sequence[int] | None = None,
    only_in_force: bool = True,
    limit: int = 200,
    market: str = "us",
    channel: str = "online",
) -> list[OverrideRow]:
    """Return prices and limits set by hand, newest first; ended ones too if asked. One query."""
    rows = PriceOverride.objects.filter(market_id=market, channel=channel)
    if variant_ids is not None:
        rows = rows.filter(variant_id__in=variant_ids)
    if only_in_force:
        rows = _current(rows, now)
    return [_read_override(row, now) for row in rows.order_by("-pk")[: min(limit, MOST_ROWS)]]


def _current(rows: QuerySet[PriceOverride], now: datetime) -> QuerySet[PriceOverride]:
    is_open = Q(ended_at__isnull=True) | Q(ended_at__gt=now)
    return rows.filter(is_open, starts_at__lte=now, expires_at__gt=now)


def _find(
    states: Sequence[str], which: str, now: datetime, place: tuple[str, str]
) -> QuerySet[PriceProposal]:
    kind = KINDS.get(which, Q())
    return PriceProposal.objects.filter(
        _in_states(states, now), kind, market_id=place[0], channel=place[1]
    )


def _in_states(states: Sequence[str], now: datetime) -> Q:
    plain = [one for one in states if one != State.SNOOZED]
    wanted = Q(state__in=plain)
    if State.PENDING in states:
        wanted |= Q(state=State.SNOOZED, snoozed_until__lte=now)
    if State.SNOOZED in states:
        wanted |= Q(state=State.SNOOZED, snoozed_until__gt=now)
    return wanted


def _read(row: PriceProposal, now: datetime, language: str) -> ProposalRow:
    until = row.snoozed_until
    is_awake = row.state == State.SNOOZED and until is not None and until <= now
    kept = ("market", "state", "candidates", "bound", "relaxed", "badges")
    same = {
        name: getattr(row, name)
        for name in ProposalRow.__slots__
        if name not in kept and hasattr(row, name)
    }
    return ProposalRow(
        **same,
        market=row.market_id,
        state=State.PENDING.value if is_awake else row.state,
        candidates=tuple((int(p), gain, chance) for p, gain, chance in row.candidates),
        effect_share=_bands(row, "share"),
        effect_weekly=_bands(row, "weekly"),
        bound=tuple(row.bound),
        relaxed=tuple(row.relaxed),
        badges=tuple(row.badges),
        why=tuple(say_why(row.bound, row.relaxed, row.badges, language)),
    )


def _bands(row: PriceProposal, kind: str) -> dict[str, Band]:
    found = row.effect.get(kind, {})
    nothing = (None, None, None)
    return {name: tuple(found.get(name, nothing)) for name in FIGURES}


def _read_override(row: PriceOverride, now: datetime) -> OverrideRow:
    is_open = row.ended_at is None or row.ended_at > now
    return OverrideRow(
        id=row.pk,
        variant_id=row.variant_id,
        market=row.market_id,
        channel=row.channel,
        kind=row.kind,
        amount_minor=row.amount_minor,
        starts_at=row.starts_at,
        expires_at=row.expires_at,
        ended_at=row.ended_at,
        reason=row.reason,
        created_by_id=row.created_by_id,
        is_in_force=is_open and row.starts_at <= now < row.expires_at,
    )
