"""Count which products pages showed together: in the transaction that counts their looks.

A set of products that a day has seen once may be the page of one person: of these a sample is kept,
the rest is only counted. Which sets a day has seen is told by bits in Redis; should it lose them, a
set waits for its next page.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
import redis
from django.db import connection

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.tokens import SEEN_SETS
from pricing.ledger.core.exposures import MOST_GOODS, SAMPLE_AN_HOUR, hash_products, split_page
from pricing.ledger.models.impressions import LookTally
from shop.ground.catalog.selectors import load_variant_arrays

# 2 MiB a day and place: of 160,000 sets a hundredth would be taken for seen.
BITS = 2**24
KEEP_BITS_MS = 48 * HOUR_MS
DAY_HOURS = 24

_NAMES = "hour, market_code, channel, book_version, set_hash, variant_ids, pages"
_CREATE = "CREATE TEMPORARY TABLE incoming_set (LIKE pricing_publiclookset)"
_COPY = f"COPY incoming_set ({_NAMES}) FROM STDIN"
_ADD = f"""
INSERT INTO pricing_publiclookset AS known ({_NAMES}) SELECT {_NAMES} FROM incoming_set
ON CONFLICT (hour, market_code, channel, book_version, set_hash)
DO UPDATE SET pages = known.pages + EXCLUDED.pages
"""  # noqa: S608  # only column names of this module are put in


class ShownPage(NamedTuple):
    """The products of a page and what it was made from; `hour` since the epoch."""

    hour: int
    market: str
    channel: str
    book_version: int
    variants: tuple[int, ...]


class _Set(NamedTuple):
    hour: int
    market: str
    channel: str
    book_version: int
    goods: tuple[int, ...]


def count_sets(pages: Mapping[ShownPage, int], client: redis.Redis, tally: LookTally) -> None:
    """Add the sets of products on `pages`, each shown so often, to their table.

    `tally` says how many new sets the hour has taken, and how often one was left out; the caller
    saves it.
    """
    sets = _split(pages)
    sizes = {found for found in sets if len(found.goods) > MOST_GOODS}
    tally.left_out_sets += sum(sets.pop(found) for found in sizes)
    if sets:
        _add(_keep_known(sets, client, tally))


def _split(pages: Mapping[ShownPage, int]) -> Counter[_Set]:
    shown = np.unique(np.fromiter((one for page in pages for one in page.variants), dtype=np.int64))
    known = load_variant_arrays()
    at = np.minimum(np.searchsorted(known.variant_id, shown), max(len(known.variant_id) - 1, 0))
    at = at[known.variant_id[at] == shown] if len(known.variant_id) else at[:0]
    category_of = dict(
        zip(known.variant_id[at].tolist(), known.category_id[at].tolist(), strict=True)
    )
    sets: Counter[_Set] = Counter()
    for page, count in pages.items():
        for products in split_page(page.variants, category_of):
            sets[_Set(*page[:4], products)] += count
    return sets


def _keep_known(sets: Mapping[_Set, int], client: redis.Redis, tally: LookTally) -> dict[_Set, int]:
    """Return the sets that their day has seen before, and a sample of the others."""
    days: Counter[tuple[int, str, str, tuple[int, ...]]] = Counter()
    for found, pages in sets.items():
        days[_day_of(found)] += pages
    seen_before = _mark_seen(list(days), client)
    kept: dict[_Set, int] = {}
    for found in sorted(sets):
        day = _day_of(found)
        if days[day] > 1 or day in seen_before or _has_room(tally, found.hour):
            kept[found] = sets[found]
        else:
            tally.left_out_sets += 1
    return kept


def _day_of(found: _Set) -> tuple[int, str, str, tuple[int, ...]]:
    return found.hour // DAY_HOURS, found.market, found.channel, found.goods


def _has_room(tally: LookTally, hour: int) -> bool:
    """Take one of the places that an hour has for sets nobody has seen yet."""
    moment = _moment(hour)
    if tally.set_hour is None or moment > tally.set_hour:
        tally.set_hour, tally.new_sets = moment, 0
    tally.new_sets += 1
    return tally.new_sets <= SAMPLE_AN_HOUR


def _mark_seen(
    days: Iterable[tuple[int, str, str, tuple[int, ...]]], client: redis.Redis
) -> set[tuple[int, str, str, tuple[int, ...]]]:
    """Return the sets that were marked before, and mark all."""
    by_day: dict[tuple[int, str, str], list[tuple[int, ...]]] = {}
    for day, market, channel, products in days:
        by_day.setdefault((day, market, channel), []).append(products)
    seen = set()
    for place, groups in by_day.items():
        key = SEEN_SETS + ":".join(map(str, place))
        bits = client.bitfield(key)
        for products in groups:
            bits.set("u1", hash_products(products) % BITS, 1)
        before: Any = bits.execute()
        client.pexpire(key, KEEP_BITS_MS)
        seen |= {(*place, products) for products, bit in zip(groups, before, strict=True) if bit}
    return seen


def _add(sets: Mapping[_Set, int]) -> None:
    if not sets:
        return
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for found, pages in sets.items():
                row = (_moment(found.hour), *found[1:4], hash_products(found.goods))
                copy.write_row((*row, list(found.goods), pages))
        cursor.execute(_ADD)
        # Dropped at once, not on commit: the caller's transaction may count twice.
        cursor.execute("DROP TABLE incoming_set")


def _moment(hour: int) -> datetime:
    return datetime.fromtimestamp(hour * HOUR_MS // 1000, UTC)
