"""Atomic rate limits in Redis, with a fallback in process memory when Redis is down.

All doors count here: one bucket for each act and client, whichever door is used.

The algorithm is GCRA, a token bucket that needs one number per key: the theoretical arrival time
(TAT) up to which the bucket is spoken for. The same formula runs in Lua and in Python.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from django.conf import settings

from shop.ground.jobs.metrics import limits_total
from shop.ground.jobs.redis import RedisUnavailable, ask_redis
from shop.ground.kernel.addresses import subscriber_of

KEY_PREFIX = "fairtag:limit:"
MICROSECONDS = 1_000_000
MAX_LOCAL_KEYS = 20_000
_PERIODS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}

# KEYS[1]; ARGV: microseconds per request, of a full bucket, cost in requests, 1 to take them.
# Redis' own clock: web servers need not agree on the time.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, capacity, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local tat = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local fresh = tat + interval * cost
if fresh - now > capacity then
  return {0, tat - now, fresh - now - capacity}
end
if ARGV[4] == '1' then
  redis.call('SET', KEYS[1], string.format('%.0f', fresh), 'PX', math.ceil((fresh - now) / 1000))
end
return {1, fresh - now, 0}
"""


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `limit` requests at once, refilled evenly over `seconds`.

    `by` says who is counted: "caller" (account, guest token, else address) or "address".
    """

    name: str
    limit: int
    seconds: int
    by: str = "caller"


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks, as far as a door knows: the login, the guest's pseudonym, the address."""

    account_id: int | None
    pseudonym: str | None
    address: str

    def counted_by(self, policy: Policy) -> str:
        """Return whom `policy` counts: the account, else the guest, else the address."""
        if policy.by == "caller" and self.account_id is not None:
            return f"account:{self.account_id}"
        if policy.by == "caller" and self.pseudonym:
            return f"guest:{self.pseudonym}"
        return f"address:{subscriber_of(self.address)}"

    def take(self, policy: Policy, *, cost: int = 1) -> Verdict:
        """Take `cost` requests of this client from the bucket of `policy`. One Redis call."""
        return take(policy, self.counted_by(policy), cost=cost)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limit said: whether the request may pass, what is left, and when to come back."""

    policy: Policy
    is_allowed: bool
    remaining: int
    reset_seconds: int
    retry_seconds: float


BROWSE = Policy("browse", 3000, 60)
CHANGE = Policy("change", 600, 60)
EVENTS = Policy("events", 1200, 60)
MONEY = Policy("money", 120, 60)
GUEST = Policy("guest", 120, 60, by="address")
# Codes and order numbers are secrets somebody might guess: new tokens buy no new tries.
GUESS = Policy("guess", 20, 600, by="address")
# The same for who has many addresses
CODES = Policy("codes", 30, 600)
# Letters that strangers have the shop send to an address
LETTERS = Policy("letters", 10, 3600, by="address")


def take(policy: Policy, identity: str, *, cost: int = 1) -> Verdict:
    """Take `cost` requests of `identity` from the bucket, all or none. One Redis call.

    Without Redis each process counts alone with its share of the limit, so that all of them
    together let no more through than the limit.
    """
    return _ask(policy, identity, cost, takes=True)


def peek(policy: Policy, identity: str) -> Verdict:
    """Return whether one more request of `identity` would pass; take nothing. One Redis call."""
    return _ask(policy, identity, 1, takes=False)


def _ask(policy: Policy, identity: str, cost: int, *, takes: bool) -> Verdict:
    policy = _configured(policy)
    interval, capacity = _bucket(policy)
    key = f"{KEY_PREFIX}{policy.name}:{_digest(identity)}"
    try:
        [answer] = ask_redis(("EVAL", _TAKE, 1, key, interval, capacity, cost, int(takes)))
    except RedisUnavailable:
        shared = replace(policy, limit=math.ceil(policy.limit / _processes()))
        answer = local_buckets.take(key, *_bucket(shared), cost, takes=takes)
        return _verdict(shared, answer, where="process")
    return _verdict(policy, answer, where="redis")


class LocalBuckets:
    """The same buckets in this process's memory; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tats: dict[str, int] = {}

    def take(
        self, key: str, interval: int, capacity: int, cost: int, *, takes: bool = True
    ) -> tuple[int, int, int]:
        """Return (allowed 0 or 1, spoken-for microseconds, microseconds to wait)."""
        now = time.monotonic_ns() // 1000
        with self._lock:
            tat = max(self._tats.get(key, 0), now)
            fresh = tat + interval * cost
            if fresh - now > capacity:
                return 0, tat - now, fresh - now - capacity
            if not takes:
                return 1, fresh - now, 0
            self._tats[key] = fresh
            if len(self._tats) > MAX_LOCAL_KEYS:
                self._forget_full(now)
            return 1, fresh - now, 0

    def clear(self) -> None:
        """Forget everything (tests)."""
        self._tats.clear()

    def _forget_full(self, now: int) -> None:
        self._tats = {key: tat for key, tat in self._tats.items() if tat > now}
        if len(self._tats) > MAX_LOCAL_KEYS:
            self._tats.clear()


local_buckets = LocalBuckets()


def limit_headers(verdicts: Sequence[Verdict]) -> dict[str, str]:
    """Return RateLimit and RateLimit-Policy (IETF httpapi draft) for what was counted."""
    policies = [f'"{v.policy.name}";q={v.policy.limit};w={v.policy.seconds}' for v in verdicts]
    states = [f'"{v.policy.name}";r={v.remaining};t={v.reset_seconds}' for v in verdicts]
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(states)}


def parse_rate(text: str) -> tuple[int, int]:
    """Return (limit, seconds) of "600/m" or "20/10m".

    >>> parse_rate("20/10m")
    (20, 600)
    """
    limit, _, period = text.partition("/")
    count = period[:-1] or "1"
    try:
        rate = int(limit), int(count) * _PERIODS[period[-1:]]
    except (KeyError, ValueError):
        rate = (0, 0)
    if min(rate) < 1:
        raise ValueError(f"rate {text!r} must look like 600/m or 20/10m (s, m, h or d)")
    return rate


def _configured(policy: Policy) -> Policy:
    rate = settings.API_RATES.get(policy.name)
    return policy if rate is None else _with_rate(policy, rate)


@lru_cache(maxsize=64)
def _with_rate(policy: Policy, rate: str) -> Policy:
    limit, seconds = parse_rate(rate)
    return replace(policy, limit=limit, seconds=seconds)


def _bucket(policy: Policy) -> tuple[int, int]:
    interval = policy.seconds * MICROSECONDS // policy.limit
    return interval, interval * policy.limit


def _verdict(policy: Policy, answer: Sequence[int], *, where: str) -> Verdict:
    is_allowed, spoken_for, wait = answer
    outcome = "allowed" if is_allowed else "refused"
    limits_total.labels(policy=policy.name, outcome=outcome, where=where).inc()
    interval, capacity = _bucket(policy)
    return Verdict(
        policy=policy,
        is_allowed=bool(is_allowed),
        remaining=(capacity - spoken_for) // interval,
        reset_seconds=math.ceil(spoken_for / MICROSECONDS),
        retry_seconds=wait / MICROSECONDS,
    )


def _digest(identity: str) -> str:
    # Addresses and pseudonyms are personal: Redis sees a digest only.
    return hashlib.blake2b(identity.encode(), digest_size=12).hexdigest()


def _processes() -> int:
    return max(1, int(os.environ.get("WEB_CONCURRENCY", "2")))
