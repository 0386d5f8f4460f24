"""How features see sensitive goods: not at all. The only place that decides it.

What somebody buys can tell of health, sexual life, belief or origin (GDPR, art. 9). No feature may
rest on that, so an event about such goods adds nothing to any sum and moves no extreme, online and
in batch alike. Whether an event is about them is asked anew at each computation, by what the
catalogue says then and not when it happened: a flag that is set late reaches back.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.core.features.columns import EventColumns

IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class SensitiveGoods:
    """Ids of sensitive categories and variants, each ascending and without repetition."""

    category_id: IntArray
    variant_id: IntArray

    def hide(self, events: EventColumns) -> BoolArray:
        """Return which events features must not see, (n,): by variant, or by category alone.

        >>> from datetime import UTC, datetime
        >>> from uuid import UUID
        >>> from profiles.core.features.columns import columns_of
        >>> from profiles.core.values import EventValue
        >>> goods = SensitiveGoods(np.array([3]), np.array([7]))
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


NO_SENSITIVE_GOODS = SensitiveGoods(np.zeros(0, np.int64), np.zeros(0, np.int64))
