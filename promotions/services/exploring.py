"""New offers inside the argmax: what they earn is drawn for some shoppers, by a hash on record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.core.experiments import is_in_share
from promotions.core.exploration import draw_effect
from promotions.models import OfferDecision
from promotions.selectors.allocations import Belief, Plan

FloatArray = NDArray[np.float64]
SALT = "offer-exploration"


@dataclass(frozen=True, slots=True)
class Draw:
    """What was drawn of a new offer's effect for a shopper, and from which belief."""

    belief: Belief
    effect: float

    def as_record(self) -> list[str | float]:
        """Return what a decision keeps: seed, mean, sd, draw."""
        return [self.belief.seed, self.belief.mean, self.belief.sd, self.effect]


def believe(plans: Sequence[Plan], value: FloatArray) -> FloatArray:
    """Return values (n, columns) with those of new offers times the mean effect believed."""
    found = value.copy()
    for column, _, _, belief in _list_new(plans):
        found[:, column] = _scale(value[:, column], np.full(len(value), belief.mean))
    return found


def explore(
    plans: Sequence[Plan], units: Sequence[str], value: FloatArray
) -> tuple[FloatArray, list[dict[int, Draw]]]:
    """Return values (n, columns) with the effects of new offers drawn for who explores, and those
    draws by shopper and column.

    A plan's `exploration_share` of the shoppers explore, always the same ones; for the others the
    mean counts. Costs are not touched: a draw buys no room in a budget.
    """
    found, draws = believe(plans, value), [dict[int, Draw]() for _ in units]
    for column, plan, offer_id, belief in _list_new(plans):
        for row, unit in enumerate(units):
            if not explores(unit, plan.exploration_share, plan.salt):
                continue
            effect = draw_effect(belief.mean, belief.sd, belief.seed, str(offer_id), unit)
            draws[row][column] = Draw(belief, effect)
            found[row, column] = _scale(value[row, column : column + 1], np.array([effect]))[0]
    return found, draws


def explores(unit: str, share: float, salt: str) -> bool:
    """Return whether a shopper is one of the `share` that new offers are tried on. Whoever is keeps
    being it when the share grows."""
    return is_in_share(unit, share, SALT, salt)


def replay_draws(decision: OfferDecision, pseudonym: str) -> bool:
    """Return whether a decision's draws come out again from their seeds and beliefs, for somebody
    who explored by the share of that moment. One query, for the plan's salt."""
    share = decision.exploration_share
    if decision.draws and share is not None:
        salt = decision.campaign.allocation.salt
        if not explores(pseudonym, share, salt):
            return False
    return all(
        draw_effect(mean, sd, seed, offer_id, pseudonym) == effect
        for offer_id, (seed, mean, sd, effect) in decision.draws.items()
    )


def _list_new(plans: Sequence[Plan]) -> Iterator[tuple[int, Plan, int, Belief]]:
    column = 0
    for plan in plans:
        told = plan.beliefs or (None,) * len(plan.offer_ids)
        for offer_id, belief in zip(plan.offer_ids, told, strict=True):
            if belief is not None and belief.is_new:
                yield column, plan, offer_id, belief
            column += 1


def _scale(value: FloatArray, effect: FloatArray) -> FloatArray:
    masked = np.isneginf(value)
    return np.where(masked, -np.inf, np.where(masked, 0.0, value) * effect)
