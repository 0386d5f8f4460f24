"""Which handler hears which fact. The whole table, in one place.

Handlers take (fact id, payload), are idempotent by fact id, and only send tasks or call one
service. Rooms register nothing by themselves: what is not in this file does not happen.
"""

from __future__ import annotations

from collections.abc import Callable

from shop.outbox.services import Handlers, on_fact_committed

HANDLERS: Handlers = {}


def connect(*, wake: Callable[[], object]) -> None:
    """Connect the rooms to each other; called once when the app registry is ready.

    `wake` rouses the worker that delivers facts.
    """
    on_fact_committed(wake)
