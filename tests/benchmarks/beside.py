"""`./dev bench pages --beside COMMIT`: what a page costs now and what it cost in another commit.

The commit is checked out into a temporary folder with packages of its own. Both trees get a
database of their own on the servers of the tests, filled with the same shop by
`beside_data.py`, and are served by the real web server. Blocks of requests alternate between
the two, so that what else the machine does meets both. Figures are medians of blocks: processor
milliseconds of web server, database and cache.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any
from uuid import uuid4

from psycopg import sql

from tests.benchmarks.measure import Figures, list_descendants
from tests.benchmarks.server import Server, getter, serve
from tests.factories.api import CONTACT
from tests.template_database import at, connect, drop
from tools.paths import ROOT
from tools.services import Services

DATA = Path("tests/benchmarks/beside_data.py")
BLOCKS, REQUESTS, ORDERS = 5, 40, 3
CATEGORY, PRODUCT = "cheese/cheese-0", "p-0-3"
PAGES = {
    "category_json_guest": (f"/api/v1/categories/{CATEGORY}", "json_guest"),
    "category_json_personal": (f"/api/v1/categories/{CATEGORY}", "json_personal"),
    "category_json_member": (f"/api/v1/categories/{CATEGORY}", "json_member"),
    "product_json": (f"/api/v1/products/{PRODUCT}", "json_guest"),
    "search_json": ("/api/v1/search?q=cheese", "json_guest"),
    "cart_json": ("/api/v1/cart", "json_guest"),
    "home_html": ("/", "html_guest"),
    "category_html": (f"/c/{CATEGORY}/", "html_guest"),
    "product_html": (f"/p/{PRODUCT}/", "html_guest"),
    "search_html": ("/search/?q=cheese", "html_guest"),
    "cart_html": ("/cart/", "html_guest"),
}
TARGETS = {f"beside_{name}_ratio": ("<=", 0.85) for name in PAGES} | {
    "beside_order_ratio": ("<=", 0.45)
}
Request = Callable[[HTTPConnection], None]


@dataclass(frozen=True, slots=True)
class Side:
    """One tree while it is served: how its visitors call it, and what of it cannot be asked."""

    server: Server
    headers: Mapping[str, Mapping[str, str]]
    variants: list[int]


def measure_beside(commit: str) -> Figures:
    """Return milliseconds now and then and their ratio, by page."""
    with ExitStack() as stack:
        then = stack.enter_context(check_out(commit))
        sides = [stack.enter_context(serve_side(tree)) for tree in (ROOT, then)]
        requests: dict[str, list[tuple[Request, int]]] = {
            name: [(getter(path, side.headers[who]), REQUESTS) for side in sides]
            for name, (path, who) in PAGES.items()
        }
        for side in sides:
            fill_cart(side, side.server.connect(), side.headers["json_guest"])
        requests["order"] = [(buyer(side), ORDERS) for side in sides]
        figures: Figures = {}
        for name, pair in requests.items():
            row = compare(name, sides, pair)
            print(*(f"{figure}: {value}" for figure, value in row.items()), sep=", ", flush=True)
            figures |= row
    return figures


def compare(name: str, sides: list[Side], pair: list[tuple[Request, int]]) -> Figures:
    """Return a row's figures. A page that either tree does not serve has a note in their place."""
    spent: tuple[list[float], list[float]] = ([], [])
    try:
        for block in range(BLOCKS + 1):
            for side, (request, count), found in zip(sides, pair, spent, strict=True):
                http = side.server.connect()
                request(http)
                before = side.server.cpu_seconds()
                for _ in range(count):
                    request(http)
                if block:  # the first warms both
                    found.append((side.server.cpu_seconds() - before) / count * 1000)
    except SystemExit as refusal:
        return {f"beside_{name}": f"not done: {refusal}"}
    now, then = map(median, spent)
    return {
        f"beside_{name}_cpu_ms": round(now, 2),
        f"beside_{name}_cpu_ms_then": round(then, 2),
        f"beside_{name}_ratio": round(now / then, 3),
    }


def fill_cart(side: Side, http: HTTPConnection, headers: Mapping[str, str]) -> None:
    """Put two pieces of each of five variants into a cart."""
    for variant in side.variants:
        post(http, "/api/v1/cart/lines", headers, {"variant_id": variant, "quantity": 2})


def buyer(side: Side) -> Request:
    """Return what buys five lines as a new guest: cart, checkout, order, payment."""

    def buy(http: HTTPConnection) -> None:
        guest = {**side.headers["json_guest"]}
        token = post(http, "/api/v1/guest", {"User-Agent": guest["User-Agent"]}, {})
        mine = {**guest, "X-Shopper-Token": token["shopper_token"]}
        fill_cart(side, http, mine)
        shown = post(http, "/api/v1/checkout", mine, {"delivery_method": "standard"})
        total = shown["cart"]["total"]["minor"]
        wanted = {"contact": CONTACT, "delivery_method": "standard", "shown_total_minor": total}
        order = post(http, "/api/v1/orders", mine | once(), wanted)
        path = f"/api/v1/orders/{order['number']}/payments"
        post(http, path, mine | once(), {"method": "sandbox-card"})

    return buy


def once() -> dict[str, str]:
    """Return the header of a request that is carried out once."""
    return {"Idempotency-Key": str(uuid4())}


def post(http: HTTPConnection, path: str, headers: Mapping[str, str], body: object) -> Any:
    """Return what the shop answers; a refusal ends the row."""
    sent = {**headers, "Content-Type": "application/json"}
    http.request("POST", path, json.dumps(body), sent)
    response = http.getresponse()
    text = response.read()
    if response.status not in (200, 201):
        raise SystemExit(f"{path} answered {response.status}: {text[:200]!r}")
    return json.loads(text)


@contextmanager
def check_out(commit: str) -> Iterator[Path]:
    """Check a commit out with its packages for the body."""
    with TemporaryDirectory(prefix="fairtag-beside-") as folder:
        tree = Path(folder) / "tree"
        subprocess.run(["git", "clone", "-q", "--shared", "-n", ROOT, tree], check=True)
        subprocess.run(["git", "checkout", "-q", commit], cwd=tree, check=True)
        # The least a tree is asked that gives it its packages.
        subprocess.run(["./dev", "check", "locks"], cwd=tree, check=True, env=_bare())
        shutil.copy(ROOT / DATA, tree / DATA)
        yield tree


@contextmanager
def serve_side(tree: Path) -> Iterator[Side]:
    """Fill a database with the shop and serve it by the code of `tree`."""
    side = "now" if tree == ROOT else "then"
    name, python = f"fairtag_beside_{side}", str(tree / ".venv/bin/python")
    url = os.environ["DATABASE_URL"]
    with TemporaryDirectory() as state, connect(url, "postgres") as administrator:
        drop(administrator, name)
        administrator.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        environment = {
            **os.environ,
            "DATABASE_URL": at(url, name),
            "REDIS_URL": at(os.environ["REDIS_URL"], "63" if side == "now" else "62"),
            "CAPABILITIES": "all",
            "FAIRTAG_STATE": state,
            "PYTHONPATH": str(tree),
        }

        def run(*command: str) -> str:
            done = subprocess.run(
                [python, *command], cwd=tree, env=environment, check=True, stdout=subprocess.PIPE
            )
            return done.stdout.decode()

        run("manage.py", "migrate", "--verbosity=0")
        run("manage.py", "collectstatic", "--noinput", "--verbosity=0")
        filled = json.loads(run("-m", "tests.benchmarks.beside_data").splitlines()[-1])
        administrator.execute("CHECKPOINT")
        try:
            with serve(
                workers=1, threads=1, tree=tree, environment=environment, shared=list_servers
            ) as server:
                yield Side(server, filled["headers"], filled["variants"])
        finally:
            drop(administrator, name)


def list_servers() -> list[int]:
    """Return the processes of the tests' database and cache."""
    return [pid for server in Services("test").pids().values() for pid in list_descendants(server)]


def _bare() -> dict[str, str]:
    """Return the environment without what this tree's `./dev` put there."""
    mine = ("DATABASE_URL", "REDIS_URL", "FAIRTAG_STATE", "DJANGO_SETTINGS_MODULE", "BENCH_FILE")
    return {name: value for name, value in os.environ.items() if name not in mine}
