"""Held-out test of whether price response differs between households."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray

# What a signal may move: the response to the price, and beside it to display and mailer.
PRICE, MOVES = 0, 3
# Weights are believed to be about .3 or less before any line is read; households in FOLDS parts.
RIDGE, FOLDS, NEWTON_STEPS = 10.0, 10, 8
NEVER = -1e30
# A weight of the price response makes demand fall faster: its effect on log p is -w e x.
SIGN = np.array([-1.0, 1.0, 1.0])
SURE = 1.96
# A planted effect of a useful size: how much more elastic the household in ten with the strongest
# first signal is than the one with the weakest.
PLANTED, DRAWS = 0.25, 20


@dataclass(frozen=True, slots=True)
class Timings:
    """In which of T weeks each of P pairs of household and item was bought.

    `household` (P,) numbers 0..; `bought` (P, T) is 1 in weeks it was bought; `offset` (P, T) the
    log of what all others bought of the item in the week, NEVER in weeks in which the household
    bought nothing at all; `moves` (P, T, 4) are centred log price times the item's elasticity,
    display, mailer, and the log of how much else the household bought; `signals` (P, F) in [0, 1)
    are growing sums of what the household had done before the first week, saturated.
    """

    household: IntArray
    bought: FloatArray
    offset: FloatArray
    moves: FloatArray
    signals: FloatArray


@dataclass(frozen=True, slots=True)
class HouseholdVerdict:
    """What held-out households say. Deviances are per 1,000 lines, of models with the same signals
    in the level: `gain` is how much lower it is with them in the price response too, with a 95 %
    interval clustered by household. `power` is how often the same test finds a PLANTED effect of
    the first signal, `false_share` how often it finds one where nothing was planted. `weights`
    (F,) >= 0 are those learned from everybody.
    """

    gain: float
    low: float
    high: float
    power: float
    false_share: float
    households: int
    lines: int
    weights: FloatArray

    @property
    def is_real(self) -> bool:
        """Whether households' own response is shown: the interval is above zero."""
        return self.low > 0.0

    @property
    def weight(self) -> float:
        """The weight of the first signal."""
        return float(self.weights[0])

    def as_numbers(self) -> dict[str, Any]:
        """Return the figures for a model's metrics."""
        names = ("gain", "low", "high", "power", "false_share", "households", "lines", "weight")
        return {name: getattr(self, name) for name in names} | {
            "is_real": self.is_real,
            "weights": self.weights.round(4).tolist(),
        }


def judge_households(timings: Timings, *, seed: int = 0, draws: int = DRAWS) -> HouseholdVerdict:
    """Return whether the signals say who minds prices more, judged on households not learned from.

    Given that a household bought an item n times, in which weeks? p_t ~ others' sales in the week
    x exp(common effects + (a's) display_t + (b's) mailer_t - (w's) e x_t). Whatever does not change
    from week to week cancels, so the level of every household and item is its own: both models
    have it, with s in the response to display and mailer; w >= 0 is in one only.

    >>> rng = np.random.default_rng(0)
    >>> found = judge_households(example_timings(rng, weight=0.8), draws=1)
    >>> found.is_real, bool(abs(found.weights[0] - 0.8) < 0.35)
    (True, True)
    """
    chance = _fit_common(timings)
    fold = np.random.default_rng(seed).integers(0, FOLDS, int(timings.household.max()) + 1)
    trial = _PairTest.prepare(timings, chance, fold)
    score = _score(timings, chance)
    gains = trial.held_out(score)
    lines = int(timings.bought.sum())
    low, high = _interval(gains)
    scale = 1_000.0 / lines
    low_signal, high_signal = np.quantile(timings.signals[:, 0], [0.1, 0.9])
    useful = PLANTED / max(float(high_signal - low_signal), 1e-3)
    shares = [trial.find(score, planted, draws, seed) for planted in (useful, 0.0)]
    return HouseholdVerdict(
        gain=float(gains.sum()) * scale,
        low=low * scale,
        high=high * scale,
        power=shares[0],
        false_share=shares[1],
        households=len(gains),
        lines=lines,
        weights=trial.learn(score, None, has_response=True)[PRICE, 1:],
    )


def _fit_common(timings: Timings) -> FloatArray:
    """Return chances (P, T) with the effects that all households share, by Newton."""
    effects = np.zeros(timings.moves.shape[2])
    effects[-1] = 1.0
    count = timings.bought.sum(axis=1)
    for _ in range(NEWTON_STEPS):
        chance = _chances(timings, timings.moves @ effects)
        excess = timings.bought - count[:, None] * chance
        score = np.einsum("pt,ptk->k", excess, timings.moves)
        curve = _information(timings.moves, chance, count).sum(axis=0)
        step = np.linalg.solve(curve + 1e-9 * np.eye(len(effects)), score)
        effects = effects + step
        if np.abs(step).max() < 1e-4:
            break
    return _chances(timings, timings.moves @ effects)


def _chances(timings: Timings, tilt: FloatArray) -> FloatArray:
    utility = timings.offset + tilt
    utility = np.exp(utility - utility.max(axis=1, keepdims=True))
    chance: FloatArray = utility / utility.sum(axis=1, keepdims=True)
    return chance


def _information(moves: FloatArray, chance: FloatArray, count: FloatArray) -> FloatArray:
    weighted = chance[:, :, None] * moves
    mean = weighted.sum(axis=1)
    square = np.matmul(weighted.transpose(0, 2, 1), moves)
    whole: FloatArray = count[:, None, None] * (square - mean[:, :, None] * mean[:, None, :])
    return whole


def _score(timings: Timings, chance: FloatArray) -> FloatArray:
    """Return each pair's slope of the log likelihood in PRICE, display and mailer, (P, 3)."""
    excess = timings.bought - timings.bought.sum(axis=1, keepdims=True) * chance
    found: FloatArray = np.matmul(excess[:, None, :], timings.moves[:, :, :MOVES])[:, 0]
    signed: FloatArray = found * SIGN
    return signed


@dataclass(frozen=True, slots=True)
class _PairTest:
    """The test of one set of pairs: only the score of what was bought when changes from one draw
    to the next. Weights stand as (3, 1 + F); to second order in them, and they are small."""

    household: IntArray
    signals: FloatArray
    information: FloatArray
    fold: IntArray
    curves: FloatArray

    @staticmethod
    def prepare(timings: Timings, chance: FloatArray, fold: IntArray) -> _PairTest:
        """Condense the weeks of each pair."""
        count = timings.bought.sum(axis=1)
        # The first column is what all share: free in both models, so that w is who responds *more*.
        signals = np.column_stack([np.ones(len(count)), timings.signals])
        information = _information(timings.moves[:, :, :MOVES], chance, count)
        information = information * SIGN[:, None] * SIGN
        part = fold[timings.household]
        curves = np.stack(
            [_curve(information[part == one], signals[part == one]) for one in range(FOLDS)]
        )
        return _PairTest(timings.household, signals, information, fold, curves)

    def held_out(self, score: FloatArray) -> FloatArray:
        """Return the gain in deviance of each household (H,), learned from the other folds."""
        part, gains = self.fold[self.household], np.zeros(len(self.fold))
        for number in range(FOLDS):
            rows = np.flatnonzero(part == number)
            with_response, without = (
                self._pairs(score, self.learn(score, number, has_response=has), rows)
                for has in (True, False)
            )
            gain = 2.0 * (with_response - without)
            gains += np.bincount(self.household[rows], gain, len(gains))
        return gains[np.bincount(self.household, minlength=len(gains)) > 0]

    def find(self, score: FloatArray, planted: float, draws: int, seed: int) -> float:
        """Return how often the test finds that the first signal has the weight `planted`.

        The noise is that of the data: all scores of a household keep or turn their sign together
        (wild bootstrap by cluster, Cameron, Gelbach and Miller 2008), then the effect is added.
        """
        rng = np.random.default_rng(seed)
        effect = self.information[:, :, PRICE] * (planted * self.signals[:, 1:2])
        found = 0
        for _ in range(draws):
            turned = rng.choice([-1.0, 1.0], len(self.fold))[self.household]
            found += _interval(self.held_out(turned[:, None] * score + effect))[0] > 0.0
        return found / draws

    def learn(self, score: FloatArray, left_out: int | None, *, has_response: bool) -> FloatArray:
        """Return weights (3, 1 + F) at the maximum over all pairs but those of a fold: those of the
        price response >= 0, the common ones and those of display and mailer free."""
        size = self.signals.shape[1]
        rows = slice(None) if left_out is None else self.fold[self.household] != left_out
        target = (score[rows].T @ self.signals[rows]).ravel()
        curve = self.curves.sum(axis=0) + RIDGE * np.eye(MOVES * size)
        if left_out is not None:
            curve -= self.curves[left_out]
        most = None if has_response else 0.0
        free = (None, None)
        bounds = [free, *[(0.0, most)] * (size - 1), *[free] * (2 * size)]

        def loss(weights: FloatArray) -> tuple[float, FloatArray]:
            bent = curve @ weights
            return float(0.5 * weights @ bent - target @ weights), bent - target

        found = scipy.optimize.minimize(
            loss, np.zeros(MOVES * size), jac=True, method="L-BFGS-B", bounds=bounds
        )
        weights: FloatArray = found.x.reshape(MOVES, size)
        return weights

    def _pairs(self, score: FloatArray, weights: FloatArray, rows: IntArray) -> FloatArray:
        """Return the log likelihood of some pairs above that of the common effects, (rows,)."""
        effect = self.signals[rows] @ weights.T
        bent = (np.matmul(self.information[rows], effect[:, :, None])[:, :, 0] * effect).sum(axis=1)
        gained: FloatArray = (score[rows] * effect).sum(axis=1) - 0.5 * bent
        return gained


def _curve(information: FloatArray, signals: FloatArray) -> FloatArray:
    """Return the information of weights (3 F, 3 F)."""
    size = signals.shape[1]
    whole = np.zeros((MOVES, size, MOVES, size))
    for one in range(MOVES):
        for other in range(MOVES):
            whole[one, :, other] = signals.T @ (signals * information[:, one, other, None])
    return whole.reshape(MOVES * size, MOVES * size)


def _interval(gains: FloatArray) -> tuple[float, float]:
    """Return the 95 % interval of the sum over households."""
    half = SURE * float(gains.std(ddof=1)) * len(gains) ** 0.5
    return float(gains.sum()) - half, float(gains.sum()) + half


def example_timings(
    rng: np.random.Generator, weight: float, *, households: int = 400, items: int = 30
) -> Timings:
    """Return purchases of households whose response grows with the first of two signals."""
    weeks = 26
    pairs = households * items
    household = np.repeat(np.arange(households), items)
    signals = rng.random((households, 2))[household]
    price = np.where(rng.random((items, weeks)) < 0.25, -0.25, 0.0)
    price = 1.8 * (price - price.mean(axis=1, keepdims=True))
    moves = np.zeros((pairs, weeks, 4))
    moves[:, :, PRICE] = np.tile(price, (households, 1))
    moves[:, :, 1] = rng.random((pairs, weeks)) < 0.1
    offset = np.tile(-price, (households, 1))
    tilt = -weight * (signals[:, :1] - 0.5) * moves[:, :, PRICE]
    blank = Timings(household, np.zeros((pairs, weeks)), offset, moves, signals)
    bought = rng.multinomial(rng.poisson(2.0, pairs), _chances(blank, tilt))
    return replace(blank, bought=bought.astype(np.float64))
