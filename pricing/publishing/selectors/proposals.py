"""Read proposed price changes and overrides: the change inbox of staff."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import numpy as np
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.ledger.models.proposals import PriceOverride, PriceProposal
from pricing.optimum.core.explain import say_rule, say_why
from pricing.optimum.core.feasible import FIGURES
from pricing.publishing.core.changes import (
    Band,
    OverrideRow,
    ProposalRow,
    QualityReport,
    QualityRow,
)
from pricing.publishing.core.quality import BADGE_BIT, BADGES, name_badges
from pricing.publishing.selectors.overrides import find_decided, list_on_their_way
from shop.ground.kernel.arrays import unpack_arrays

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


# Who writes into the ledger before there is a book with the price
_SET = Q(source__in=[PriceLedgerEntry.Source.MERCHANT, PriceLedgerEntry.Source.IMPORT])

type Wait = Literal["book", "moment", "steps"]


@dataclass(frozen=True, slots=True)
class LivePrice:
    """`since` when shoppers get the price set last. None while they do not: it `waits_for` a book
    since `at`, for the moment `at` of its book, or for the steps that the guardrails allow."""

    since: datetime | None
    waits_for: Wait | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Book:
    effective_at: datetime
    last_entry: int
    made_at: datetime


def list_live_prices(
    *, variant_ids: Collection[int], now: datetime, market: str, channel: str = "online"
) -> dict[int, LivePrice]:
    """Return how far the prices of variants are; one that never had a price is left out. Five
    queries, however many variants."""
    place = (market, channel)
    scope = {"variant_id__in": variant_ids, "market_id": market, "channel": channel}
    books = _list_books(place)
    live = {row["variant_id"]: _judge(row, books, now) for row in _list_set(scope)}
    made_at = books[-1].made_at if books else now
    decided = find_decided(place=place, now=now, since=made_at, variant_ids=variant_ids)
    for one in list_on_their_way(place=place, now=now, variant_ids=variant_ids):
        live[one] = LivePrice(None, "steps")
    return live | {one: LivePrice(None, "book", at) for one, at in decided.items()}


def _list_books(place: tuple[str, str]) -> Sequence[_Book]:
    """Return the books that are kept, oldest first: some two hundred."""
    rows = PriceBook.objects.filter(market_id=place[0], channel=place[1]).order_by("version")
    columns = ("effective_at", "metrics__notes__ledger", "metrics__notes__priced_at")
    return [
        _Book(at, entry or 0, datetime.fromisoformat(made) if made else at)
        for at, entry, made in rows.values_list(*columns)
    ]


def _list_set(scope: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Return the number and the moment of each variant's last price that somebody set, when it had
    its first, and since when it has its public one."""
    rows = PriceLedgerEntry.objects.filter(**scope).order_by().values("variant_id")
    entry, said_at = Max("id", filter=_SET), Max("valid_from", filter=_SET)
    changed = Coalesce(Max("valid_from", filter=Q(kind="public")), Max("valid_from"))
    moments = {"said_at": said_at, "first": Min("valid_from"), "changed_at": changed}
    return list(rows.annotate(entry=entry, **moments))


def _judge(row: Mapping[str, Any], books: Sequence[_Book], now: datetime) -> LivePrice:
    entry, said_at, changed_at = row["entry"], row["said_at"], row["changed_at"]
    at = changed_at if said_at is None else max(said_at, changed_at)
    # A first price is read from the catalogue until a book holds it.
    if entry is not None and books and said_at != row["first"]:
        held = next((one for one in books if one.last_entry >= entry), None)
        if held is None:
            return LivePrice(None, "book", said_at)
        # Of the oldest that is kept nobody knows whether it was the first to hold it.
        at = at if held is books[0] else max(changed_at, held.effective_at)
    return LivePrice(at) if at <= now else LivePrice(None, "moment", at)


def list_quality(
    *,
    code: str | None = None,
    language: str = "en",
    offset: int = 0,
    limit: int = 50,
    market: str = "us",
    channel: str = "online",
) -> QualityReport:
    """Return variants with a badge (or the badge `code`), by id, and counts by code. One query.

    Badges are found when a book is published; a market without a book has an empty report.
    """
    rows = PriceBook.objects.filter(market_id=market, channel=channel, is_current=True)
    packed = rows.values_list("arrays", flat=True).first()
    arrays = {} if packed is None else unpack_arrays(packed)
    if "badges" not in arrays:
        return QualityReport((), 0, {})
    bits, variant_id = arrays["badges"], arrays["variant_id"]
    wanted = -1 if code is None else BADGE_BIT.get(code, 0)
    where = np.flatnonzero(bits & wanted)
    page = where[offset : offset + limit]
    return QualityReport(
        rows=tuple(
            _row(int(variant_id[at]), name_badges(int(bits[at])), language) for at in page.tolist()
        ),
        total=len(where),
        counts={name: int(np.count_nonzero(bits & BADGE_BIT[name])) for name in BADGES},
    )


def _row(variant_id: int, codes: tuple[str, ...], language: str) -> QualityRow:
    sentences = tuple(say_rule(f"badge:{code}", language) for code in codes)
    return QualityRow(variant_id, codes, sentences)
