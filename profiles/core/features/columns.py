"""Events as columns: what features are computed from, for one event or for millions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from profiles.core.values import EventValue

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
