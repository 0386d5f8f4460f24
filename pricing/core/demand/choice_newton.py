"""Newton for multinomial logits with intercepts of each household: one arrow of blocks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.choice import NOTHING, ChoiceSets, choice_chances, log_likelihoods

BLOCK = 2_048
STEPS, HALVINGS = 60, 20
# With no precision known intercepts do not exist: they are held at zero.
NO_INTERCEPTS = np.inf
LEVEL_SD, EFFECT_SD = 10.0, 3.0
SLOPE_PRIOR = (2.0, 3.0)


@dataclass(frozen=True, slots=True)
class ChoicePrior:
    """Gaussian beliefs: `mean` and `precision` (J + K,) of item levels, then effects, and the
    precision of household intercepts around 0 (NO_INTERCEPTS: there are none)."""

    mean: FloatArray
    precision: FloatArray
    household: float = NO_INTERCEPTS


def usual_prior(items: int, effects: int, slope: tuple[float, float] = SLOPE_PRIOR) -> ChoicePrior:
    """Return weak beliefs: levels N(0, 10^2), the first effect (minus log price) `slope`, others
    N(0, 3^2).

    >>> usual_prior(1, 2).mean.tolist()
    [0.0, 2.0, 0.0]
    """
    mean, precision = np.zeros(items + effects), np.full(items + effects, EFFECT_SD**-2.0)
    precision[:items] = LEVEL_SD**-2.0
    mean[items], precision[items] = slope[0], slope[1] ** -2.0
    return ChoicePrior(mean, precision)


@dataclass(frozen=True, slots=True)
class ChoiceFit:
    """Where Newton ended: `coef` (J + K,), intercepts (R, J) of the R households in order of their
    runs, `covariance` of coef with the doubt of the intercepts in it, the conditional posterior
    variances of the intercepts (R, J), the log likelihood without priors, and `evidence`: that of
    the choices with the intercepts integrated out, by Laplace."""

    coef: FloatArray
    intercepts: FloatArray
    covariance: FloatArray
    intercept_variance: FloatArray
    log_likelihood: float
    evidence: float
    is_converged: bool


@dataclass(frozen=True, slots=True)
class _Curvature:
    """Minus second derivatives of the likelihood: `levels` (R, J, J) and `cross` (R, J, K) of each
    household's part in item levels and effects, `effects` (K, K) of all."""

    levels: FloatArray
    cross: FloatArray
    effects: FloatArray


class ChoiceProblem:
    """sum_t w_t log P_t(chosen) less priors, v_tj = a_j + z_tj' g + u_hj: a concave objective.

    `effects` (T, J, K) are z; `weight` (T,) counts occasions (1 each without it). Levels, effects
    and intercepts are found together: the Hessian is an arrow with a J x J block per household,
    eliminated block by block (Golub and Van Loan, Matrix Computations, sec. 4.2.10). Without an
    outside option levels are known up to a constant only, which the prior fixes.
    """

    def __init__(
        self,
        sets: ChoiceSets,
        effects: FloatArray,
        prior: ChoicePrior,
        *,
        has_outside: bool,
        weight: FloatArray | None = None,
    ) -> None:
        self.sets, self.effects, self.prior = sets, effects, prior
        self.has_outside = has_outside
        self.weight = np.ones(len(sets.chosen)) if weight is None else weight
        self.starts = sets.starts()
        lengths = np.diff(np.append(self.starts, len(sets.chosen)))
        self.run: IntArray = np.repeat(np.arange(len(self.starts)), lengths)
        self.has_intercepts = bool(np.isfinite(prior.household))
        self.taken = np.zeros(sets.shown.shape)
        bought = np.flatnonzero(sets.chosen != NOTHING)
        self.taken[bought, sets.chosen[bought]] = 1.0

    def solve(
        self, start: tuple[FloatArray, FloatArray] | None = None, *, tol: float = 1e-8
    ) -> ChoiceFit:
        """Return the mode; `tol` bounds the largest entry of the gradient per root of occasions."""
        items = self.sets.shown.shape[1]
        theta, own = start or (self.prior.mean.copy(), np.zeros((len(self.starts), items)))
        value, chances = self._look(theta, own)
        enough = tol * max(1.0, float(self.weight.sum()) ** 0.5)
        is_converged = False
        for _ in range(STEPS):
            score, own_score = self._score(theta, own, chances)
            if max(np.abs(score).max(), np.abs(own_score).max()) <= enough:
                is_converged = True
                break
            step, own_step = self._step(self._curve(chances), score, own_score)
            for halving in range(HALVINGS):
                length = 0.5**halving
                trial, seen = self._look(theta + length * step, own + length * own_step)
                if trial >= value - 1e-12 * abs(value):
                    break
            theta, own = theta + length * step, own + length * own_step
            value, chances = trial, seen
        return self._end(theta, own, chances, is_converged)

    def _chances(self, theta: FloatArray, own: FloatArray) -> FloatArray:
        items = self.sets.shown.shape[1]
        utility = theta[:items] + self.effects @ theta[items:] + own[self.run]
        return choice_chances(utility, self.sets.shown, has_outside=self.has_outside)

    def _look(self, theta: FloatArray, own: FloatArray) -> tuple[float, FloatArray]:
        chances = self._chances(theta, own)
        value = float(self.weight @ log_likelihoods(chances, self.sets.chosen))
        value -= 0.5 * float(self.prior.precision @ (theta - self.prior.mean) ** 2)
        if self.has_intercepts:
            value -= 0.5 * self.prior.household * float((own**2).sum())
        return value, chances

    def _score(
        self, theta: FloatArray, own: FloatArray, chances: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        excess = self.weight[:, None] * (self.taken - chances)
        by_effect = np.einsum("tj,tjk->k", excess, self.effects)
        score = np.concatenate([excess.sum(axis=0), by_effect])
        score -= self.prior.precision * (theta - self.prior.mean)
        if not self.has_intercepts:
            return score, np.zeros_like(own)
        return score, np.add.reduceat(excess, self.starts, axis=0) - self.prior.household * own

    def _curve(self, chances: FloatArray) -> _Curvature:
        """Return the curvature; diag(P) - P P' of an occasion never stands for all at once."""
        items, size = self.effects.shape[1:]
        runs = len(self.starts)
        levels, cross = np.zeros((runs, items, items)), np.zeros((runs, items, size))
        effects = np.zeros((size, size))
        for begin in range(0, len(chances), BLOCK):
            rows = slice(begin, begin + BLOCK)
            chance, weight, z = chances[rows], self.weight[rows], self.effects[rows]
            weighted = chance * weight[:, None]
            mean = np.einsum("tj,tjk->tk", chance, z)
            away = weighted[:, :, None] * (z - mean[:, None, :])
            run, first = np.unique(self.run[rows], return_index=True)
            pairs = -weighted[:, :, None] * chance[:, None, :]
            levels[run] += np.add.reduceat(pairs, first, axis=0)
            diagonal = np.arange(items)
            levels[run[:, None], diagonal, diagonal] += np.add.reduceat(weighted, first, axis=0)
            cross[run] += np.add.reduceat(away, first, axis=0)
            effects += np.einsum("tjk,tjl->kl", away, z)
        return _Curvature(levels, cross, effects)

    def _whole(self, curve: _Curvature) -> FloatArray:
        """Return the Hessian of levels and effects (J + K, J + K), intercepts held."""
        across = curve.cross.sum(axis=0)
        top = np.concatenate([curve.levels.sum(axis=0), across], axis=1)
        low = np.concatenate([across.T, curve.effects], axis=1)
        whole = np.concatenate([top, low])
        whole[np.diag_indices_from(whole)] += self.prior.precision
        return whole

    def _eliminate(self, curve: _Curvature) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return the inverse blocks (R, J, J), their leans (R, J, J + K), the Schur complement."""
        items = curve.levels.shape[1]
        inverse = np.linalg.inv(curve.levels + self.prior.household * np.eye(items))
        edge = np.concatenate([curve.levels, curve.cross], axis=2)
        lean = inverse @ edge
        return inverse, lean, self._whole(curve) - np.einsum("rji,rjk->ik", edge, lean)

    def _step(
        self, curve: _Curvature, score: FloatArray, own_score: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        if not self.has_intercepts:
            return np.linalg.solve(self._whole(curve), score), np.zeros_like(own_score)
        inverse, lean, schur = self._eliminate(curve)
        right = score - np.einsum("rji,rj->i", lean, own_score)
        step = np.linalg.solve(schur, right)
        return step, np.einsum("rij,rj->ri", inverse, own_score) - lean @ step

    def _end(
        self, theta: FloatArray, own: FloatArray, chances: FloatArray, is_converged: bool
    ) -> ChoiceFit:
        curve = self._curve(chances)
        variance = np.zeros_like(own)
        whole = self._whole(curve)
        likelihood = evidence = float(self.weight @ log_likelihoods(chances, self.sets.chosen))
        if self.has_intercepts:
            inverse, _, whole = self._eliminate(curve)
            variance = np.einsum("rjj->rj", inverse)
            spread = np.eye(own.shape[1]) + curve.levels / self.prior.household
            away = self.prior.household * float((own**2).sum())
            evidence -= 0.5 * (away + float(np.linalg.slogdet(spread)[1].sum()))
        return ChoiceFit(
            coef=theta,
            intercepts=own,
            covariance=np.linalg.inv(whole),
            intercept_variance=variance,
            log_likelihood=likelihood,
            evidence=evidence,
            is_converged=is_converged,
        )
