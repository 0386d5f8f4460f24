"""Every agent that can be named in an evaluation."""

from __future__ import annotations

from shop.simulation.baselines import BASELINES
from shop.simulation.grid import MakeAgent

SHIPPED = "fairtag"
AGENTS: dict[str, MakeAgent] = {**BASELINES}
