"""Served treatments of price experiments. The room that serves prices passes them to a read-out."""

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


type LoadServed = Callable[[CellPeriod], Served]
