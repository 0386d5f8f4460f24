"""The figures of a rule's sentence, and which goods are concerned."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from promotions.law.core.drafts import BoolArray

# The figures of a sentence, and under WHERE which goods are concerned, a mask (m,)
type Detail = Mapping[str, Any]
WHERE = "where"


def of_goods(wrong: BoolArray, **detail: str | float) -> Detail | None:
    """Return the figures with how many goods are concerned; None for none."""
    count = int(np.count_nonzero(wrong))
    return {"goods": count, WHERE: wrong, **detail} if count else None


def figure(value: float) -> str:
    """Return a number as a sentence has it.

    >>> figure(12.5), figure(30.0)
    ('12.5', '30')
    """
    return f"{value:g}"
