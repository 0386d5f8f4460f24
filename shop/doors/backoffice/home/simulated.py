"""Note on simulated visits and orders, for pages that count them."""

from __future__ import annotations

from dataclasses import dataclass

from orders.reports.api import sum_simulated
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_money
from shop.ground.staff.phrases import join_names

REMEMBERED_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class SimulatedNote:
    """How many simulated orders the figures of a page may hold, and their money in words."""

    orders: int
    money: str


def tell_simulated() -> SimulatedNote | None:
    """Return what there is to say, None in a shop without simulated orders. One query a minute."""
    found = remember("simulated sales", REMEMBERED_SECONDS, sum_simulated)
    if found is None:
        return None
    return SimulatedNote(
        found.orders, join_names(show_money(minor, code) for code, minor in found.paid_minor)
    )
