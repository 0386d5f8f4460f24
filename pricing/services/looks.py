"""Note that public prices were looked at: one entry a page, without anybody's name."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import redis

from pricing.core.arrays import BoolArray
from pricing.core.keys import LOOKS, MOST_PAGES
from pricing.core.looks import LookHeader, encode_looks
from pricing.core.values import QuoteContext
from pricing.metrics import looks_lost_total
from pricing.services.deciding import Page
from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.kernel.clock import epoch_ms

# A Redis that owes a thread so many answers is down.
MOST_UNHEARD = 50


@dataclass(frozen=True, slots=True)
class PageLooks:
    """The looks of a page on their way: a stream entry, and how many there are."""

    fields: Mapping[str, bytes]
    count: int

    def queue(self, pipe: redis.Redis) -> None:
        """Put them on the stream together with what else `pipe` carries."""
        pipe.execute_command(*self.command())

    def command(self) -> tuple[str | bytes | int, ...]:
        """Return the command that puts them on the stream."""
        fields = [part for pair in self.fields.items() for part in pair]
        return ("XADD", LOOKS, "MAXLEN", "~", MOST_PAGES, "*", *fields)

    def lose(self) -> None:
        """Count them as lost: a page does not wait for a Redis that is down."""
        looks_lost_total.labels(reason="redis_down").inc(self.count)


class _Line(threading.local):
    """This thread's own connection for looks: sent at once, answers heard before the next.

    A page has no use for the answer, and waiting for it takes longer than everything else about
    looks, most of all while the processor is busy.
    """

    def __init__(self) -> None:
        self._pool: redis.ConnectionPool | None = None
        self._connection: redis.Connection | None = None
        self._unheard: deque[PageLooks] = deque()

    def send(self, client: redis.Redis, looks: PageLooks) -> None:
        """Send the looks. Raises redis.RedisError; what was not heard of is counted as lost."""
        is_sound, connection = self._hear(), self._connection
        if client.connection_pool is not self._pool or not is_sound or connection is None:
            self._hang_up()
            self._pool = client.connection_pool
            connection = self._pool.connection_class(**self._pool.connection_kwargs)
            self._connection = connection
        try:
            connection.send_command(*looks.command())
        except redis.RedisError:
            self._hang_up()
            raise
        self._unheard.append(looks)

    def _hear(self) -> bool:
        """Hear the answers that have come; return whether the line is in order."""
        try:
            while self._connection is not None and self._connection.can_read(timeout=0):
                self._connection.read_response()
                self._unheard.popleft()
        except (redis.RedisError, IndexError):
            return False
        return self._connection is not None and len(self._unheard) < MOST_UNHEARD

    def _hang_up(self) -> None:
        for looks in self._unheard:
            looks.lose()
        self._unheard.clear()
        if self._connection is not None:
            self._connection.disconnect()
        self._pool = self._connection = None


_line = _Line()


def gather_looks(
    page: Page, context: QuoteContext, *, where: BoolArray | None = None, shopper_id: int = 0
) -> PageLooks | None:
    """Return the looks at the public prices of a page (those in the mask `where`), None if none.

    A price that was decided for a shopper is an exposure with a record of its own and no look. A
    look names its book, whose draws say nothing of a price that a switch has taken back: none.
    """
    if not context.is_look:
        return None
    ids, public = page.terms.variant_id, page.terms.public_minor
    if page.served.taken_back is not None:
        stays = ~page.served.taken_back[page.at]
        where = stays if where is None else where & stays
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
    """Put the looks of a page on the stream without waiting; a dead Redis loses them, counted."""
    if looks is None:
        return
    try:
        with redis_breaker.guard() as client:
            _line.send(client, looks)
    except RedisUnavailable:
        looks.lose()
