"""Read stock."""

from __future__ import annotations

from collections.abc import Sequence


def available(variant_ids: Sequence[int], location: str = "online") -> dict[int, int]:
    """Return pieces free to sell by variant id; 0 where no stock is recorded. One query."""
    raise NotImplementedError
