"""The hierarchical logit: chance to buy, from cells of item, segment, price price and context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.polynomial.hermite_e import hermegauss
from scipy.special import expit

from pricing.base.core.values import FloatArray
from pricing.demand.core.frames import (
    Frame,
    Prediction,
    count_rows,
    has_column,
    read_labels,
    read_numbers,
    read_prices,
    read_sales,
    usual_prices,
)
from pricing.demand.core.logit_layout import Layout, Rows, tilt_rows
from pricing.demand.core.objective import ArrowFactor, PenalizedLogit
from pricing.demand.core.shrink import positive_moments
from pricing.demand.core.solvers import SOLVERS, Solution, SolverName

BLOCK_ROWS = 20_000
POINTS = 9


@dataclass(frozen=True, slots=True)
class Joint:
    """Level and slope of rows: means, variances and covariance, all (n,)."""

    level: FloatArray
    slope: FloatArray
    level_variance: FloatArray
    slope_variance: FloatArray
    covariance: FloatArray


def read_joint(
    layout: Layout,
    rows: Rows,
    beta: FloatArray,
    factor: ArrowFactor,
    variances: dict[str, float],
) -> Joint:
    """Return the posterior of each row's (level, slope).

    An item, category or segment never seen brings its prior variance instead of a posterior one.
    """
    parts = [
        _read_block(layout, _slice(rows, begin), beta, factor, variances)
        for begin in range(0, max(len(rows.item), 1), BLOCK_ROWS)
    ]
    return Joint(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _slice(rows: Rows, begin: int) -> Rows:
    part = slice(begin, begin + BLOCK_ROWS)
    return Rows(
        rows.item[part],
        rows.category[part],
        rows.segment[part],
        rows.context[part],
        rows.price_context[part],
    )


def _read_block(
    layout: Layout,
    rows: Rows,
    beta: FloatArray,
    factor: ArrowFactor,
    variances: dict[str, float],
) -> tuple[FloatArray, ...]:
    count = len(layout.items)
    level_part, slope_part = (part.toarray() for part in layout.shared_parts(rows))
    is_known = rows.item >= 0
    at = np.where(is_known, rows.item, 0)
    own = beta[: 2 * count].reshape(count, 2)[at] * is_known[:, None]
    tail = beta[2 * count :]
    lean = factor.lean[at] * is_known[:, None, None]
    away = np.stack([level_part, slope_part], axis=1) - lean
    through = np.einsum("nij,jk,nlk->nil", away, factor.shared, away, optimize=True)
    prior = np.diag([variances["item_level"], variances["item_slope"]])
    whole = through + np.where(is_known[:, None, None], factor.block_inverse[at], prior)
    unseen = {"category": rows.category < 0, "segment": rows.segment < 0}
    for name, is_new in unseen.items():
        whole[:, 0, 0] += is_new * variances[f"{name}_level"]
        whole[:, 1, 1] += is_new * variances[f"{name}_slope"]
    return (
        own[:, 0] + level_part @ tail,
        own[:, 1] + slope_part @ tail,
        whole[:, 0, 0],
        whole[:, 1, 1],
        whole[:, 0, 1],
    )


def hold_sign(joint: Joint) -> Joint:
    """Return the posterior given that each slope is positive: demand falls as the price rises.

    The slope becomes a truncated normal; the level follows it by the regression c / v of a joint
    normal: E[a | b] is linear in b.

    >>> one = np.ones(1)
    >>> held = hold_sign(Joint(0 * one, 0 * one, one, one, 0 * one))
    >>> held.slope.round(3).tolist(), held.level_variance.tolist()
    ([0.798], [1.0])
    """
    sd = np.sqrt(joint.slope_variance)
    slope, slope_sd = positive_moments(joint.slope, sd)
    lean = joint.covariance / joint.slope_variance
    return Joint(
        level=joint.level + lean * (slope - joint.slope),
        slope=slope,
        level_variance=joint.level_variance + lean**2 * (slope_sd**2 - joint.slope_variance),
        slope_variance=slope_sd**2,
        covariance=lean * slope_sd**2,
    )


def expect_chance(eta: FloatArray, variance: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of 1 / (1 + exp(-x)) for x ~ N(eta, variance), by Gauss-Hermite.

    >>> mean, sd = expect_chance(np.array([0.0]), np.array([0.0]))
    >>> mean.round(9).tolist(), sd.round(9).tolist()
    ([0.5], [0.0])
    """
    nodes, weights = hermegauss(POINTS)
    weights = weights / weights.sum()
    chance = expit(eta[:, None] + np.sqrt(np.maximum(variance, 0.0))[:, None] * nodes)
    mean = chance @ weights
    second = (chance - mean[:, None]) ** 2 @ weights
    return mean, np.sqrt(second)


# Weak beliefs about how far effects scatter before any sale: as good as this many observations.
HYPER_COUNT = 1.0
HYPER_SD = {
    "item_level": 1.0,
    "item_slope": 0.7,
    "category_level": 0.7,
    "category_slope": 0.5,
    "segment_level": 0.4,
    "segment_slope": 0.4,
    "context": 0.5,
    "price_context": 0.3,
}
SMALLEST_VARIANCE = 1e-6


class HierarchicalLogit:
    """Binary logit on aggregated cells with partial pooling of items, categories and segments.

        logit P(buy) = a0 + a_cat + a_item + a_seg + x'g
                       - (b0 + b_cat + b_item + b_seg + z'h) (p / p_ref - 1)

    Every effect has a Gaussian prior around 0, so an item scatters around its category and a
    category around the global mean; the prior variances are learned by empirical Bayes with
    MacKay's fixed point s2 = (|b|^2 + v s0^2) / (gamma + v), gamma = n - tr(V) / s2 (MacKay 1992,
    Neural Computation 4, 415-447). The posterior is Laplace's N(mode, H^-1). Slopes are held
    positive by the prior (truncation); `wrong_sign_share_` says how many items were not before.
    Model: Rossi and Allenby 1993 in the form of `docs/pricing.md`; fit in O(cells + items).

    Columns of X: `item`, `price`; optional `category`, `segment`, `reference_price` (else each
    item's usual price), `exposures` (else 1), `purchases` (or y), and those named in `context`
    (shift the level) and `price_context` (shift the slope); scale them to about 1. Prices in any
    one unit.

    One visit is one draw, so counts of visits need no more. Sales of weeks come in clumps: with
    `overdispersed` each item's exposures and purchases are divided by Pearson's phi >= 1 of a
    first fit (quasi-likelihood, McCullagh and Nelder 1989, sec. 4.5). Without it such counts are
    believed too much: priors widen and slopes of the wrong sign survive.

    Learned: `coef_` (k,), `layout_`, `factor_` (Laplace covariance), `variances_` by group,
    `reference_price_` (N,), `wrong_sign_share_`, `solution_`, `n_features_in_`, and
    `item_dispersion_` (N,), `dispersion_` (their median), 1 unless `overdispersed`.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> cells = pd.DataFrame({
    ...     "item": np.repeat(np.arange(20), 5), "price": np.tile([8.0, 9.0, 10.0, 11.0, 12.0], 20),
    ...     "reference_price": 10.0, "exposures": 500.0,
    ... })
    >>> chance = 1.0 / (1.0 + np.exp(2.0 + 3.0 * (cells.price / 10.0 - 1.0)))
    >>> model = HierarchicalLogit().fit(cells, rng.binomial(500, chance))
    >>> found = model.predict(10.0, pd.DataFrame({"item": [3, 4]}))
    >>> bool(np.abs(found.per_exposure - 0.119).max() < 0.02), bool((found.elasticity < 0).all())
    (True, True)
    """

    coef_: FloatArray
    layout_: Layout
    factor_: ArrowFactor
    variances_: dict[str, float]
    reference_price_: FloatArray
    wrong_sign_share_: float
    solution_: Solution
    n_features_in_: int
    item_dispersion_: FloatArray
    dispersion_: float

    def __init__(
        self,
        *,
        context: Sequence[str] = (),
        price_context: Sequence[str] = (),
        solver: SolverName = "newton",
        rounds: int = 15,
        tol: float = 1e-6,
        max_iter: int | None = None,
        level_prior: tuple[float, float] = (-3.0, 5.0),
        slope_prior: tuple[float, float] = (2.0, 3.0),
        overdispersed: bool = False,
        random_state: int | None = 0,
    ) -> None:
        self.context = context
        self.price_context = price_context
        self.solver = solver
        self.rounds = rounds
        self.tol = tol
        self.max_iter = max_iter
        self.level_prior = level_prior
        self.slope_prior = slope_prior
        self.overdispersed = overdispersed
        self.random_state = random_state

    def fit(self, X: Frame, y: Any = None) -> Self:  # noqa: N803 - scikit-learn's own name
        """Learn from cells; y (n,) are purchases out of X's `exposures`.

        Raises ValueError by name for a column that is missing, not finite or negative, and where
        purchases exceed exposures.
        """
        rows = count_rows(X, "item")
        exposures, purchases = read_sales(X, y, rows)
        if rows == 0:
            raise ValueError("there are no cells to learn from")
        if (purchases > exposures).any():
            raise ValueError("purchases exceed exposures")
        self.layout_ = Layout.learn(X, self.context, self.price_context)
        numbered = self.layout_.read(X)
        prices = read_prices(X, rows)
        self.reference_price_ = self._usual(X, numbered.item, prices, exposures)
        tilt = -self._gap(X, prices, numbered.item)
        level, slope = self.layout_.shared_parts(numbered)
        mean, precision = self._prior({name: sd**2 for name, sd in HYPER_SD.items()})
        objective = PenalizedLogit(
            item=numbered.item,
            tilt=tilt,
            shared=tilt_rows(level, slope, tilt),
            exposures=exposures,
            purchases=purchases,
            mean=mean,
            precision=precision,
        )
        self._learn(objective)
        self.item_dispersion_ = np.ones(len(self.layout_.items))
        if self.overdispersed:
            self.item_dispersion_ = objective.dispersion(self.coef_)
            self._learn(objective.discounted(self.item_dispersion_))
        self.dispersion_ = float(np.median(self.item_dispersion_))
        self.n_features_in_ = 2 + len(self.context) + len(self.price_context)
        known = {"item": self.layout_.items.labels}
        self.wrong_sign_share_ = float(np.mean(self._joint(known).slope <= 0.0))
        return self

    def predict(self, price: Any, x: Frame) -> Prediction:
        """Return the chance to buy **per exposure**, its sd and d log P / d log p at `price`.

        `x` has the columns of training without sales; an item never seen takes its category's
        parameters with the doubt of a new item, and needs a `reference_price`.
        """
        rows = count_rows(x, "item")
        numbered = self.layout_.read(x)
        prices = read_prices(x, rows, price)
        gap = self._gap(x, prices, numbered.item)
        held = hold_sign(self._expect(numbered))
        eta = held.level - held.slope * gap
        spread = held.level_variance - 2 * gap * held.covariance + gap**2 * held.slope_variance
        mean, sd = expect_chance(eta, spread)
        return Prediction(mean, sd, -held.slope * (1.0 + gap) * (1.0 - mean))

    def dispersion_of(self, x: Frame) -> FloatArray:
        """Return Pearson's phi of each row's item (n,); the median for an item never seen."""
        item = self.layout_.items.encode(x["item"])
        return np.where(item >= 0, self.item_dispersion_[np.maximum(item, 0)], self.dispersion_)

    def predict_slope(self, x: Frame) -> tuple[FloatArray, FloatArray]:
        """Return posterior mean and sd of the price slope b > 0 of each row, (n,)."""
        held = hold_sign(self._joint(x))
        return held.slope, np.sqrt(held.slope_variance)

    def _joint(self, x: Frame) -> Joint:
        rows = count_rows(x, "item")
        missing = {
            name: np.zeros(rows)
            for name in (*self.context, *self.price_context)
            if not has_column(x, name)
        }
        # A frame without a segment means the average segment, not one that happens to be first.
        labels = {"segment": read_labels(x, "segment", rows)} if has_column(x, "segment") else {}
        known = {"item": x["item"], **labels, **missing}
        if has_column(x, "category"):
            known["category"] = x["category"]
        known |= {
            name: x[name] for name in (*self.context, *self.price_context) if name not in missing
        }
        return self._expect(self.layout_.read(known))

    def _expect(self, numbered: Rows) -> Joint:
        """Return the posterior of each row's level and slope."""
        return read_joint(self.layout_, numbered, self.coef_, self.factor_, self.variances_)

    def _usual(self, x: Frame, item: Any, prices: FloatArray, exposures: FloatArray) -> FloatArray:
        basis = prices
        if has_column(x, "reference_price"):
            basis = read_numbers(x, "reference_price", len(prices))
        return usual_prices(item, basis, exposures, len(self.layout_.items))

    def _gap(self, x: Frame, prices: FloatArray, item: Any) -> FloatArray:
        """Return p / p_ref - 1, (n,)."""
        if has_column(x, "reference_price"):
            reference = read_numbers(x, "reference_price", len(prices))
        elif (item < 0).any():
            raise ValueError("an item never seen needs a reference_price")
        else:
            reference = self.reference_price_[item]
        if not (reference > 0).all():
            raise ValueError("reference prices must be above zero")
        gap: FloatArray = prices / reference - 1.0
        return gap

    def _prior(self, variances: dict[str, float]) -> tuple[FloatArray, FloatArray]:
        groups = self.layout_.groups()
        start = 2 * len(self.layout_.items)
        size = start + sum(self.layout_.sizes)
        mean, precision = np.zeros(size), np.ones(size)
        mean[[start, start + 1]] = self.level_prior[0], self.slope_prior[0]
        precision[[start, start + 1]] = self.level_prior[1] ** -2, self.slope_prior[1] ** -2
        for name, positions in groups.items():
            precision[positions] = 1.0 / variances[name]
        return mean, precision

    def _learn(self, objective: PenalizedLogit) -> None:
        """Find mode and prior variances in turns, then the mode to full precision."""
        self.variances_ = {name: sd**2 for name, sd in HYPER_SD.items()}
        self.coef_ = objective.mean.copy()
        for _ in range(self.rounds):
            self._solve(objective, 1e-3 * max(1.0, float(objective.purchases.mean())))
            before = self.variances_
            self.variances_ = self._evidence()
            objective = objective.with_prior(*self._prior(self.variances_))
            change = [abs(np.log(self.variances_[name] / before[name])) for name in before]
            if max(change) < 0.02:
                break
        self._solve(objective, self.tol)

    def _solve(self, objective: PenalizedLogit, tol: float) -> None:
        options: dict[str, Any] = {"tol": tol}
        if self.max_iter is not None:
            options["max_iter"] = self.max_iter
        if self.solver == "sgd":
            options["random_state"] = self.random_state
        self.solution_ = SOLVERS[self.solver](objective, self.coef_, **options)
        self.coef_ = self.solution_.beta
        self.factor_ = objective.factor(objective.weights(self.coef_))

    def _evidence(self) -> dict[str, float]:
        """Return updated prior variances by group (MacKay's fixed point with a weak hyperprior)."""
        posterior = self.factor_.variances()
        learned = {}
        for name, positions in self.layout_.groups().items():
            known = 1.0 - posterior[positions] / self.variances_[name]
            strength = HYPER_COUNT * HYPER_SD[name] ** 2
            total = float((self.coef_[positions] ** 2).sum())
            free = float(np.clip(known, 0.0, 1.0).sum())
            learned[name] = max((total + strength) / (free + HYPER_COUNT), SMALLEST_VARIANCE)
        return learned
