"""Who asks, and what is known of their orders, as far as some condition needs it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderHistory:
    """Orders that were not cancelled: the last one, and how many and how much in windows.

    `last_at` None: there was none. `counts` and `spent_minor` (paid and not given back, in the
    cart's currency) are by the window's length in days; only windows that were asked for are in.
    """

    last_at: datetime | None = None
    counts: Mapping[int, int] = field(default_factory=dict)
    spent_minor: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShopperView:
    """Who asks, as plain values. What is None was not looked up; conditions on it then fail.

    `allows_personal` off: personal prices were switched off (or Sec-GPC), so no offer for chosen
    shoppers applies by itself. A code somebody enters is their own act and keeps its worth.
    `identity` are hashed keys of the contact, once it was given.
    """

    shopper_id: int | None
    is_member: bool = False
    segment: str | None = None
    tags: frozenset[str] = frozenset()
    is_first_order: bool | None = None
    tier: str | None = None
    groups: frozenset[str] = frozenset()
    history: OrderHistory | None = None
    is_private: bool = False
    allows_personal: bool = True
    identity: tuple[str, ...] = ()


LAST_ORDER = "last_order"
COUNT_IN, SPENT_IN = "orders_in:", "spent_in:"


def windows_in(facts: Collection[str], prefix: str) -> list[int]:
    """Return the windows, in days, that `facts` name after `prefix`, shortest first.

    >>> windows_in({"orders_in:90", "spent_in:7", "orders_in:30"}, COUNT_IN)
    [30, 90]
    """
    return sorted(int(fact.removeprefix(prefix)) for fact in facts if fact.startswith(prefix))


def asks_history(facts: Collection[str]) -> bool:
    """Return whether any of `facts` is about past orders (other than the first one).

    >>> asks_history({"segment", "spent_in:7"}), asks_history({"first_order"})
    (True, False)
    """
    return any(fact == LAST_ORDER or fact.startswith((COUNT_IN, SPENT_IN)) for fact in facts)
