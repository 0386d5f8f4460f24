"""Pages over HTTP: CPU per request one at a time, SQL per request, latency at concurrency 8."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.benchmarks.measure import Figures, percentiles
from tests.benchmarks.server import Server, getter, serve
from tests.benchmarks.shopping import Errand, choose_errand
from tests.benchmarks.visitors import (
    add_by_api,
    add_by_page,
    api_headers,
    cart_adder,
    html_headers,
)

REQUESTS = 300
CONCURRENT_REQUESTS = 1_600
CONCURRENCY = 8
ADDITIONS = {"cart_add_html": add_by_page, "cart_add_json": add_by_api}
TARGETS = {
    "category_html_cpu_ms": ("<=", 15.0),
    "category_json_cpu_ms": ("<=", 8.0),
    "product_html_cpu_ms": ("<=", 12.0),
    "product_json_cpu_ms": ("<=", 6.0),
    "search_html_cpu_ms": ("<=", 12.0),
    "cart_add_html_cpu_ms": ("<=", 25.0),
    "category_concurrent_p95_ms": ("<=", 100.0),
}


def measure() -> Figures:
    """Return CPU milliseconds and SQL statements per page, and latency under concurrency."""
    errand = choose_errand()
    figures: Figures = {}
    pages = _list_pages(errand)
    with serve(workers=1, threads=1) as server:
        for name, make in ADDITIONS.items():
            add = cart_adder(server.connect(), errand, make)
            figures[f"{name}_cpu_ms"] = _cpu_per_request(server, add)
        # The cart of five lines is there now.
        for name, (path, headers) in pages.items():
            figures[f"{name}_cpu_ms"] = _cpu_per_request(server, getter(path, headers))
    for name, (path, headers) in pages.items():
        figures[f"{name}_sql"] = _count_sql(path, headers)
    for name, make in ADDITIONS.items():
        one = make(errand.pseudonym, errand.variant_ids[0])
        figures[f"{name}_sql"] = _count_sql(one.path, one.headers, one.body)
    with serve(workers=2, threads=4) as server:
        path, headers = pages["category_html"]
        durations, seconds = _load(server, path, headers)
        p50, p95, p99 = percentiles(durations)
        figures |= {
            "category_concurrent_p50_ms": p50,
            "category_concurrent_p95_ms": p95,
            "category_concurrent_p99_ms": p99,
            "category_requests_per_second": round(len(durations) / seconds),
        }
    return figures


def _list_pages(errand: Errand) -> dict[str, tuple[str, Mapping[str, str]]]:
    html, json = html_headers(errand.pseudonym), api_headers(errand.pseudonym)
    return {
        "category_html": (f"/c/{errand.category_path}/", html),
        "category_json": (f"/api/v1/categories/{errand.category_path}", json),
        "product_html": (f"/p/{errand.product_slug}/", html),
        "product_json": (f"/api/v1/products/{errand.product_slug}", json),
        "search_html": ("/search/?q=cheese", html),
        "search_json": ("/api/v1/search?q=cheese", json),
        "cart_html": ("/cart/", html),
        "cart_json": ("/api/v1/cart", json),
    }


def _count_sql(path: str, headers: Mapping[str, str], body: str | None = None) -> int:
    client = Client(headers={**headers, "host": "localhost"})
    for _ in range(3):  # in-process caches are warm after the first
        with CaptureQueriesContext(connection) as queries:
            if body is None:
                response = client.get(path)
            else:
                response = client.post(path, body, content_type=headers["Content-Type"])
    if response.status_code not in (200, 201):
        raise SystemExit(f"bench: {path} answered {response.status_code}")
    return len(queries)


def _cpu_per_request(server: Server, request: Callable[[HTTPConnection], None]) -> float:
    http = server.connect()
    for _ in range(20):
        request(http)
    before = server.cpu_seconds()
    for _ in range(REQUESTS):
        request(http)
    return round((server.cpu_seconds() - before) / REQUESTS * 1000, 2)


def _load(server: Server, path: str, headers: Mapping[str, str]) -> tuple[list[float], float]:
    get = getter(path, headers)

    def shop(_number: int) -> list[float]:
        http = server.connect()
        get(http)
        durations = []
        for _ in range(CONCURRENT_REQUESTS // CONCURRENCY):
            started = time.perf_counter()
            get(http)
            durations.append(time.perf_counter() - started)
        return durations

    started = time.perf_counter()
    with ThreadPoolExecutor(CONCURRENCY) as pool:
        durations = [each for batch in pool.map(shop, range(CONCURRENCY)) for each in batch]
    return durations, time.perf_counter() - started
