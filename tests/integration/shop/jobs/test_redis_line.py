"""The short way to Redis: its answers, broken connections replaced, no answer mixed up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from shop.ground.jobs import redis as door
from shop.ground.jobs.redis import RedisUnavailable, ask_redis


def test_answers_come_in_the_order_of_the_commands(clean_redis: redis.Redis) -> None:
    clean_redis.hset("h", mapping={"a": 1, "b": 2})
    assert ask_redis(("SET", "x", 7), ("GET", "x"), ("GET", "y")) == [b"OK", b"7", None]
    hashes = ("HMGET", "h", "b", b"c", "a"), ("HGETALL", "h"), ("HGETALL", "nothing")
    assert ask_redis(*hashes) == [[b"2", None, b"1"], clean_redis.hgetall("h"), {}]


def test_a_connection_that_was_closed_meanwhile_is_replaced(clean_redis: redis.Redis) -> None:
    for _ in range(2):
        [number] = ask_redis(("CLIENT", "ID"))
        assert clean_redis.client_kill_filter(_id=number) == 1
        assert ask_redis(("GET", "x")) == [None]


def test_a_refused_command_leaves_the_line_in_order(clean_redis: redis.Redis) -> None:
    clean_redis.set("x", "text")
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        ask_redis(("GET", "x"), ("HMGET", "x", "a"), ("GET", "x"))
    assert ask_redis(("GET", "x")) == [b"text"]


def test_a_late_answer_is_not_taken_for_the_next(clean_redis: redis.Redis) -> None:
    clean_redis.set("x", "mine")
    with pytest.raises(RedisUnavailable):  # the answer takes longer than a page may wait
        ask_redis(("BLPOP", "nothing", 1))
    door.redis_breaker.close()
    assert ask_redis(("GET", "x")) == [b"mine"]


def test_threads_do_not_share_a_line(clean_redis: redis.Redis) -> None:
    def echo(thread: int) -> bool:
        return all(
            ask_redis(("ECHO", f"{thread}:{one}")) == [f"{thread}:{one}".encode()]
            for one in range(200)
        )

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(echo, range(4)))


def test_a_dead_redis_opens_the_breaker_until_it_returns(
    monkeypatch: pytest.MonkeyPatch, clean_redis: redis.Redis
) -> None:
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        with pytest.raises(RedisUnavailable):
            ask_redis(("GET", "x"))
        assert door.redis_breaker.is_open
    door.redis_breaker.close()
    assert ask_redis(("PING",)) == [b"PONG"]
