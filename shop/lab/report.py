"""An evaluation as figures for JSON and as a picture; runs grouped by world and start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from shop.lab.grid import CourseRuns
from shop.lab.picture import Curve, Panel, draw_panels
from shop.lab.summary import (
    UNIFORM,
    compare_regret,
    compare_worlds,
    score_agent,
    trace_shares,
)

_LOWEST = -0.5
Group = tuple[str, bool]  # world, and whether the start is warm


def group_runs(runs: Sequence[CourseRuns]) -> dict[Group, list[CourseRuns]]:
    """Return runs by world and start, so that those of a group differ by seed only."""
    groups: dict[Group, list[CourseRuns]] = {}
    for run in runs:
        groups.setdefault((run.course.world, run.course.warm), []).append(run)
    return groups


def name_group(group: Group) -> str:
    """Return the name people read.

    >>> name_group(("demand_shift", True))
    'demand shift, warm'
    """
    world, warm = group
    return f"{world.replace('_', ' ')}, {'warm' if warm else 'cold'}"


def describe(
    groups: Mapping[Group, Sequence[CourseRuns]], agents: Sequence[str], rivals: Sequence[str]
) -> dict[str, Any]:
    """Return every figure: by world and agent, and regret against the best of `rivals`."""
    worlds: dict[str, Any] = {}
    for (world, warm), runs in groups.items():
        scores = {name: asdict(score_agent(runs, name)) for name in [*agents, UNIFORM]}
        entry: dict[str, Any] = {"seeds": len(runs), "visits": runs[0].course.visits}
        for agent in agents if rivals else ():
            best, ratio = compare_regret(runs, agent, rivals)
            scores[agent]["regret_ratio"] = asdict(ratio)
            entry["best_baseline"] = best
        worlds[f"{world}/{'warm' if warm else 'cold'}"] = entry | {"agents": scores}
    overall = {
        agent: asdict(compare_worlds(list(groups.values()), agent, rivals))
        for agent in agents
        if rivals
    }
    return {"worlds": worlds, "overall": overall}


def draw_groups(groups: Mapping[Group, Sequence[CourseRuns]], agents: Sequence[str]) -> str:
    """Return the picture (SVG) of cumulative gain share over business as usual."""
    panels = []
    for group, runs in groups.items():
        curves = [Curve(agent, *trace_shares(runs, agent, "usual")) for agent in agents]
        panels.append(Panel(name_group(group), curves, runs[0].course.visits))
    note = (
        f"Cumulative; 0 = public prices, 1 = clairvoyant; below {_LOWEST:g} cut off; "
        f"band: 95 % of {agents[0]}"
    )
    return draw_panels("Gain share over business as usual, by visits", note, panels, low=_LOWEST)
