"""Registered sources of competitors' prices, and hosts that answer as a test wants."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.competitors.services.competitor_fetch import Fetcher, Limits
from shop.ground.catalog.models import Variant
from tests.factories.pricing import NOON

PUBLIC = "93.184.215.14"
HOST = "prices.hilltop.example"
ADDRESS = f"https://{HOST}/list.csv"


def make_source(code: str = "hilltop", **fields: Any) -> CompetitorSource:
    """Register Hilltop's price list."""
    defaults = {
        "name": code.title(),
        "market_id": "us",
        "currency": "USD",
        "basis": "Their public price page; their terms allow reading it.",
        "created_at": NOON,
    }
    return CompetitorSource.objects.create(code=code, **(defaults | fields))


Answers = dict[str, tuple[int, dict[str, str], bytes]]


class AnsweringServer(HTTPServer):
    """Knows by path what to answer: (status, headers, body)."""

    answers: Answers


class Answer(BaseHTTPRequestHandler):
    """Answers by path what the server knows."""

    server: AnsweringServer

    def do_GET(self) -> None:
        """Send what the test wrote down."""
        status, headers, body = self.server.answers[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serve(answers: Answers) -> Iterator[int]:
    """Serve the answers on a port of this machine."""
    server = AnsweringServer(("127.0.0.1", 0), Answer)
    server.answers = answers
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def drip(answer: bytes, *, at_once: int, every: float) -> Iterator[tuple[int, list[int]]]:
    """Answer one visitor on a port of this machine: so many bytes at once, then one by one.

    The list tells how many bytes went out one by one before the visitor left, `every` seconds each.
    """
    sent: list[int] = []

    def answer_slowly() -> None:
        with suppress(OSError), listener.accept()[0] as visitor:
            visitor.recv(65_536)
            visitor.sendall(answer[:at_once])
            for at in range(at_once, len(answer)):
                time.sleep(every)
                visitor.sendall(answer[at : at + 1])
                sent.append(1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=answer_slowly, daemon=True)
        thread.start()
        yield listener.getsockname()[1], sent
        thread.join(20.0)


def make_fetcher(
    port: int = 1, *, hosts: tuple[str, ...] = (HOST,), addresses: tuple[str, ...] = (PUBLIC,)
) -> Fetcher:
    """Return a fetcher whose hosts are looked up as `addresses` and answered by a local port."""
    return Fetcher(
        allowed_hosts=hosts,
        limits=Limits(most_bytes=100_000, step_seconds=2.0, total_seconds=1.0),
        resolve=lambda _host: list(addresses),
        connect=lambda _host, _address, timeout: HTTPConnection("127.0.0.1", port, timeout=timeout),
    )


def make_competitor_rows(number: int, variant: Variant, staff: Any) -> None:
    """Make a source, what it said of a variant, and a row that was not believed."""
    source = make_source(f"source-{number}", created_by=staff, last_report={"stored": 1})
    CompetitorPrice.objects.create(
        source=source,
        variant=variant,
        price_minor=470,
        observed_at=NOON,
        imported_at=NOON,
        matched_by="sku",
    )
    QuarantinedCompetitorRow.objects.create(
        source=source,
        variant=variant,
        row_number=2,
        reason="scale",
        payload={"sku": variant.sku, "price": "4700000"},
        at=NOON,
    )
