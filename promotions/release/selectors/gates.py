"""Why the release of a campaign waits for a second person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from promotions.campaigns.api import Gate, list_gates, load_limits
from promotions.law.api import measure_reach
from promotions.release.selectors.overlaps import find_worst_stack


def find_gates(campaign_id: int, snapshot: Mapping[str, Any], *, now: datetime) -> tuple[Gate, ...]:
    """Return why two people must agree to a snapshot: budget, depth, floor, or what it and others
    take off together, which is only looked for where the others do not decide."""
    limits, reach = load_limits(), measure_reach(snapshot, now=now)
    gates = list_gates(reach, limits)
    if gates:
        return gates
    worst = find_worst_stack(campaign_id=campaign_id, now=now)
    return () if worst is None else list_gates(replace(reach, stack=worst.depth), limits)
