"""Uplift of offers: features, a logit of two arms, and how well it is judged to work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit

# Never: age, sex, ethnicity, religion, health, disability, union, orientation, family, income,
# job, education, exact place, name, device, operating system, browser, referrer, battery,
# language, nor anything inferred of these. Every name but `goods_affinity` and `given_before` is
# one that `profiles.features.core` registers, with its purpose, source and sensitivity; a test
# compares.

FloatArray = NDArray[np.float64]
Frame = Mapping[str, ArrayLike]

ALLOWED: Mapping[str, str] = {
    "activity": "recent visits",
    "cart_adds": "recent additions to the cart",
    "purchases": "lines bought lately",
    "orders": "orders lately",
    "spend": "amount spent lately",
    "discounted": "lines bought on offer lately",
    "offer_clicks": "offers opened lately",
    "recency": "how lately the shopper was here",
    "tenure_days": "days since the first event",
    "goods_affinity": "interest in the goods the campaign is about",
    "given_before": "personal offers given in the last weeks",
}


class FeatureRefused(ValueError):
    """A feature that an uplift model may not use, or one that is missing."""


def require_allowed(names: Sequence[str]) -> None:
    """Raise FeatureRefused unless every name is on the allow-list.

    >>> require_allowed(["spend", "income"])  # doctest: +IGNORE_EXCEPTION_DETAIL
    Traceback (most recent call last):
    ...
    FeatureRefused: 'income' may not decide who gets an offer
    """
    for name in names:
        if name not in ALLOWED:
            raise FeatureRefused(f"{name!r} may not decide who gets an offer")


def read_frame(frame: Frame, names: Sequence[str]) -> FloatArray:
    """Return the columns `names` of `frame` side by side, (n, len(names)), all finite.

    >>> read_frame({"spend": [1, 2], "orders": [0, 1]}, ["orders", "spend"]).tolist()
    [[0.0, 1.0], [1.0, 2.0]]
    """
    require_allowed(list(frame))
    missing = sorted(set(names) - set(frame))
    if missing:
        raise FeatureRefused(f"the model needs {', '.join(missing)}")
    found = np.column_stack([np.asarray(frame[name], dtype=float) for name in names])
    if not np.isfinite(found).all():
        raise FeatureRefused("a feature holds something that is no number")
    return found


LEAST_CONTROL, LEAST_DEPTH = 0.05, 0.02
FEWEST = 200


@dataclass(frozen=True, slots=True)
class TreatmentLog:
    """n shoppers: features (n, d) in the order of `names`, `depth` (n,) as a share, 0 for control,
    `outcome` (n,) 1 for those who bought (or a rate), `propensity` (n,) of the depth each got."""

    names: tuple[str, ...]
    features: FloatArray
    depth: FloatArray
    outcome: FloatArray
    propensity: FloatArray

    @classmethod
    def read(cls, frame: Frame, depth: ArrayLike, outcome: ArrayLike, chance: ArrayLike) -> Self:
        """Return the checked trial. Raises ValueError for one that nothing can be learned from.

        >>> half = np.tile([0.0, 0.1], 200)
        >>> TreatmentLog.read({"spend": half}, half, half > 1, np.full(400, 0.5)).depths.tolist()
        [0.1]
        """
        names = tuple(sorted(frame))
        require_allowed(names)
        columns = [np.asarray(one, dtype=float) for one in (depth, outcome, chance)]
        features = read_frame(frame, names)
        if {len(column) for column in columns} != {len(features)}:
            raise ValueError("features, depth, outcome and propensity have different lengths")
        trial = cls(names, features, *columns)
        trial._check()
        return trial

    def _check(self) -> None:
        if not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise ValueError("a propensity is above 0 and at most 1")
        if not ((self.depth >= 0) & (self.depth < 1)).all():
            raise ValueError("a depth is a share of the price, below 1")
        if not ((self.outcome >= 0) & (self.outcome <= 1)).all():
            raise ValueError("an outcome is between 0 and 1")
        if int((self.depth == 0).sum()) < FEWEST or int((self.depth > 0).sum()) < FEWEST:
            raise ValueError(f"at least {FEWEST} shoppers with and without an offer are needed")

    @property
    def depths(self) -> FloatArray:
        """Return the depths above 0 that were given, ascending, (k,)."""
        found = np.unique(self.depth)
        return found[found > 0]

    @property
    def weight(self) -> FloatArray:
        """Return 1 / propensity, (n,)."""
        return np.asarray(1.0 / self.propensity)

    def take(self, where: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return the trial of some of the shoppers."""
        return type(self)(
            self.names,
            self.features[where],
            self.depth[where],
            self.outcome[where],
            self.propensity[where],
        )


# Everything is weighted by 1 / propensity within an arm (Hajek), so arms may be of any size.
# Judge a model on shoppers it has not seen.

GROUPS, POINTS, DRAWS = 10, 20, 200


@dataclass(frozen=True, slots=True)
class Calibration:
    """Predicted against observed uplift in groups of equal size by prediction, (GROUPS,) each, with
    the sd of what was observed; `slope` of observed on predicted (1 is right; below, the model
    exaggerates) and its sd."""

    predicted: FloatArray
    observed: FloatArray
    sd: FloatArray
    slope: float
    slope_sd: float


@dataclass(frozen=True, slots=True)
class Qini:
    """`area` per shopper between giving the offer to the best-ranked first and giving it at random
    (what AUUC counts), with its 95 % interval."""

    area: float
    area_interval: tuple[float, float]


def calibrate(trial: TreatmentLog, uplift: FloatArray) -> Calibration:
    """Compare `uplift` (n, k), predicted at `trial.depths`, with what the arms show.

    Shoppers are grouped by their prediction, for each depth its own arm against control; groups of
    the same rank are pooled over depths by their precision.
    """
    predicted, observed, variance = (np.zeros((len(trial.depths), GROUPS)) for _ in range(3))
    for at, depth in enumerate(trial.depths):
        group = np.argsort(np.argsort(uplift[:, at], kind="stable")) * GROUPS // len(uplift)
        for each in range(GROUPS):
            among = group == each
            with_offer = _arm_mean(trial, among & (trial.depth == depth))
            without = _arm_mean(trial, among & (trial.depth == 0))
            predicted[at, each] = uplift[among, at].mean()
            observed[at, each] = with_offer[0] - without[0]
            variance[at, each] = with_offer[1] + without[1]
    weight = 1.0 / np.maximum(variance, 1e-12)
    total = weight.sum(axis=0)
    centred = predicted - (weight * predicted).sum() / weight.sum()
    spread = float((weight * centred**2).sum())
    slope = float((weight * centred * observed).sum()) / max(spread, 1e-12)
    return Calibration(
        predicted=(weight * predicted).sum(axis=0) / total,
        observed=(weight * observed).sum(axis=0) / total,
        sd=np.sqrt(1.0 / total),
        slope=slope,
        slope_sd=max(spread, 1e-12) ** -0.5,
    )


def draw_qini(trial: TreatmentLog, score: FloatArray, depth: float, *, seed: int = 0) -> Qini:
    """Return the Qini area of ranking by `score` (n,) for the arm of `depth` against control,
    with an interval from DRAWS bootstrap samples of shoppers."""
    among = (trial.depth == depth) | (trial.depth == 0)
    arm = trial.take(among)
    arm = arm.take(np.argsort(-score[among], kind="stable"))
    rng = np.random.default_rng(seed)
    shoppers = len(arm.depth)
    drawn = [_area(arm, rng.poisson(1.0, shoppers).astype(np.float64)) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Qini(_area(arm, np.ones(shoppers)), (float(low), float(high)))


def _arm_mean(trial: TreatmentLog, among: NDArray[np.bool_]) -> tuple[float, float]:
    """Return the weighted mean outcome and its variance; nobody: 0 with no information."""
    weight = trial.weight[among]
    if not len(weight):
        return 0.0, np.inf
    share = weight / weight.sum()
    mean = float(share @ trial.outcome[among])
    return mean, float(share**2 @ (trial.outcome[among] - mean) ** 2) + 1e-9


def _area(arm: TreatmentLog, times: FloatArray) -> float:
    """Return the area of the curve of cumulative uplift per shopper over giving at random, at
    POINTS shares of shoppers in their given order, each counted `times`."""
    treated = arm.depth > 0
    weight = arm.weight * times
    ends = (np.arange(1, POINTS + 1) * len(times)) // POINTS - 1

    def running(among: NDArray[np.bool_]) -> tuple[FloatArray, FloatArray]:
        here = weight * among
        return np.cumsum(here * arm.outcome)[ends], np.cumsum(here)[ends]

    got, of = running(treated)
    kept, out = running(~treated)
    share = np.arange(1, POINTS + 1) / POINTS
    curve = (got / np.maximum(of, 1e-9) - kept / np.maximum(out, 1e-9)) * share
    return float(np.mean(curve - curve[-1] * share))


STEPS = 30
PRIORS = (1_024.0, 256.0, 64.0, 16.0)


class StoredOtherwise(ValueError):
    """Arrays that another release stored, of another model."""


class Scale:
    """Features as a smooth model sees them: signed log, standardised, and their products.

    >>> table = np.random.default_rng(0).lognormal(size=(50, 2))
    >>> Scale().fit(table).read(table).shape
    (50, 5)
    """

    def fit(self, features: FloatArray) -> Self:
        """Learn location and scale of each feature (n, d)."""
        bent = _bend(features)
        self.mean = bent.mean(axis=0)
        self.sd = np.maximum(bent.std(axis=0), 1e-9)
        return self

    def read(self, features: FloatArray) -> FloatArray:
        """Return (n, d + d (d + 1) / 2): each feature, then squares and products, centred."""
        z = np.clip((_bend(features) - self.mean) / self.sd, -4.0, 4.0)
        first, second = np.triu_indices(z.shape[1])
        return np.concatenate([z, (z[:, first] * z[:, second] - (first == second)) / 2], axis=1)


class ResponseLogit:
    """logit P(buy) = a + b.z + depth (s + t.z), z the scaled features, squares and products.

    Gaussian priors of precision `prior` on b and t (four times as strict for products); of PRIORS
    the one with the largest evidence (Laplace) is taken. Responses are made isotonic over depth.
    Learned: `names`, `scale`, `mode`, `prior`.

    >>> rng = np.random.default_rng(0)
    >>> spend, depth = rng.random(4_000), rng.choice([0.0, 0.1, 0.2], 4_000)
    >>> bought = rng.random(4_000) < expit(-1 + 10 * depth * spend)
    >>> trial = TreatmentLog.read({"spend": spend}, depth, bought, np.full(4_000, 1 / 3))
    >>> model = ResponseLogit().fit(trial)
    >>> chance = model.predict({"spend": [0.1, 0.9]}, [0.0, 0.2])
    >>> low, high = chance[:, 1] - chance[:, 0]
    >>> bool(low < 0.15 < high)
    True
    """

    names: tuple[str, ...]
    scale: Scale
    mode: FloatArray
    prior: float

    def fit(self, trial: TreatmentLog) -> Self:
        """Learn from a randomised arm."""
        self.names, self.scale = trial.names, Scale().fit(trial.features)
        design = self._design(trial.features, trial.depth)
        evidence, start = -np.inf, np.zeros(design.shape[1])
        for prior in PRIORS:  # each starts from the last one's mode: a few steps suffice
            precision = _precisions(design.shape[1], len(self.names), prior)
            start, found = fit_logit(design, trial.outcome, precision, start)
            if found > evidence:
                evidence, self.prior, self.mode = found, prior, start
        return self

    def predict(self, frame: Frame, depths: ArrayLike) -> FloatArray:
        """Return the chance to buy at each of k depths, (n, k), never falling with depth."""
        return self.respond(read_frame(frame, self.names), depths)

    def respond(self, features: FloatArray, depths: ArrayLike) -> FloatArray:
        """Return the same of features (n, d) in the order of `names`; depths in any order."""
        asked = np.asarray(depths, dtype=float)
        if not ((asked >= 0) & (asked < 1)).all():
            raise ValueError("a depth is a share of the price, below 1")
        ladder, place = np.unique(np.concatenate([[0.0], asked]), return_inverse=True)
        each = [self._design(features, np.full(len(features), depth)) for depth in ladder]
        chance = np.column_stack([expit(design @ self.mode) for design in each])
        return make_isotone(chance)[:, place[1:]]

    def pack(self) -> dict[str, NDArray[Any]]:
        """Return the model as arrays that `unpack` reads."""
        return {
            "names": np.array(self.names),
            "mean": self.scale.mean,
            "sd": self.scale.sd,
            "mode": self.mode,
        }

    @classmethod
    def unpack(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the model that was packed. Raises StoredOtherwise for arrays of another one."""
        model = cls()
        model.names = tuple(str(name) for name in arrays["names"])
        require_allowed(model.names)
        model.scale = Scale()
        model.scale.mean, model.scale.sd = arrays["mean"], arrays["sd"]
        model.mode = arrays["mode"]
        if len(model.mode) != 2 * (1 + count_terms(len(model.names))):
            raise StoredOtherwise("the arrays are not those of this model: train it again")
        return model

    def _design(self, features: FloatArray, depth: FloatArray) -> FloatArray:
        z = self.scale.read(features)
        slope = depth[:, None] * 4.0
        return np.concatenate([np.ones((len(z), 1)), z, slope, slope * z], axis=1)


def fit_logit(
    design: FloatArray,
    outcome: FloatArray,
    precision: FloatArray,
    start: FloatArray | None = None,
) -> tuple[FloatArray, float]:
    """Return mode and log evidence of a logit with N(0, 1 / precision) priors.

    Newton steps on the log posterior; evidence by Laplace: log p(y | mode) + log prior(mode)
    - log det(H) / 2 (constants dropped). A precision of 0 is a flat prior.

    >>> x = np.column_stack([np.ones(4), [0.0, 0.0, 1.0, 1.0]])
    >>> mode, _ = fit_logit(x, np.array([0.0, 1.0, 1.0, 1.0]), np.array([0.0, 1.0]))
    >>> bool(0 < mode[1] < 2)
    True
    """
    mode = np.zeros(design.shape[1]) if start is None else start
    hessian = np.eye(len(mode))
    for _ in range(STEPS):
        chance = expit(design @ mode)
        hessian = (design * (chance * (1 - chance))[:, None]).T @ design
        hessian[np.diag_indices_from(hessian)] += precision + 1e-6
        step = np.linalg.solve(hessian, design.T @ (outcome - chance) - precision * mode)
        mode = mode + step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if float(np.abs(step).max()) < 1e-6:
            break
    linear = design @ mode
    fit = float(outcome @ linear - np.logaddexp(0.0, linear).sum())
    strict = precision[precision > 0]
    prior = float(-0.5 * (precision * mode**2).sum() + 0.5 * np.log(strict).sum())
    evidence = fit + prior - 0.5 * float(np.linalg.slogdet(hessian)[1])
    return mode, evidence


def count_terms(features: int) -> int:
    """Return how many columns `Scale.read` makes of so many features.

    >>> count_terms(2)
    5
    """
    return features + features * (features + 1) // 2


def _precisions(columns: int, width: int, prior: float) -> FloatArray:
    """Return the prior precision of each column of the design: free intercept and mean slope;
    products four times as strict as features."""
    each = np.where(np.arange(columns // 2 - 1) < width, prior, 4.0 * prior)
    return np.concatenate([[0.0], each, [0.0], each])


def _bend(features: FloatArray) -> FloatArray:
    return np.sign(features) * np.log1p(np.abs(features))


def make_isotone(response: FloatArray) -> FloatArray:
    """Return the nearest response (n, k) in squared error that never falls from left to right.

    By the min-max formula of isotonic regression, iso_j = max_{a <= j} min_{b >= j} mean(a..b)
    (Barlow et al. 1972): exact, and for the few depths of an offer faster than pooling row by row.

    >>> make_isotone(np.array([[0.1, 0.3, 0.2, 0.4]])).round(3).tolist()
    [[0.1, 0.25, 0.25, 0.4]]
    """
    depths = response.shape[1]
    sums = np.concatenate([np.zeros((len(response), 1)), np.cumsum(response, axis=1)], axis=1)
    best = np.full((len(response), depths), -np.inf)
    for start in range(depths):
        ends = np.arange(start + 1, depths + 1)
        means = (sums[:, start + 1 :] - sums[:, start : start + 1]) / (ends - start)
        # The least mean over ends at or after each place, from this start
        least = np.minimum.accumulate(means[:, ::-1], axis=1)[:, ::-1]
        best[:, start:] = np.maximum(best[:, start:], least)
    return best
