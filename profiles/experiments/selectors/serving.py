"""Served treatments of price experiments, reported by the pricing room.

Profiles know nobody above them: who serves public prices registers what answers here, in the
composition layer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from profiles.experiments.core import ServedHours
from profiles.experiments.selectors.cells import CellPeriod


@dataclass(frozen=True, slots=True)
class Served:
    """The turns of an experiment that are over, as they were served.

    `places` is in how many markets and channels, `hours` what goods were shown at, `looks` how
    often their prices were seen, by (cluster, day since the start).
    """

    places: int
    hours: tuple[ServedHours, ...]
    looks: Mapping[tuple[int, int], float]


type Witness = Callable[[CellPeriod], Served]

_witnesses: list[Witness] = []


def watch_served(witness: Witness) -> None:
    """Register who knows what was served; the last one is asked."""
    _witnesses[:] = [witness]


def read_served(period: CellPeriod) -> Served | None:
    """Return what was served, None if nobody knows."""
    return _witnesses[-1](period) if _witnesses else None
