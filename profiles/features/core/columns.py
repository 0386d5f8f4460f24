"""Events as columns: what features are computed from, for one event or for millions.

Features do not see sensitive goods at all, and this is the only place that decides it. What
somebody buys can tell of health, sexual life, belief or origin (GDPR, art. 9). No feature may rest
on that, so an event about such goods adds nothing to any sum and moves no extreme, online and in
batch alike. Whether an event is about them is asked anew at each computation, by what the
catalogue says then and not when it happened: a flag that is set late reaches back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from profiles.values import EventValue

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

KINDS = (
    "view",
    "click",
    "search",
    "cart_add",
    "cart_remove",
    "checkout",
    "purchase",
    "order",
    "return",
    "review",
    "offer_view",
    "offer_click",
)
KIND_CODES = {kind: code for code, kind in enumerate(KINDS)}
NO_ID = -1


@dataclass(frozen=True, slots=True)
class EventColumns:
    """Parallel arrays of shape (n,). Ids are -1 and `price_rank` is NaN where absent.

    `kind` indexes KINDS; `at` is Unix time in seconds; amounts are minor units of the whole line.
    """

    kind: NDArray[np.int16]
    at: FloatArray
    variant_id: IntArray
    category_id: IntArray
    brand_id: IntArray
    quantity: IntArray
    paid_minor: IntArray
    list_minor: IntArray
    is_discounted: BoolArray
    price_rank: FloatArray

    def __len__(self) -> int:
        return len(self.kind)

    def take(self, where: NDArray[np.int64] | NDArray[np.bool_] | slice) -> EventColumns:
        """Return the selected rows."""
        return EventColumns(
            kind=self.kind[where],
            at=self.at[where],
            variant_id=self.variant_id[where],
            category_id=self.category_id[where],
            brand_id=self.brand_id[where],
            quantity=self.quantity[where],
            paid_minor=self.paid_minor[where],
            list_minor=self.list_minor[where],
            is_discounted=self.is_discounted[where],
            price_rank=self.price_rank[where],
        )

    def join(self, other: EventColumns) -> EventColumns:
        """Return these rows followed by the other's."""
        names = [field.name for field in fields(self)]
        return EventColumns(
            **{name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        )


def columns_of(events: Sequence[EventValue]) -> EventColumns:
    """Return events as columns, in the order given."""

    def ids(name: str) -> IntArray:
        values = (getattr(event, name) for event in events)
        return np.fromiter((NO_ID if v is None else v for v in values), np.int64, len(events))

    def amounts(name: str) -> IntArray:
        return np.fromiter((getattr(event, name) or 0 for event in events), np.int64, len(events))

    return EventColumns(
        kind=np.fromiter((KIND_CODES[event.kind] for event in events), np.int16, len(events)),
        at=np.fromiter((event.occurred_at.timestamp() for event in events), float, len(events)),
        variant_id=ids("variant_id"),
        category_id=ids("category_id"),
        brand_id=ids("brand_id"),
        quantity=amounts("quantity"),
        paid_minor=amounts("paid_minor"),
        list_minor=amounts("list_minor"),
        is_discounted=np.fromiter((event.is_discounted for event in events), bool, len(events)),
        price_rank=np.fromiter(
            (np.nan if event.price_rank is None else event.price_rank for event in events),
            float,
            len(events),
        ),
    )


@dataclass(frozen=True, slots=True)
class SensitiveProducts:
    """Ids of sensitive categories and variants, each ascending and without repetition."""

    category_id: IntArray
    variant_id: IntArray

    def hide(self, events: EventColumns) -> BoolArray:
        """Return which events features must not see, (n,): by variant, or by category alone.

        >>> from datetime import UTC, datetime
        >>> from uuid import UUID
        >>> from profiles.features.core.columns import columns_of
        >>> from profiles.values import EventValue
        >>> goods = SensitiveProducts(np.array([3]), np.array([7]))
        >>> one, now = UUID(int=1), datetime(2025, 1, 1, tzinfo=UTC)
        >>> goods.hide(columns_of([
        ...     EventValue(one, now, "alice", "view", variant_id=7, category_id=4),
        ...     EventValue(one, now, "alice", "view", category_id=3),
        ...     EventValue(one, now, "alice", "view", variant_id=8, category_id=4),
        ...     EventValue(one, now, "alice", "order"),
        ... ])).tolist()
        [True, True, False, False]
        """
        return _is_in(events.variant_id, self.variant_id) | _is_in(
            events.category_id, self.category_id
        )

    @property
    def fingerprint(self) -> str:
        """What tells two sets of goods apart, 16 hexadecimal digits."""
        digest = hashlib.blake2b(self.category_id.astype(">i8").tobytes(), digest_size=8)
        digest.update(b"|" + self.variant_id.astype(">i8").tobytes())
        return digest.hexdigest()


def _is_in(ids: IntArray, chosen: IntArray) -> BoolArray:
    """Return which of `ids` are in ascending `chosen`: log(m) each, quick for one or millions."""
    if not len(chosen):
        return np.zeros(len(ids), dtype=np.bool_)
    at = np.minimum(np.searchsorted(chosen, ids), len(chosen) - 1)
    return np.asarray(chosen[at] == ids, dtype=np.bool_)


NO_SENSITIVE_GOODS = SensitiveProducts(np.zeros(0, np.int64), np.zeros(0, np.int64))
