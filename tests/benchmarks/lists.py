"""Lists of staff over HTTP: how long the longest tables take, and how many statements they ask."""

from __future__ import annotations

from functools import partial

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.benchmarks.measure import Figures, percentiles, time_calls
from tests.benchmarks.server import getter, serve

REQUESTS = 60
LISTS = {
    "events": "profiles_event",
    "weeks": "shop_productweek",
    "ledger": "pricing_priceledgerentry",
    "orders": "orders_order",
    "products": "shop_product",
    "quotes": "pricing_quote",
    "public_prices": "pricing_publicprice",
    "stock": "shop_stockrecord",
    "proposals": "pricing_priceproposal",
}
TARGETS = {
    **{f"list_{name}_p95_ms": ("<=", 300.0) for name in LISTS},
    **{f"list_{name}_sql": ("<=", 15.0) for name in LISTS},
}


def measure() -> Figures:
    """Return milliseconds and SQL statements of the first page of each of the longest lists."""
    client = Client(headers={"host": "localhost"})
    account = get_user_model()._default_manager.filter(is_superuser=True, is_active=True).first()
    if account is None:
        raise SystemExit("bench: no superuser to open the lists of staff.")
    client.force_login(account)
    name = settings.SESSION_COOKIE_NAME
    headers = {"Cookie": f"{name}={client.cookies[name].value}", "Accept-Encoding": "gzip"}
    figures: Figures = {}
    try:
        with serve(workers=1, threads=1) as server:
            for table, model in LISTS.items():
                path = reverse(f"admin:{model}_changelist")
                get = partial(getter(path, headers), server.connect())
                p50, p95, _p99 = percentiles(time_calls(get, calls=REQUESTS))
                figures |= {f"list_{table}_p50_ms": p50, f"list_{table}_p95_ms": p95}
                figures[f"list_{table}_sql"] = _count_sql(client, path)
    finally:
        client.logout()
    return figures


def _count_sql(client: Client, path: str) -> int:
    for _ in range(2):  # in-process caches are warm after the first
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
    return len(queries)
