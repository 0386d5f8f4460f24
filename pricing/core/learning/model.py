"""What the policy believes: memory, evidence, prior spreads, and the posterior."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.learning.averaging import Belief, average_models
from pricing.core.learning.change import Bend, Change, Trust, weigh_evidence
from pricing.core.learning.fitting import Evidence, fit_mode
from pricing.core.learning.layout import FEATURES, PERIODS, Layout
from pricing.core.learning.posterior import Coefficients
from pricing.core.learning.rows import Rows
from pricing.core.learning.shrinkage import Spreads, learn_spreads
from pricing.core.learning.sightings import Sightings, join_sightings

LEVELS_KNOWN = 2.0  # periods that must have passed before a season is believed
NEWTON_STEPS = 5
# Rounds of mode and spreads: many after a warm start or an alarm, where both are far off; later
# one fit goes on where the last one ended.
FIRST_ROUNDS, FEW_VISITS = 8, 50_000
WINDOWS = (150.0, 400.0)  # purchases of late that are held against what was seen before
PARTS = (1.0, 1.0 / 3.0)  # what the rest of earlier evidence may count after a change


@dataclass(frozen=True, slots=True)
class Effort:
    """How much memory and exactness the model may use."""

    memory: int = 120_000  # sightings kept one by one; older ones become quadratic evidence
    refit_every: float = 0.02  # growth of the evidence between two fits
    refit_least: int = 25  # visits between two fits, at least


class ChoiceModel:
    """The posterior of the choice model over everything observed so far, in bounded memory."""

    def __init__(self, effort: Effort) -> None:
        """Start with prior beliefs about no items."""
        self.effort = effort
        self.layout = Layout.of(0, 0, [])
        self.spreads = Spreads.first(self.layout)
        self.mode = Coefficients(
            self.spreads.as_prior(self.layout).mean, np.zeros((0, len(self.layout.own)))
        )
        self.memory = Sightings.none()
        self.arrived: list[Sightings] = []
        self.evidence = Evidence.none(0, self.layout.size)
        self.prior = self.spreads.as_prior(self.layout)
        self.bend = Bend(self.evidence.pull, self.evidence.curvature)  # of all, at the last fit
        self.acting = np.zeros((0, self.layout.size))
        self.common = np.zeros((self.layout.size, self.layout.size))
        self.visits = self.fitted_visits = 0.0
        self.first_time, self.last_time = np.inf, -np.inf

    @property
    def items(self) -> int:
        """Return the number of items known."""
        return len(self.mode.own)

    def is_ready(self) -> bool:
        """Whether it was fitted since items or features were added."""
        return self.acting.shape == (self.items, self.layout.size)

    def is_due(self) -> bool:
        """Whether enough arrived since the last fit to fit again."""
        grown = self.visits - self.fitted_visits
        return grown >= max(self.effort.refit_least, self.effort.refit_every * self.visits)

    def seasons_on(self) -> FloatArray:
        """Return 1 for each period of which at least LEVELS_KNOWN were seen, (SEASONS / 2,)."""
        span = self.last_time - self.first_time
        return (span >= LEVELS_KNOWN * np.array(PERIODS)).astype(float)

    def fit_shape(self, items: int, owners: list[int]) -> bool:
        """Make room for `items` items and the columns of `owners`; return whether it grew."""
        features = len(owners)
        if items == self.items and features + FEATURES == self.layout.width:
            return False
        old, new = self.layout, Layout.of(features, items, owners)
        positions = new.positions_of(old)
        self.evidence = self.evidence.grow(items, new.size, positions)
        acting = np.zeros((items, new.size))
        acting[: self.items, positions[old.own]] = self.mode.own
        shared = np.zeros(new.size)
        shared[positions] = self.mode.shared
        self.layout, self.mode = new, Coefficients(shared, acting[:, new.own])
        self.spreads = self.spreads.grow(new)
        return True

    def add(self, sightings: Sightings) -> None:
        """Remember new sightings."""
        if not sightings.visits:
            return
        self.arrived.append(sightings)
        self.visits += sightings.visits
        self.first_time = min(self.first_time, float(sightings.times.min()))
        self.last_time = max(self.last_time, float(sightings.times.max()))

    def rescale(self, factor: FloatArray, shift: FloatArray) -> None:
        """Restate the feature columns of the memory as z * factor + shift."""
        self.consolidate()
        width = self.memory.z.shape[1]
        z = self.memory.z * factor[:width] + shift[:width]
        self.memory = replace(self.memory, z=z)

    def find_change(self) -> Change | None:
        """Return, just after a fit, what speaks most for a change; None where little was seen."""
        memory, found = self.memory, []
        bought = np.cumsum(np.bincount(memory.visit, memory.bought)[::-1])
        for wanted in WINDOWS:
            visits = int(np.searchsorted(bought, wanted)) + 1
            if visits > min(memory.visits, self.visits / 2):
                break
            recent = self._bend(memory.split(memory.visits - visits)[1])
            earlier = self.bend.less(recent)
            known = weigh_evidence(recent, earlier, self.prior, self.mode)
            for trust in self._doubt():
                less = earlier.trusted(trust)
                sure = weigh_evidence(recent, less, self.prior, self.mode) - known
                found.append(Change(sure, trust, visits))
        return max(found, key=lambda change: change.sure, default=None)

    def forget(self, trust: Trust, visits: int) -> None:
        """Believe all but the last `visits` only so far: they become quadratic evidence."""
        self.consolidate()
        old, self.memory = self.memory.split(self.memory.visits - visits)
        self._condense(old)
        self.evidence = self.evidence.trusted(trust)

    def _doubt(self) -> list[Trust]:
        """Return how far earlier evidence may be believed if levels have moved as far as they
        differ: fully for the rest, or in part."""
        layout, prior = self.layout, self.prior
        moved = np.zeros(layout.size)
        moved[layout.own] = prior.own_spread**2
        moved[FEATURES : layout.width] += prior.spread[FEATURES : layout.width] ** 2
        moved[layout.width :] = 0.0
        return [Trust(part, moved) for part in PARTS]

    def _bend(self, sightings: Sightings) -> Bend:
        rows = Rows.of(sightings, self.layout, self.seasons_on())
        acting = self.mode.of_items(self.layout.own)
        return Bend(*rows.derive(acting, rows.measure(acting)[1]))

    def _condense(self, old: Sightings) -> None:
        """Turn sightings into quadratic evidence at the present mode."""
        bend, acting = self._bend(old), self.mode.of_items(self.layout.own)
        pull = bend.gradient + np.einsum("mde,me->md", bend.curvature, acting)
        self.evidence = self.evidence.plus(Evidence(bend.curvature, pull))

    def fit(self) -> None:
        """Fit mode, spreads and posterior to all evidence."""
        self.consolidate()
        rows = Rows.of(self.memory, self.layout, self.seasons_on())
        mode = self.mode
        is_first = self.fitted_visits <= 0.0
        for _ in range(FIRST_ROUNDS if is_first else 1 + (self.visits < FEW_VISITS)):
            prior = self.spreads.as_prior(self.layout)
            mode, posterior, seen = fit_mode(rows, self.evidence, prior, mode, NEWTON_STEPS)
            self.spreads = learn_spreads(self.spreads, self.layout, mode, posterior)
        self.mode, self.prior = mode, prior
        seen, acting = seen.plus(self.evidence), mode.of_items(self.layout.own)
        self.bend = Bend(
            seen.pull - np.einsum("mde,me->md", seen.curvature, acting), seen.curvature
        )
        self._evict()
        self.fitted_visits = self.visits
        averaged = average_models(Belief(mode, posterior, prior), self.layout)
        self.acting = averaged.of_items(self.layout.own)
        common = posterior.covariance_of_mean(self.layout.own)
        # Given what is felt: a search at random prices would tell little of what is remembered.
        felt = common[:, self.layout.felt]
        self.common = common - felt @ np.linalg.solve(felt[self.layout.felt], felt.T)

    def find_doubt(self, z: FloatArray) -> float:
        """Return the mean posterior variance of the items' mean log slope at z (n, width)."""
        slopes = slice(self.layout.width, 2 * self.layout.width)
        return float(((z @ self.common[slopes, slopes]) * z).sum(axis=1).mean())

    def consolidate(self) -> None:
        """Join what arrived with what is remembered."""
        if self.arrived:
            self.memory = join_sightings([self.memory, *self.arrived])
            self.arrived = []

    def _evict(self) -> None:
        """Turn the older half of a full memory into quadratic evidence at the present mode."""
        if self.memory.size <= self.effort.memory:
            return
        old, self.memory = self.memory.split(self.memory.visits // 2)
        self._condense(old)
