"""A Redis that answers but refuses work, because of its state, counts as one that is away."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
from django.test import Client

from orders.models import Order
from pricing.api import drain_quotes
from pricing.base.core.tokens import LOOKS
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.impressions import LookTally
from profiles.events.services.drain import drain_events
from shop.doors.backoffice.home.health import list_gauges
from shop.ground.jobs.redis import RedisUnavailable, ask_redis, get_patient_redis, redis_breaker
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.services import wake_delivery
from tests.factories.api import API, add, event, expect, make_guest_client, order_cart
from tests.factories.orders import Shelf
from tests.factories.own_valkey import STATES, own_valkey
from tests.fixtures_api import ApiClient

WRITE = ("SET", "x", 1)
SCRIPT = "return redis.call('SET', KEYS[1], '1')"
# How this code base talks to Redis: each must say that Redis is down.
WAYS: dict[str, Callable[[redis.Redis], object]] = {
    "command": lambda client: client.set("x", 1),
    "script": lambda client: client.register_script(SCRIPT)(keys=["x"]),
    "transaction": lambda client: client.pipeline().get("y").set("x", 1).execute(),
    "pipeline": lambda client: client.pipeline(transaction=False).get("y").set("x", 1).execute(),
}
CONTACT = {
    "email": "ann@example.org",
    "name": "Ann Doe",
    "address_line1": "1 Main Street",
    "city": "Springfield",
    "region": "NY",
    "postcode": "12345",
    "delivery": "standard",
    "method": "sandbox-card",
    "place": "1",
}


@pytest.fixture
def valkey(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    with own_valkey(tmp_path, monkeypatch) as admin:
        yield admin


@pytest.fixture(params=STATES)
def refusing(valkey: redis.Redis, request: pytest.FixtureRequest) -> redis.Redis:
    """A server that worked a moment ago and is in one of the states now."""
    assert ask_redis(WRITE) == [b"OK"]
    STATES[request.param](valkey)
    return valkey


def test_every_way_to_write_meets_a_server_that_is_down(refusing: redis.Redis) -> None:
    for name, write in WAYS.items():
        redis_breaker.close()
        with pytest.raises(RedisUnavailable), redis_breaker.guard() as client:
            write(client)
        assert redis_breaker.is_open, name
    redis_breaker.close()
    with pytest.raises(RedisUnavailable):
        ask_redis(("GET", "y"), WRITE, ("EVAL", SCRIPT, 1, "x"))
    redis_breaker.close()
    wake_delivery()  # says nothing: the schedule finds the fact
    assert redis_breaker.is_open
    redis_breaker.close()
    with pytest.raises(JobUnknown, match="queue does not answer"):
        start_job(name="check_runs")


@pytest.mark.parametrize("state", ["NOREPLICAS", "WRONGPASS"])
@pytest.mark.django_db
def test_readiness_and_the_page_of_staff_tell_it(
    valkey: redis.Redis, client: Client, state: str
) -> None:
    assert client.get("/readyz").json()["redis"] == "ok"
    assert list_gauges(utc_now())[0].figure == "answers"
    STATES[state](valkey)
    word, told = {"NOREPLICAS": ("refuses", "refuses writes"), "WRONGPASS": ("down", "down")}[state]
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {"status": "degraded", "database": "ok", "redis": word}
    assert list_gauges(utc_now())[0].figure == told


@pytest.mark.usefixtures("valkey")
def test_our_own_mistakes_are_raised_as_they_are() -> None:
    ask_redis(("SET", "text", "MISCONF NOREPLICAS"))
    wrong: list[Callable[[redis.Redis], object]] = [
        lambda client: client.hget("text", "MISCONF"),
        lambda client: client.pipeline().hget("text", "NOREPLICAS x").execute(),
        lambda client: client.eval("return redis.call('HGET', 'text', 'OOM')", 0),
        lambda client: client.eval("return redis.error_reply('no MISCONF here')", 0),
        lambda client: client.eval("this is no Lua", 0),
    ]
    for make in wrong:
        with pytest.raises(redis.ResponseError), redis_breaker.guard() as client:
            make(client)
        assert not redis_breaker.is_open
    with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
        ask_redis(("HGET", "text", "OOM"))


@pytest.mark.django_db
def test_drains_count_no_restart_of_a_server_that_only_refuses(valkey: redis.Redis) -> None:
    LookTally.objects.create(pk=1, last_entry="1-1", read_pages=1)
    get_patient_redis().xadd(LOOKS, {"h": "x"}, id="1-1")
    STATES["NOREPLICAS"](valkey)
    drains: list[Callable[[], int]] = [
        drain_looks,
        lambda: drain_quotes(limit=10),
        lambda: drain_events(now=utc_now(), limit=10),
    ]
    for drain in drains:
        with pytest.raises(RedisUnavailable):
            drain()
        redis_breaker.close()
    tally = LookTally.objects.get()
    assert (tally.restarts, tally.read_pages, tally.last_entry) == (0, 1, "1-1")


@pytest.mark.django_db
@pytest.mark.usefixtures("refusing")
def test_a_device_orders_and_pays(api: ApiClient, shelf: Shelf) -> None:
    client = make_guest_client(api)
    expect(client.get(f"{API}/home"))
    quotes = expect(client.post(f"{API}/quotes", {"variant_ids": [shelf.cheddar]}))
    assert quotes["prices"][0]["is_personal"] is False
    add(client, shelf.cheddar, quantity=2)
    order = order_cart(client)
    payments = f"{API}/orders/{order['number']}/payments"
    step = expect(client.post(payments, {"method": "sandbox-card"}, Idempotency_Key="pay"))
    assert step["state"] == "succeeded"
    batch = {"events": [event(variant_id=shelf.cheddar)]}
    assert expect(client.post(f"{API}/events/batch", batch), 202)["accepted"] == 1


@pytest.mark.django_db
@pytest.mark.usefixtures("refusing")
def test_a_visitor_orders_and_pays(shelf: Shelf) -> None:
    browser = Client()
    assert browser.get("/").status_code == 200
    assert browser.post("/cart/add/", {"line": f"{shelf.cheddar}:"}).status_code == 302
    assert browser.get("/cart/").status_code == 200
    page = browser.get("/checkout/").content.decode()
    hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
    paid = browser.post("/checkout/", hidden | CONTACT, follow=True)
    assert (paid.status_code, Order.objects.get().status) == (200, "paid")
