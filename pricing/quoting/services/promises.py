"""Transfer of held quotes at sign-in: a login never raises a price."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any

from pricing.ledger.core.held_quotes import HELD_PLACES, HeldQuote, held_key, pack_held, unpack_held
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import epoch_ms


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
