"""Print the path of one request through the project: `./dev trace product`."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import CodeType, FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.test import Client

from orders.cart.api import remove_line, view_cart
from pricing.api import quote_variants
from pricing.base.core.values import QuoteContext
from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from shop.ground.kernel.clock import utc_now

ROOMS = ("profiles", "pricing", "promotions", "orders")
TOOL = sys.monitoring.PROFILER_ID
CATEGORY = """
    SELECT c.path, (array_agg(v.id ORDER BY p.popularity DESC))[:200]
    FROM shop_category c
    JOIN shop_product p ON p.category_id = c.id AND p.is_active
    JOIN shop_variant v ON v.product_id = p.id AND v.is_active
    GROUP BY c.id, c.path ORDER BY sum(p.popularity) DESC LIMIT 1
"""
# The busiest first: one that is never shown prices of its own has many beside it that are.
HOUSEHOLDS = """
    SELECT s.pseudonym FROM profiles_shopper s JOIN profiles_event e ON e.shopper_id = s.id
    WHERE s.consent_price AND s.account_id IS NULL GROUP BY s.id ORDER BY count(*) DESC LIMIT 50
"""
SLUG = "SELECT p.slug FROM shop_product p JOIN shop_variant v ON v.product_id = p.id WHERE v.id=%s"


@dataclass(frozen=True, slots=True)
class Call:
    """A function that was called: its file, its name, how deep, and the file that called it."""

    file: str
    name: str
    depth: int
    caller: str


@dataclass(slots=True)
class Trace:
    """The functions of this project that a request called, in order."""

    calls: list[Call] = field(default_factory=list)

    @property
    def functions(self) -> Counter[tuple[str, str]]:
        """How often each (file, function) was called, in the order of first calls."""
        return Counter((call.file, call.name) for call in self.calls)

    @property
    def files(self) -> list[str]:
        """Every file once, in the order in which it was entered."""
        return list(dict.fromkeys(call.file for call in self.calls))

    @property
    def room_changes(self) -> int:
        """How many calls went from one room into another."""
        return sum(room_of(call.file) != room_of(call.caller) for call in self.calls if call.caller)


def room_of(file: str) -> str:
    """Return the room of a file: a room proper, or the part of `shop`.

    >>> room_of("pricing/quoting/services/quoting.py"), room_of("shop/ground/kernel/clock.py")
    ('pricing', 'shop/ground')
    """
    parts = file.split("/")
    return parts[0] if parts[0] in ROOMS else "/".join(parts[:2])


@contextmanager
def tracing() -> Iterator[Trace]:
    """Record every call into this project's functions while the body runs."""
    trace = Trace()
    root = f"{settings.ROOT}/"

    def place(code: CodeType) -> str:
        name = code.co_filename
        inside = (
            name.startswith(root) and "/.venv/" not in name and not code.co_name.startswith("<")
        )
        return name.removeprefix(root) if inside else ""

    def note(code: CodeType, _offset: int) -> Any:
        file = place(code)
        if not file:
            return sys.monitoring.DISABLE
        callers = [
            found for frame in _frames_above(sys._getframe(1)) if (found := place(frame.f_code))
        ]
        trace.calls.append(
            Call(file, code.co_qualname, len(callers), callers[0] if callers else "")
        )
        return None

    sys.monitoring.use_tool_id(TOOL, "trace_page")
    sys.monitoring.register_callback(TOOL, sys.monitoring.events.PY_START, note)
    sys.monitoring.set_events(TOOL, sys.monitoring.events.PY_START)
    try:
        yield trace
    finally:
        sys.monitoring.set_events(TOOL, 0)
        sys.monitoring.free_tool_id(TOOL)


def _frames_above(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        yield frame


class Command(BaseCommand):
    help = (
        "Print which functions of the project a request runs through: category (for a guest),"
        " product (with a personal price), add (to the cart), or an address such as /cart/."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("page", help="category, product, add, or an address")
        parser.add_argument("--json", action="store_true", help="print the three figures only")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make the request twice: once to fill the caches, once to be traced."""
        send = _choose(options["page"])
        send()
        with tracing() as trace:
            status = send()
        if status >= 400:
            raise CommandError(f"{options['page']} answered {status}.")
        figures = {
            "functions": len(trace.functions),
            "files": len(trace.files),
            "room_changes": trace.room_changes,
        }
        if options["json"]:
            self.stdout.write(json.dumps(figures))
            return
        seen: set[tuple[str, str]] = set()
        for call in trace.calls:
            if (call.file, call.name) not in seen:
                seen.add((call.file, call.name))
                self.stdout.write(f"{'  ' * call.depth}{call.name}  {call.file}")
        self.stdout.write(
            f"\n{figures['functions']} functions in {figures['files']} files;"
            f" {figures['room_changes']} calls from one room into another."
        )


def _choose(page: str) -> Callable[[], int]:
    """Return what makes the request and returns its status. At most three queries."""
    with connection.cursor() as cursor:
        category = cursor.execute(CATEGORY).fetchone()
        households = [str(one) for (one,) in cursor.execute(HOUSEHOLDS).fetchall()]
        if category is None or not households:
            raise CommandError("The shop is empty: ./dev demo fills it.")
        path, variant_ids = category
        browser = Client(HTTP_HOST="localhost", headers={"user-agent": "Mozilla/5.0 Firefox/140.0"})
        if page == "category":
            return lambda: browser.get(f"/c/{path}/").status_code
        household = households[0]
        if page == "product":
            household, variant_id = _find_personal(households, variant_ids)
            page = f"/p/{cursor.execute(SLUG, [variant_id]).fetchone()[0]}/"
        browser.cookies[SHOPPER_COOKIE] = sign_shopper(household, None)
        if page == "add":
            _empty_cart(_context(household))
            body = {"line": f"{variant_ids[0]}:", "quantity": 1}
            headers = {"hx-request": "true"}
            return lambda: browser.post("/cart/add/", body, headers=headers).status_code
    if not page.startswith("/"):
        raise CommandError(f"{page!r} is neither category, product, add nor an address.")
    return lambda: browser.get(page).status_code


def _find_personal(households: Sequence[str], variant_ids: Sequence[int]) -> tuple[str, int]:
    """Return the first household with a personal price, and the variant that has it."""
    for household in households:
        quoted = quote_variants(context=_context(household), variant_ids=variant_ids)
        for price in quoted.prices.values():
            if price.is_personal:
                return household, price.variant_id
    raise CommandError("No best-seller has a personal price for any of the busiest households.")


def _context(pseudonym: str) -> QuoteContext:
    return QuoteContext(
        shopper_pseudonym=pseudonym,
        market=settings.MARKET_CODE,
        channel="online",
        jurisdiction_code="US-other",
        language="en",
        gpc=False,
        now=utc_now(),
        purpose="trace",
    )


def _empty_cart(context: QuoteContext) -> None:
    """Pieces of an earlier run would count towards the most that a line may have."""
    for line in view_cart(context=context).lines:
        remove_line(context=context, variant_id=line.card.variant_id)
