"""Note that public prices were looked at: one entry a page, without anybody's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import redis

from pricing.core.arrays import BoolArray
from pricing.core.keys import LOOKS, MOST_PAGES
from pricing.core.looks import LookHeader, encode_looks
from pricing.core.values import QuoteContext
from pricing.metrics import looks_lost_total
from pricing.services.deciding import Page
from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.kernel.clock import epoch_ms


@dataclass(frozen=True, slots=True)
class PageLooks:
    """The looks of a page on their way: a stream entry, and how many there are."""

    fields: Mapping[str, bytes]
    count: int

    def queue(self, pipe: redis.Redis) -> None:
        """Put them on the stream, alone or with what else `pipe` carries."""
        fields: dict[Any, Any] = dict(self.fields)
        pipe.xadd(LOOKS, fields, maxlen=MOST_PAGES, approximate=True)

    def lose(self) -> None:
        """Count them as lost: a page does not wait for a Redis that is down."""
        looks_lost_total.labels(reason="redis_down").inc(self.count)


def gather_looks(
    page: Page, context: QuoteContext, *, where: BoolArray | None = None, shopper_id: int = 0
) -> PageLooks | None:
    """Return the looks at the public prices of a page (those in the mask `where`), None if none.

    A price that was decided for a shopper is an exposure with a record of its own and no look.
    """
    if not context.is_look:
        return None
    ids, public = page.terms.variant_id, page.terms.public_minor
    if where is not None:
        ids, public = ids[where], public[where]
    if not len(ids):
        return None
    header = LookHeader(
        market=page.place.market,
        channel=page.place.channel,
        policy_version=page.policy.version,
        book_version=page.book.version,
        now_ms=epoch_ms(context.now),
        shopper_id=shopper_id,
    )
    return PageLooks(encode_looks(header, ids, public), len(ids))


def send_looks(looks: PageLooks | None) -> None:
    """Put the looks of a page on the stream in one round trip; a dead Redis loses them, counted."""
    if looks is None:
        return
    try:
        with redis_breaker.guard() as client:
            looks.queue(client)
    except RedisUnavailable:
        looks.lose()
