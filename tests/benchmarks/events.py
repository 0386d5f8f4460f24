"""Events over HTTP: how many are accepted a second, and how soon the next quote knows."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from pricing.api import quote_variants
from profiles.events.services.drain import drain_events
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.ids import uuid7
from tests.benchmarks.measure import Figures, percentiles
from tests.benchmarks.server import Server, serve
from tests.benchmarks.shopping import choose_errand, list_households, quote_context
from tests.benchmarks.visitors import api_headers

BATCH = 100
BATCHES = 200
CLIENTS = 4
TARGETS = {"accepted_per_second": (">=", 2_000.0), "event_to_quote_p99_ms": ("<=", 250.0)}


def measure() -> Figures:
    """Return accepted events a second, latencies, and rows a second drained into the table."""
    errand = choose_errand()
    with serve(workers=2, threads=4) as server:
        accepted, seconds, durations = _send_batches(server, list(errand.variant_ids[:50]))
        delays = [_event_to_quote(server, errand.variant_ids[:48]) for _ in range(100)]
    started = time.perf_counter()
    drained = 0
    while batch := drain_events(limit=5_000, now=utc_now()):
        drained += batch
    rate = round(drained / max(time.perf_counter() - started, 1e-9))
    p50, p95, p99 = percentiles(durations)
    delay_p50, _, delay_p99 = percentiles(delays)
    return {
        "accepted_per_second": round(accepted / seconds),
        "batch_100_p50_ms": p50,
        "batch_100_p95_ms": p95,
        "batch_100_p99_ms": p99,
        "event_to_quote_p50_ms": delay_p50,
        "event_to_quote_p99_ms": delay_p99,
        # A running demo's worker takes them first: a rate of what it left would say nothing.
        "drained_rows_per_second": rate if drained > BATCH * BATCHES // 2 else "the demo took them",
    }


def _send_batches(server: Server, variants: list[int]) -> tuple[int, float, list[float]]:
    shoppers = list_households(BATCHES)
    bodies = [_batch(variants) for _ in range(BATCHES)]

    def send(client: int) -> tuple[int, list[float]]:
        http, accepted, durations = server.connect(), 0, []
        for number in range(client, BATCHES, CLIENTS):
            started = time.perf_counter()
            http.request(
                "POST",
                "/api/v1/events/batch",
                bodies[number],
                {**api_headers(shoppers[number]), "Content-Type": "application/json"},
            )
            response = http.getresponse()
            answer = json.loads(response.read())
            durations.append(time.perf_counter() - started)
            accepted += int(answer.get("accepted", 0))
        return accepted, durations

    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        results = list(pool.map(send, range(CLIENTS)))
    seconds = time.perf_counter() - started
    return (
        sum(accepted for accepted, _ in results),
        seconds,
        [each for _, durations in results for each in durations],
    )


def _batch(variants: list[int]) -> bytes:
    now = datetime.now(tz=UTC).isoformat()  # noqa: TID251  # a client reads its own clock
    events = [
        {"id": str(uuid7()), "kind": "view", "occurred_at": now, "variant_id": variant}
        for variant in (variants * BATCH)[:BATCH]
    ]
    return json.dumps({"events": events}).encode()


def _event_to_quote(server: Server, page: tuple[int, ...]) -> float:
    """Return seconds from sending three views until this process can quote with them in mind."""
    pseudonym = list_households(1)[0]
    http = server.connect()
    started = time.perf_counter()
    http.request(
        "POST",
        "/api/v1/events/batch",
        _batch(list(page[:3])),
        {**api_headers(pseudonym), "Content-Type": "application/json"},
    )
    http.getresponse().read()
    quote_variants(context=quote_context(pseudonym), variant_ids=page)
    return time.perf_counter() - started
