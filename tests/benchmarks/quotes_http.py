"""Quotes over HTTP at a fixed rate: what a mobile client waits for 48 personal prices."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor

from tests.benchmarks.measure import Figures, percentiles
from tests.benchmarks.server import Server, serve
from tests.benchmarks.shopping import choose_errand, list_households
from tests.benchmarks.visitors import api_headers

RATE = 200
SECONDS = 20
WARM_SECONDS = 5
CONNECTIONS = 16
TARGETS = {"http_48_p99_ms": ("<=", 15.0)}


def measure() -> Figures:
    """Return latencies of 48 quotes at RATE requests a second, spread over households.

    The requests leave on a fixed timetable, whatever the earlier ones do, and each is timed from
    the moment it was due: a slow server cannot hide by slowing its clients.
    """
    page = list(choose_errand().variant_ids[:48])
    body = json.dumps({"variant_ids": page}).encode()
    shoppers = list_households(400)
    with serve(workers=2, threads=4) as server:
        _send_on_time(server, body, shoppers, WARM_SECONDS)
        durations = _send_on_time(server, body, shoppers, SECONDS)
    p50, p95, p99 = percentiles(durations)
    return {
        "http_requests_per_second": RATE,
        "http_48_p50_ms": p50,
        "http_48_p95_ms": p95,
        "http_48_p99_ms": p99,
    }


def _send_on_time(server: Server, body: bytes, shoppers: list[str], seconds: int) -> list[float]:
    headers = [{**api_headers(each), "Content-Type": "application/json"} for each in shoppers]
    begin = time.perf_counter() + 0.2

    def send(client: int) -> list[float]:
        http, durations = server.connect(), []
        for number in range(client, RATE * seconds, CONNECTIONS):
            due = begin + number / RATE
            time.sleep(max(0.0, due - time.perf_counter()))
            http.request("POST", "/api/v1/quotes", body, headers[number % len(headers)])
            response = http.getresponse()
            response.read()
            durations.append(time.perf_counter() - due)
            if response.status != 200:
                raise SystemExit(f"bench: quotes answered {response.status}")
        return durations

    with ThreadPoolExecutor(CONNECTIONS) as pool:
        return [each for batch in pool.map(send, range(CONNECTIONS)) for each in batch]
