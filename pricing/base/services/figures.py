"""Figures for keeping as JSON, which knows no infinity."""

from __future__ import annotations

from math import isfinite
from typing import Any

from profiles.values import Lift


def show_lift(lift: Lift) -> dict[str, Any]:
    """Return the figures of a lift; a bound that is infinite is None."""
    found: dict[str, Any] = keep_finite({name: getattr(lift, name) for name in Lift.__slots__})
    return found


def keep_finite(figures: Any) -> Any:
    """Return figures, however deep in lists and mappings, with None for what is no finite number.

    >>> keep_finite({"wmape": float("nan"), "weeks": [1.5, float("inf")], "kind": "linear"})
    {'wmape': None, 'weeks': [1.5, None], 'kind': 'linear'}
    """
    if isinstance(figures, dict):
        return {name: keep_finite(value) for name, value in figures.items()}
    if isinstance(figures, list | tuple):
        return [keep_finite(value) for value in figures]
    return None if isinstance(figures, float) and not isfinite(figures) else figures
