"""Revert randomized and experiment prices together with a kill switch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from pricing.base.core.price_points import share_down
from pricing.base.core.values import BoolArray
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.core.offered import HELD_PLACES, HeldQuote, held_key, pack_held, unpack_held
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.proposals import PriceProposal
from pricing.policy.models.policy import KillSwitch
from pricing.policy.selectors import load_emergency_caps
from pricing.quoting.models.returns import ChanceReturn
from pricing.quoting.selectors.pages import INSTANT, Served
from pricing.quoting.selectors.returns import (
    EXPERIMENT,
    SHOCK,
    Moved,
    list_unsettled,
    load_moved,
    newest_flip,
)
from pricing.quoting.selectors.serving import renew_serving
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.arrays import unpack_arrays
from shop.ground.kernel.clock import epoch_ms
from shop.ground.outbox.services import write_fact

# Every process asks twice a second: by then all have heard, and turn the page at one instant.
HEARD = timedelta(milliseconds=900)
# A turn of an experiment is published some seconds ahead: what its book ends may still be shown.
AHEAD = timedelta(seconds=30)

_CAUSES = {SHOCK: PriceProposal.Cause.SHOCK, EXPERIMENT: PriceProposal.Cause.ARM}
# Variant, its price before and without chance, and what the ledger calls that.
_Taken = tuple[int, int, int, str]

_LOCK = "SELECT pg_advisory_xact_lock(hashtext('pricing_killswitch'))"
_TAKEN = """
WITH taken AS (
    SELECT * FROM unnest(%(ids)s::bigint[], %(minors)s::integer[], %(sources)s::varchar[])
        AS t (variant_id, minor, source)
), told AS (
    INSERT INTO pricing_priceledgerentry
        (variant_id, market_id, channel, kind, amount_minor, valid_from, source)
    SELECT variant_id, %(market)s, %(channel)s, 'public', minor, %(at)s, source FROM taken
    ON CONFLICT DO NOTHING
)
UPDATE pricing_publicprice p SET public_minor = t.minor, changed_at = %(at)s
FROM taken t
WHERE %(is_current)s AND p.variant_id = t.variant_id
    AND p.market_id = %(market)s AND p.channel = %(channel)s
"""


class Flipped(Exception):
    """A switch was flipped while prices were made that do not know of it."""


def lock_switches() -> None:
    """Serialize switch changes until the transaction ends; block price books built before them."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)


def refuse_if_flipped(since: int) -> None:
    """Raise Flipped if a switch was flipped after the flip `since`; from here on none is before the
    transaction ends."""
    lock_switches()
    if newest_flip() != since:
        raise Flipped


def take_chance_back(*, switch: KillSwitch, now: datetime) -> int:
    """Write down what books ask without chance for products that the switch stops; return how many
    prices.

    In the flip's transaction, under its lock. The price is the one that chance found, inside the
    book's floor; in an emergency nothing rises by it. It holds HEARD after `now`, on a book still
    to come as soon as that holds, however short ago the price changed. Up to three queries a place,
    two more if there is anything.
    """
    found, holds_from = list[tuple[Served, list[_Taken]]](), now + HEARD
    for place, pages in renew_serving().books.items():
        moved = load_moved(place=place, since=now - AHEAD)
        if not moved:
            continue
        is_emergency = bool(load_emergency_caps(market=place[0], now=now))
        for page in _list_shown(pages, holds_from):
            is_newest = page.published.version == pages[0].published.version
            known = {one: _newest(spells, is_newest) for one, spells in moved.items()}
            stopped = page.book.untested_by(switch.scope, switch.key, place[0])
            found.append((page, list(_find_taken(page, stopped, known, is_emergency))))
    _write(switch, [(page, taken) for page, taken in found if taken], holds_from)
    return sum(len(taken) for _, taken in found)


def settle_returns(*, place: tuple[str, str], now: datetime) -> int:
    """Tell ledger and public prices of a place what switches took back, dated when it held; return
    how many prices.

    In the publisher's transaction, before it looks at anything: what is told is dirty then. One
    query, five for each flip. Fact PublicPricesChanged.
    """
    unsettled = list_unsettled(place=place)
    for row in unsettled:
        _settle(row, place)
    ChanceReturn.objects.filter(pk__in=[row.pk for row in unsettled]).update(settled_at=now)
    if unsettled:
        payload = {"version": unsettled[-1].book.version, "market": place[0], "channel": place[1]}
        write_fact(kind="PublicPricesChanged", payload=payload, occurred_at=now)
    return sum(len(row.variant_ids) for row in unsettled)


def _list_shown(pages: Sequence[Served], moment: datetime) -> list[Served]:
    """Return the pages that are in force at a moment or after it, the newest of each book."""
    newest: dict[int, Served] = {}
    for page in pages:
        newest.setdefault(page.published.version, page)
        if page.effective_at <= moment:
            break
    return list(newest.values())


def _newest(spells: Sequence[Moved], is_newest: bool) -> list[Moved]:
    """Return the spells that may be on a page; on the newest book only what runs."""
    return [one for one in spells if not (is_newest and one.is_over)]


def _find_taken(
    page: Served,
    stopped: BoolArray | bool,
    moved: Mapping[int, Sequence[Moved]],
    is_emergency: bool,
) -> Iterator[_Taken]:
    """Yield what is taken back on a page: where the price is the one that chance or an arm set."""
    terms, ids = page.book.terms, np.array(list(moved), dtype=np.int64)
    at, is_there = page.book.find(ids)
    is_there &= np.broadcast_to(stopped, len(terms))[at] if len(terms) else False
    for variant, row in zip(ids[is_there].tolist(), at[is_there].tolist(), strict=True):
        price, floor = int(terms.public_minor[row]), int(terms.floor_minor[row])
        spell = next((one for one in moved[variant] if one.set_minor == price), None)
        if spell is None:
            continue
        calm = max(spell.base_minor, floor)
        if calm != price and not (is_emergency and calm > price):
            yield variant, price, calm, spell.source


def _write(
    switch: KillSwitch, found: Sequence[tuple[Served, list[_Taken]]], holds_from: datetime
) -> None:
    if not found:
        return
    books = PriceBook.objects.filter(version__in=[page.published.version for page, _ in found])
    keys = dict(books.values_list("version", "pk"))
    ChanceReturn.objects.bulk_create(
        ChanceReturn(
            book_id=keys[page.published.version],
            switch=switch,
            holds_from=max(holds_from, page.effective_at + INSTANT),
            variant_ids=[one[0] for one in taken],
            before_minors=[one[1] for one in taken],
            public_minors=[one[2] for one in taken],
            sources=[one[3] for one in taken],
        )
        for page, taken in reversed(found)
    )


def _settle(row: ChanceReturn, place: tuple[str, str]) -> None:
    """Write what a return did to the ledger, to the prices of now and to what moved them."""
    told: dict[str, Any] = {
        "market": place[0],
        "channel": place[1],
        "at": row.holds_from,
        "ids": row.variant_ids,
        "minors": row.public_minors,
        "sources": row.sources,
        "is_current": row.book.is_current,
    }
    with connection.cursor() as cursor:
        cursor.execute(_TAKEN, told)
    if row.book.is_current:
        PriceShock.objects.filter(
            variant_id__in=row.variant_ids,
            market_id=place[0],
            channel=place[1],
            ended_at__isnull=True,
        ).update(ended_at=row.holds_from)
    _note_changes(row, place)


def _note_changes(row: ChanceReturn, place: tuple[str, str]) -> None:
    """Keep each change as others are kept, with what bound the price in its book."""
    arrays = unpack_arrays(row.book.arrays)
    at = np.searchsorted(arrays["variant_id"], np.array(row.variant_ids, dtype=np.int64))
    ceiling = share_down(arrays["list_minor"][at], 1.0 + row.book.policy.ceiling_over_list)
    floor, columns = arrays["floor_minor"][at], (row.before_minors, row.public_minors, row.sources)
    PriceProposal.objects.bulk_create(
        PriceProposal(
            variant_id=variant,
            market_id=place[0],
            channel=place[1],
            created_at=row.holds_from,
            state=PriceProposal.State.PUBLISHED,
            cause=_CAUSES[source],
            current_minor=before,
            proposed_minor=after,
            final_minor=after,
            floor_minor=least,
            ceiling_minor=max(most, least),
            objective=row.book.policy.objective,
            policy_version=row.book.policy.version,
            model_version=row.book.model_version_id or 0,
            book_version=row.book.version,
        )
        for variant, before, after, source, least, most in zip(
            row.variant_ids, *columns, floor.tolist(), ceiling.tolist(), strict=True
        )
    )


def carry_promises(*, former: str, pseudonym: str, now: datetime) -> int:
    """Give the discounts promised to `former` to `pseudonym` as well; return how many.

    Called when a guest becomes the shopper of a login. Of two promises for a variant the lower
    price stays. A carried promise counts as expired now, so the next quote is the new owner's own,
    signed for them, at a price that is not higher. With Redis down nothing is carried, and
    everybody pays the public price anyway.
    """
    carried, now_ms = 0, epoch_ms(now)
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        places: Any = client.smembers(HELD_PLACES)
        for place in places:
            market, _, channel = place.decode().partition(":")
            source = held_key(market, channel, former)
            target = held_key(market, channel, pseudonym)
            theirs: Any = client.hgetall(source)
            own: Any = client.hgetall(target)
            lower = {
                name: pack_held(replace(quote, expires_ms=min(quote.expires_ms, now_ms)))
                for name, value in theirs.items()
                if (quote := unpack_held(value)) and _is_lower(quote, unpack_held(own.get(name)))
            }
            if lower:
                client.hset(target, mapping=lower)
                client.pexpire(target, max(client.pttl(source), client.pttl(target)))
                carried += len(lower)
    return carried


def _is_lower(quote: HeldQuote, other: HeldQuote | None) -> bool:
    return other is None or quote.quoted_minor < other.quoted_minor
