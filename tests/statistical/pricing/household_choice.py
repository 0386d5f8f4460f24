"""Which brand a household takes next: a mixed logit with habits, judged one step ahead.

It judges and serves nothing: no page of the shop asks which brand a household will take, so the
model stands beside the test that it answers.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import minimize

FloatArray = np.ndarray
SMALLEST_VARIANCE, MEMORIES = 1e-4, (0.7, 0.8, 0.9)
ROUNDS, NEWTON_STEPS, DRAWS = 12, 2, 64


@dataclass(frozen=True)
class Choices:
    """T occasions over J brands, sorted by household and time.

    `household` (T,) numbers 0..H-1; `log_price` (T, J) against the usual price; `context`
    (T, J, K); `chosen` (T,); `late` (T,) marks the last quarter of each household.
    """

    household: np.ndarray
    log_price: FloatArray
    context: FloatArray
    chosen: np.ndarray
    late: np.ndarray

    @property
    def households(self) -> int:
        """How many households there are."""
        return int(self.household.max()) + 1

    def take(self, rows: np.ndarray) -> Choices:
        """Return some occasions; households keep their numbers."""
        return Choices(
            self.household[rows],
            self.log_price[rows],
            self.context[rows],
            self.chosen[rows],
            self.late[rows],
        )


def habits(choices: Choices, memory: float, shares: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return loyalty before each occasion, (T, J), and the last choice as ones, (T, J).

    Loyalty is the exponentially smoothed share of earlier choices (Guadagni and Little 1983); at
    first it is the market's.
    """
    loyalty = np.empty_like(choices.log_price)
    last = np.zeros_like(loyalty)
    before, held = -1, shares
    for row, (who, taken) in enumerate(zip(choices.household, choices.chosen, strict=True)):
        if who != before:
            held, before = shares, who
        else:
            last[row, choices.chosen[row - 1]] = 1.0
        loyalty[row] = held
        held = memory * held
        held[taken] += 1.0 - memory
    return loyalty, last


class HouseholdChoice:
    """P(j) by exp(a_j + t_hj - (b + s_h) log p_j + x'g): tastes t_hj ~ N(0, v_j), one variance for
    each brand, and price slopes s_h ~ N(0, v_s) of households; x holds loyalty, the last choice and
    context. `is_mixed` False leaves households' own tastes and slopes and the last choice out: a
    multinomial logit with loyalty.

    Fixed effects and households' modes by Newton and L-BFGS in turns, variances by EM on Laplace's
    posterior (Breslow and Clayton 1993). A forecast draws from the posterior given what the
    household had done before. Learned: `fixed_`, `variance_`.
    """

    def __init__(self, *, is_mixed: bool, memory: float = 0.8) -> None:
        self.is_mixed = is_mixed
        self.memory = memory

    def fit(self, past: Choices) -> HouseholdChoice:
        """Learn from occasions."""
        brands = past.log_price.shape[1]
        self.shares_ = (np.bincount(past.chosen, minlength=brands) + 1.0) / (
            len(past.chosen) + brands
        )
        design = self.design(past)
        self.fixed_ = np.zeros(brands + design.shape[2])
        self.fixed_[:brands] = np.log(self.shares_)
        self.fixed_[brands] = 2.0
        self.variance_ = np.full(brands + 1, 0.5) if self.is_mixed else np.zeros(brands + 1)
        own = np.zeros((past.households, brands + 1))
        for _ in range(ROUNDS if self.is_mixed else 1):
            self._solve_fixed(past, design, own)
            if self.is_mixed:
                own, covariance = self.posterior(past, design, own)
                spread = np.einsum("hii->hi", covariance)
                seen = np.unique(past.household)
                fresh = (own[seen] ** 2 + spread[seen]).mean(axis=0)
                self.variance_ = np.maximum(fresh, SMALLEST_VARIANCE)
        return self

    def design(self, choices: Choices) -> FloatArray:
        """Return what fixed effects multiply beside the brands' levels, (T, J, 1 + ...)."""
        loyalty, last = habits(choices, self.memory, self.shares_)
        columns = [-choices.log_price, loyalty, *([last] if self.is_mixed else [])]
        return np.concatenate([np.stack(columns, axis=-1), choices.context], axis=-1)

    def posterior(
        self, seen: Choices, design: FloatArray, start: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        """Return modes (H, J + 1) and covariances of households' own tastes and slopes."""
        brands, households = seen.log_price.shape[1], len(start)
        own, common = start.copy(), self._common(design)
        step = np.concatenate(
            [np.broadcast_to(np.eye(brands), (len(common), brands, brands)), design[:, :, :1]], 2
        )
        for _ in range(NEWTON_STEPS):
            chance = _softmax(common + np.einsum("tji,ti->tj", step, own[seen.household]))
            gap = -chance
            gap[np.arange(len(gap)), seen.chosen] += 1.0
            mean = np.einsum("tji,tj->ti", step, chance)
            bend = np.matmul((step * chance[:, :, None]).transpose(0, 2, 1), step)
            bend -= mean[:, :, None] * mean[:, None, :]
            score = _sum_by(seen.household, np.einsum("tji,tj->ti", step, gap), households)
            curve = _sum_by(seen.household, bend, households) + np.diag(1.0 / self.variance_)
            own = own + np.linalg.solve(curve, (score - own / self.variance_)[:, :, None])[:, :, 0]
        return own, np.linalg.inv(curve)

    def forecast(self, choices: Choices, seed: int = 0) -> FloatArray:
        """Return chances (T, J) of the late occasions, each given all of its household before."""
        design = self.design(choices)
        common, late = self._common(design), choices.late
        if not self.is_mixed:
            return _softmax(common[late])
        rng = np.random.default_rng(seed)
        first = np.searchsorted(choices.household, np.arange(choices.households))
        number = np.arange(len(late)) - first[choices.household]
        normal = rng.normal(size=(DRAWS, len(self.variance_)))
        found = np.zeros_like(common)
        own = np.zeros((choices.households, len(self.variance_)))
        early = np.bincount(choices.household, ~late, choices.households).astype(int)
        for ahead in range(int(np.bincount(choices.household, late).max())):
            at = np.flatnonzero(late & (number == early[choices.household] + ahead))
            asked = np.zeros(choices.households, dtype=bool)
            asked[choices.household[at]] = True
            known = asked[choices.household] & (number < early[choices.household] + ahead)
            own, covariance = self.posterior(choices.take(known), design[known], own)
            root = np.linalg.cholesky(covariance[choices.household[at]])
            draws = own[choices.household[at]] + np.einsum("tij,dj->dti", root, normal)
            utility = common[at] + draws[..., :-1] + draws[..., -1:] * design[at, :, 0]
            found[at] = _softmax(utility).mean(axis=0)
        return found[late]

    def own_elasticities(self, choices: Choices) -> FloatArray:
        """Return d log share / d log price of each brand (J,) over the occasions: all negative
        where demand falls, households' slopes included."""
        design = self.design(choices)
        own = np.zeros((choices.households, len(self.variance_)))
        if self.is_mixed:
            own, _ = self.posterior(choices, design, own)
        mine = own[choices.household]
        utility = self._common(design) + mine[:, :-1] + mine[:, -1:] * design[:, :, 0]
        chance = _softmax(utility)
        slope = self.fixed_[chance.shape[1]] + mine[:, -1:]
        return -(slope * chance * (1.0 - chance)).sum(axis=0) / chance.sum(axis=0)

    def _common(self, design: FloatArray) -> FloatArray:
        brands = design.shape[1]
        return self.fixed_[:brands] + design @ self.fixed_[brands:]

    def _solve_fixed(self, past: Choices, design: FloatArray, own: FloatArray) -> None:
        brands, mine = design.shape[1], own[past.household]
        offset = mine[:, :-1] + mine[:, -1:] * design[:, :, 0]
        rows = np.arange(len(design))

        def loss(fixed: FloatArray) -> tuple[float, FloatArray]:
            utility = fixed[:brands] + design @ fixed[brands:] + offset
            chance = _softmax(utility)
            gap = chance.copy()
            gap[rows, past.chosen] -= 1.0
            gradient = np.concatenate([gap.sum(axis=0), np.einsum("tj,tjk->k", gap, design)])
            fit = -np.log(np.maximum(chance[rows, past.chosen], 1e-300)).sum()
            return float(fit + 0.05 * fixed @ fixed), gradient + 0.1 * fixed

        self.fixed_ = minimize(loss, self.fixed_, jac=True, method="L-BFGS-B").x


def log_loss(chance: FloatArray, chosen: np.ndarray) -> FloatArray:
    """Return minus the log chance of what was taken, (T,)."""
    return -np.log(np.maximum(chance[np.arange(len(chosen)), chosen], 1e-12))


def choose_memory(past: Choices) -> float:
    """Return the memory of habits with which the logit with loyalty forecasts best what is the
    last quarter of the past itself."""
    inner = replace(past, late=mark_late(past.household))
    early = inner.take(~inner.late)
    losses = {
        memory: log_loss(
            HouseholdChoice(is_mixed=False, memory=memory).fit(early).forecast(inner),
            inner.chosen[inner.late],
        ).mean()
        for memory in MEMORIES
    }
    return min(losses, key=lambda memory: losses[memory])


def mark_late(household: np.ndarray) -> np.ndarray:
    """Return which occasions are in the last quarter of their household's, at least one each."""
    count = np.bincount(household)
    first = np.searchsorted(household, np.arange(len(count)))
    number = np.arange(len(household)) - first[household]
    return number >= count[household] - np.maximum(count[household] // 4, 1)


def _sum_by(household: np.ndarray, values: FloatArray, households: int) -> FloatArray:
    """Return the sums of values by household, whose rows stand together."""
    total = np.zeros((households, *values.shape[1:]))
    starts = np.flatnonzero(np.diff(household, prepend=-1))
    if len(starts):
        total[household[starts]] = np.add.reduceat(values, starts, axis=0)
    return total


def _softmax(utility: FloatArray) -> FloatArray:
    scaled = np.exp(utility - utility.max(axis=-1, keepdims=True))
    return scaled / scaled.sum(axis=-1, keepdims=True)
