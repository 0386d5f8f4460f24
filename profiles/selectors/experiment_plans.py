"""From stored experiments to the values that assign arms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from profiles.core.experiments import ArmPlan, ExperimentPlan, Targeting
from profiles.models import Experiment


def make_plan(row: Experiment, global_holdout_share: float = 0.0) -> ExperimentPlan:
    """Return what assignment knows of a row with its arms, newest shares and namespace."""
    shares = max(row.shares.all(), key=lambda one: one.revision, default=None)
    return ExperimentPlan(
        code=row.code,
        salt=row.salt,
        arms=tuple(
            ArmPlan(
                code=arm.code,
                share=arm.share if shares is None else shares.shares[arm.code],
                is_control=arm.is_control,
                price_factor=arm.price_factor,
                settings=arm.settings,
            )
            for arm in row.arms.all()
        ),
        namespace=row.namespace.code,
        namespace_salt=row.namespace.salt,
        first_slot=row.first_slot,
        end_slot=row.end_slot,
        holdout_share=row.namespace.holdout_share,
        global_holdout_share=global_holdout_share,
        targeting=read_targeting(row.targeting),
        revision=row.revision,
    )


def read_targeting(kept: Mapping[str, Any]) -> Targeting:
    """Return stored targeting as the value that judges units."""
    return Targeting(
        markets=frozenset(kept.get("markets", ())),
        channels=frozenset(kept.get("channels", ())),
        segments=frozenset(kept.get("segments", ())),
        tags=frozenset(kept.get("tags", ())),
        members=kept.get("members"),
    )
