"""Since when shoppers get the price that was set last, or what it waits for."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django.db.models import Max, Min, Q
from django.db.models.functions import Coalesce

from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.publishing.selectors.overrides import find_decided, list_on_their_way

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
