"""Figures for keeping as JSON, which knows no infinity."""

from __future__ import annotations

from math import isfinite
from typing import Any

from pricing.core.monitoring import Lift


def show_lift(lift: Lift) -> dict[str, Any]:
    """Return the figures of a lift; a bound that is infinite is None."""
    figures = {name: getattr(lift, name) for name in Lift.__slots__}
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in figures.items()
    }
