"""Experiments to test with: shorter lists of recommendations, half and half."""

from __future__ import annotations

from typing import Any

from profiles.core.values import ShopperValue
from profiles.selectors import choose_arm
from profiles.services import (
    ArmDraft,
    ExperimentDraft,
    log_exposures,
    save_draft,
    start_experiment,
)
from tests.factories.profiles import NOON, make_guest

PLAIN = ArmDraft("plain", "As it is", 0.5, "照旧", is_control=True)
SHORT = ArmDraft("short", "Six picks", 0.5, "六个推荐", settings={"limit": 6})


def make_draft(**changes: Any) -> ExperimentDraft:
    """Return a draft that may be started as it is."""
    known: dict[str, Any] = {
        "code": "short-list",
        "name": "Shorter lists",
        "name_zh": "更短的列表",
        "hypothesis": "Fewer picks are read more carefully, so more shoppers order.",
        "subject": "recommendations",
        "arms": (PLAIN, SHORT),
        "primary_metric": "conversion",
        "minimum_effect": 0.05,
        "planned_units": 2_000,
        "planned_days": 28,
        "purpose": "recommendations",
        "namespace": "home",
        "guards": {"revenue_per_shopper": 0.05},
    }
    return ExperimentDraft(**(known | changes))


def start(**changes: Any) -> int:
    """Save a draft and start it at noon; return its id."""
    found = save_draft(draft=make_draft(**changes), by_id=None, now=NOON)
    start_experiment(experiment_id=found, now=NOON)
    return found


def guest_in(arm: str, code: str = "short-list") -> ShopperValue:
    """Return a guest whom the hash gives an arm."""
    while True:
        guest = make_guest()
        choice = choose_arm(code, shopper=guest)
        assert choice is not None
        if choice.arm == arm:
            return guest


def see(shopper: ShopperValue, code: str = "short-list") -> int:
    """Let a shopper see their arm at noon; return how many exposures are new."""
    return log_exposures([choose_arm(code, shopper=shopper)], now=NOON)
