"""Checks by other rooms of an experiment's treatments, when it is saved and when it starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from profiles.experiments.models import Experiment


@dataclass(frozen=True, slots=True)
class PlannedTreatment:
    """What a room is asked about: the subject, what of it, and what arms make of public prices."""

    subject: str
    subject_ref: str
    unit: str
    price_factors: tuple[float, ...]


type Check = Callable[[PlannedTreatment], None]

_checks: dict[str, Check] = {}


def check_designs(subject: str, check: Check) -> None:
    """Register who knows whether an experiment about a subject may be run; it raises if not.

    Called by the composition layer: profiles know nobody above them.
    """
    _checks[subject] = check


def require_allowed(design: PlannedTreatment) -> None:
    """Raise what the room of the subject has against a design, if anything."""
    check = _checks.get(design.subject)
    if check is not None:
        check(design)


def design_of(row: Experiment) -> PlannedTreatment:
    """Return the design of a stored experiment. One query."""
    factors = tuple(arm.price_factor for arm in row.arms.all())
    return PlannedTreatment(row.subject, row.subject_ref, row.unit, factors)
