"""The bucket in process memory counts exactly; rates are read or refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.ground.jobs.limits import LocalBuckets, Policy, Verdict, limit_headers, parse_rate

HOUR = 3_600_000_000


def test_a_thousand_parallel_requests_pass_exactly_a_hundred_times() -> None:
    buckets = LocalBuckets()
    interval = HOUR // 100

    def ask(_: int) -> int:
        return buckets.take("alice", interval, interval * 100, 1)[0]

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(ask, range(1_000))) == 100


def test_keys_are_counted_apart_and_a_refusal_takes_nothing() -> None:
    buckets = LocalBuckets()
    interval = HOUR // 2
    assert [buckets.take("alice", interval, HOUR, 1)[0] for _ in range(3)] == [1, 1, 0]
    assert buckets.take("bob", interval, HOUR, 2)[0] == 1
    is_allowed, spoken_for, wait = buckets.take("alice", interval, HOUR, 1)
    assert is_allowed == 0
    assert spoken_for == pytest.approx(HOUR, rel=0.01)
    assert wait == pytest.approx(interval, rel=0.01)


def test_a_cost_is_taken_whole_or_not_at_all() -> None:
    buckets = LocalBuckets()
    interval = HOUR // 10
    assert buckets.take("alice", interval, HOUR, 8)[0] == 1
    assert buckets.take("alice", interval, HOUR, 3)[0] == 0
    assert buckets.take("alice", interval, HOUR, 2)[0] == 1


@pytest.mark.parametrize(
    ("rate", "expected"), [("600/m", (600, 60)), ("20/10m", (20, 600)), ("1/d", (1, 86_400))]
)
def test_rates_are_read(rate: str, expected: tuple[int, int]) -> None:
    assert parse_rate(rate) == expected


@pytest.mark.parametrize("rate", ["", "600", "m/600", "0/m", "-5/m", "5/0m", "5/x", "5/"])
def test_a_wrong_rate_is_one_clear_sentence(rate: str) -> None:
    with pytest.raises(ValueError, match="must look like 600/m"):
        parse_rate(rate)


def test_headers_name_every_policy_that_counted() -> None:
    verdicts = [
        Verdict(
            Policy("browse", 3000, 60),
            is_allowed=True,
            remaining=2999,
            reset_seconds=1,
            retry_seconds=0.0,
        ),
        Verdict(
            Policy("guess", 20, 600),
            is_allowed=True,
            remaining=19,
            reset_seconds=30,
            retry_seconds=0.0,
        ),
    ]
    assert limit_headers(verdicts) == {
        "RateLimit-Policy": '"browse";q=3000;w=60, "guess";q=20;w=600',
        "RateLimit": '"browse";r=2999;t=1, "guess";r=19;t=30',
    }
