"""Comparison of a shadow model's prices with the prices that were shown."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import FloatArray
from pricing.demand.core.served import ServedDemand
from pricing.learning.selectors.candidates import imagine_exposures
from pricing.ledger.selectors.exposures import Exposures
from pricing.optimum.core.thompson import DRAWS

# Prices this close, in logs, are the same price to a reader.
SAME = 0.0005


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """Expected prices of a version against the expected prices that were shown, in n decisions.

    `gap` is the mean log difference, `mean_absolute_gap` its mean size, `spread` its standard
    deviation, the shares those of decisions it would have made cheaper, alike or dearer;
    `violations` counts decisions in which one of its prices broke a bound before the gate.
    """

    decisions: int
    gap: float
    mean_absolute_gap: float
    spread: float
    lower_share: float
    same_share: float
    higher_share: float
    violations: int


def compare_shadow(found: Exposures, served: ServedDemand, place: tuple[str, str]) -> ShadowFigures:
    """Return how `served` would have priced drawn decisions of a place.

    One query, and one for each policy version.
    """
    gaps, violations = [np.zeros(0)], 0
    for _, part, outlook, broken in imagine_exposures(found, served, place):
        violations += broken
        wanted = (np.log(outlook.shown_minor) * outlook.percent).sum(axis=1) / DRAWS
        gaps.append(wanted - _expected(part))
    gap = np.concatenate(gaps)
    if not len(gap):
        return ShadowFigures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    return ShadowFigures(
        decisions=len(gap),
        gap=float(gap.mean()),
        mean_absolute_gap=float(np.abs(gap).mean()),
        spread=float(gap.std()),
        lower_share=float((gap < -SAME).mean()),
        same_share=float((np.abs(gap) <= SAME).mean()),
        higher_share=float((gap > SAME).mean()),
        violations=violations,
    )


def _expected(found: Exposures) -> FloatArray:
    """Return the expected log price of what could have been shown, (n,)."""
    public = found.rows["public_minor"][:, None]
    logs = np.log(np.where(found.rung_minor > 0, found.rung_minor, public))
    expected: FloatArray = (logs * found.probability).sum(axis=1)
    return expected
