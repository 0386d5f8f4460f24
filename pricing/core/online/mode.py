"""The mode of the posterior of one batch of prices shown, by Newton steps."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.online.evidence import LEVEL_PRECISION, OVERDISPERSION, Evidence, find_sorted
from pricing.core.online.sightings import Sightings

# A step further than this in one go would leave the range in which rates mean anything.
LONGEST_STEP, LONGEST_SLOPE_STEP = 1.0, 0.5


def rates(evidence: Evidence, elasticity: FloatArray, seen: Sightings, at: IntArray) -> FloatArray:
    """Return the rate at which one price of each sighting is bought, (n,), as far as rates are
    small; `at` (n,) is the row of its variant, `elasticity` (N,) that of each variant."""
    logs = (
        evidence.level[at]
        + evidence.interest[0] * seen.interest
        + evidence.look[0] * seen.is_look
        + evidence.offset[at]
        - elasticity[at] * (seen.public_log - evidence.reference[at] + seen.log_ratio)
    )
    found: FloatArray = np.exp(np.clip(logs, -20.0, 1.0))
    return found


@dataclass(frozen=True, slots=True)
class _Measured:
    """Score and curvature of a batch's log likelihood in level and elasticity, arrays (N,)."""

    level: FloatArray
    cross: FloatArray
    public: FloatArray
    drawn: FloatArray
    randomized: FloatArray
    level_score: FloatArray
    public_score: FloatArray
    drawn_score: FloatArray
    taken_level: FloatArray
    taken_slope: FloatArray
    taken: FloatArray
    taken_score: FloatArray


class Mode:
    """The search for the mode of the posterior of one batch.

    Each price shown counts as `share` (n,) of one, but for what it brought. Mean and precision
    of `prior` (N,) are those of the elasticities, `diversion` (N,) is what is believed of
    the share that siblings lose: it holds while level and elasticity are searched for.
    """

    def __init__(
        self,
        evidence: Evidence,
        seen: Sightings,
        share: FloatArray,
        prior: tuple[FloatArray, FloatArray],
        diversion: FloatArray,
    ) -> None:
        self._diversion = diversion
        prior_mean, prior_precision = prior
        self._kept, self._seen, self._count = evidence, seen, share * seen.looks
        self._at, _ = find_sorted(evidence.variant_id, seen.variant_id)
        self._public = seen.public_log - evidence.reference[self._at]
        # What a draw did to a personal price is centered; a public price has its level beside it.
        self._drawn = np.where(seen.is_look > 0.0, 0.0, seen.centered)
        self._matrix = (
            evidence.level_precision + LEVEL_PRECISION,
            -evidence.cross,
            evidence.precision + evidence.public_precision + prior_precision,
        )
        self._vector = (
            evidence.level_weighted
            + LEVEL_PRECISION * evidence.base_level
            - evidence.taken_level * diversion,
            evidence.weighted
            + evidence.public_weighted
            + prior_precision * prior_mean
            + evidence.taken_slope * diversion,
        )
        level, self.elasticity = _solve(self._matrix, self._vector)
        self.point = replace(evidence, level=level)

    def find(self, steps: int) -> Evidence:
        """Return the evidence with the batch in it, after so many Newton steps.

        At the mode t the batch is a normal likelihood of its curvature H there, whose natural
        vector is its score + H t.
        """
        for _ in range(steps):
            self._move()
        found, kept = self._measure(), self._kept
        level, elasticity, share = self.point.level, self.elasticity, self._diversion
        return replace(
            self.point,
            level_precision=kept.level_precision + found.level,
            level_weighted=kept.level_weighted
            + (found.level_score + found.level * level - found.cross * elasticity)
            + found.taken_level * share,
            cross=kept.cross + found.cross,
            public_weighted=kept.public_weighted
            + (found.public_score - found.cross * level + found.public * elasticity)
            - found.taken_slope * share,
            public_precision=kept.public_precision + found.public,
            weighted=kept.weighted + (found.drawn_score + found.drawn * elasticity),
            precision=kept.precision + found.drawn,
            randomized=kept.randomized + found.randomized,
            taken_level=kept.taken_level + found.taken_level,
            taken_slope=kept.taken_slope + found.taken_slope,
            taken_precision=kept.taken_precision + found.taken,
            taken_weighted=kept.taken_weighted
            + (found.taken_score + found.taken_level * level - found.taken_slope * elasticity)
            + found.taken * share,
            sold=kept.sold + self._sum(self._seen.bought),
            together=kept.together + self._sum(self._seen.together),
            shown=kept.shown + self._sum(self._count),
            interest=self._weigh(self.point.interest, kept.interest, self._seen.interest),
            look=self._weigh(self.point.look, kept.look, self._seen.is_look),
        )

    def _move(self) -> None:
        """Take one Newton step in level and elasticity together, then in what all goods share."""
        found = self._measure()
        (ll, le, ee), (hl, he) = self._matrix, self._vector
        level, elasticity = self.point.level, self.elasticity
        score = (
            hl - ll * level - le * elasticity + found.level_score,
            he - le * level - ee * elasticity + found.public_score + found.drawn_score,
        )
        curved = (ll + found.level, le - found.cross, ee + found.public + found.drawn)
        level_step, step = _solve(curved, score)
        self.elasticity = elasticity + np.clip(step, -LONGEST_STEP, LONGEST_STEP)
        level = level + np.clip(level_step, -LONGEST_STEP, LONGEST_STEP)
        rate, wrong = self._residuals()
        self.point = replace(
            self.point,
            level=level,
            interest=self._slide("interest", self._seen.interest, rate, wrong),
            look=self._slide("look", self._seen.is_look, rate, wrong),
        )

    def _measure(self) -> _Measured:
        rate, wrong = self._residuals()
        weight = rate / OVERDISPERSION
        public, drawn = self._public, self._drawn
        beside = self._kept.beside[self._at]
        return _Measured(
            level=self._sum(weight),
            cross=self._sum(weight * public),
            public=self._sum(weight * public**2),
            drawn=self._sum(weight * drawn**2),
            randomized=self._sum(weight * self._seen.centered**2),
            level_score=self._sum(wrong),
            public_score=-self._sum(wrong * public),
            drawn_score=-self._sum(wrong * drawn),
            taken_level=self._sum(weight * beside),
            taken_slope=self._sum(weight * beside * public),
            taken=self._sum(weight * beside**2),
            taken_score=self._sum(wrong * beside),
        )

    def _residuals(self) -> tuple[FloatArray, FloatArray]:
        rate = self._count * rates(self.point, self.elasticity, self._seen, self._at)
        return rate, (self._seen.bought - rate) / OVERDISPERSION

    def _slide(
        self, name: str, values: FloatArray, rate: FloatArray, wrong: FloatArray
    ) -> FloatArray:
        """Return one Newton step in a slope that all goods share, beside its precision."""
        start, before = getattr(self._kept, name)
        now = getattr(self.point, name)[0]
        added = float(rate @ values**2) / OVERDISPERSION
        pull = before * (start - now) + wrong @ values
        step = np.clip(pull / (before + added), -LONGEST_SLOPE_STEP, LONGEST_SLOPE_STEP)
        return np.array([now + step, before])

    def _weigh(self, now: FloatArray, before: FloatArray, values: FloatArray) -> FloatArray:
        rate, _ = self._residuals()
        return np.array([now[0], before[1] + float(rate @ values**2) / OVERDISPERSION])

    def _sum(self, values: FloatArray) -> FloatArray:
        return np.bincount(self._at, values, len(self._kept))


def _solve(
    matrix: tuple[FloatArray, FloatArray, FloatArray], vector: tuple[FloatArray, FloatArray]
) -> tuple[FloatArray, FloatArray]:
    """Return the solutions (N,) of N symmetric systems of two equations."""
    (a, b, c), (x, y) = matrix, vector
    rest = a * c - b * b
    return (c * x - b * y) / rest, (a * y - b * x) / rest
