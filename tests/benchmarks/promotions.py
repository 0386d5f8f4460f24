"""The part `promotions`: a module of its own per area, each with `measure()` and `TARGETS`."""

from __future__ import annotations

from typing import Protocol

from tests.benchmarks import allocator, audiences, baskets, uplift
from tests.benchmarks.measure import Figures


class Measured(Protocol):
    """What a module of this part has."""

    TARGETS: dict[str, tuple[str, float]]

    def measure(self) -> Figures:
        """Return its figures."""


# Add a module to the import above and its name here: `./dev bench promotions` then prints it.
MODULES: tuple[Measured, ...] = (allocator, uplift, baskets, audiences)
TARGETS = {name: target for module in MODULES for name, target in module.TARGETS.items()}


def measure() -> Figures:
    """Return the figures of all modules."""
    found: Figures = {}
    for module in MODULES:
        found |= module.measure()
    return found
