"""Shopper predictions: the questions they answer, their model and its words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from math import exp, log1p
from operator import mul
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.features.core.derive import VALUE_NAMES
from shop.ground.kernel.translation import gettext_noop

LEARNED_WEEKS, LATER_WEEKS = 4, 2

# For each input what is said of a shopper above and below the mean.
REASONS: dict[str, tuple[str, str]] = {
    "orders": (gettext_noop("orders often"), gettext_noop("orders rarely")),
    "wait": (
        gettext_noop("waits longer than usual for the next order"),
        gettext_noop("not longer than usual since the last order"),
    ),
    "activity": (
        gettext_noop("visited much lately"),
        gettext_noop("visited little lately"),
    ),
    "cart_adds": (
        gettext_noop("filled the cart lately"),
        gettext_noop("put little in the cart lately"),
    ),
    "offer_clicks": (
        gettext_noop("opened many offers"),
        gettext_noop("opened few offers"),
    ),
    "discount_share": (
        gettext_noop("buys much on offer"),
        gettext_noop("buys little on offer"),
    ),
    "basket_lines": (gettext_noop("large orders"), gettext_noop("small orders")),
    "category_breadth": (
        gettext_noop("buys in many categories"),
        gettext_noop("buys in few categories"),
    ),
    "tenure_days": (gettext_noop("known for long"), gettext_noop("known for a short time")),
}


class Outcome(Enum):
    """What the days after the question show of a shopper."""

    ORDERS = auto()
    NOTHING = auto()
    # Of who buys something then: more than half of the lines are on offer.
    MOSTLY_ON_OFFER = auto()
    # A purchase in a category without one before.
    NEW_CATEGORY = auto()


@dataclass(frozen=True, slots=True)
class Question:
    """Whether `outcome` is so of a shopper in the next `days`; its tag says "likely".

    `meaning` is what the chance is of.
    """

    code: str
    name: str
    days: int
    outcome: Outcome
    meaning: str

    def stages(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """Return how many days ago it is asked: to learn, to calibrate, to judge.

        Every outcome of a stage is known when the next one begins.

        >>> QUESTIONS[0].stages()
        ((35, 42, 49, 56), (21, 28), (7, 14))
        """
        week, days = 7, self.days
        starts = (3 * days + 2 * week, 2 * days + week, days)
        counts = (LEARNED_WEEKS, LATER_WEEKS, LATER_WEEKS)
        learned, later, held = (
            tuple(start + week * at for at in range(count))
            for start, count in zip(starts, counts, strict=True)
        )
        return learned, later, held


QUESTIONS = (
    Question(
        "will_buy",
        gettext_noop("likely to buy this week"),
        days=7,
        outcome=Outcome.ORDERS,
        meaning=gettext_noop("orders in the next 7 days"),
    ),
    Question(
        "may_lapse",
        gettext_noop("likely to lapse"),
        days=28,
        outcome=Outcome.NOTHING,
        meaning=gettext_noop("orders nothing in the next 28 days"),
    ),
    Question(
        "on_offer",
        gettext_noop("likely to buy mostly on offer"),
        days=28,
        outcome=Outcome.MOSTLY_ON_OFFER,
        meaning=gettext_noop("of what is bought in the next 28 days, more than half is on offer"),
    ),
    Question(
        "new_category",
        gettext_noop("likely to try a new category"),
        days=14,
        outcome=Outcome.NEW_CATEGORY,
        meaning=gettext_noop("buys in a category new to the shopper in the next 14 days"),
    ),
)


# A question ("orders within a week") is learned as of past moments, calibrated on later ones and
# judged on still later ones, each after the outcomes of those before were known. It is answered
# only if its squared error there (Brier) is surely below that of the base rate, by household.

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

LIKELY = 0.5
LAPSED_DAYS = 180.0
LEAST_ROWS, LEAST_OF_EACH = 80, 20
CLIP = 3.0
MOST_REASONS, LEAST_GAIN = 3, 0.05
NORMAL_95 = 1.959964
_EDGES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)

CHANCE_INPUTS = tuple(REASONS)
# The features they are made of.
_TIMES = {"days_since_order", "order_interval_days"}
CHANCE_FEATURES = tuple(sorted({*CHANCE_INPUTS, *_TIMES} - {"wait"}))
_PLAIN = frozenset({"discount_share"})


@dataclass(frozen=True, slots=True)
class PredictionSamples:
    """A question asked n times: of whom (n,), features (n, len(VALUE_NAMES)), was it so (n,)."""

    shopper: IntArray
    values: FloatArray
    is_so: BoolArray

    def is_enough(self) -> bool:
        """Return whether there are rows enough of both outcomes."""
        so = int(self.is_so.sum())
        return len(self.is_so) >= LEAST_ROWS and min(so, len(self.is_so) - so) >= LEAST_OF_EACH


@dataclass(frozen=True, slots=True)
class PredictionModel:
    """A fitted question: weights (d,) of standardized CHANCE_INPUTS on the log odds."""

    code: str
    mean: FloatArray
    scale: FloatArray
    weights: FloatArray
    intercept: float

    def predict(self, values: FloatArray) -> FloatArray:
        """Return the chance of each of n shoppers, (n,), from features (n, len(VALUE_NAMES))."""
        return _expit(self._terms(values) @ self.weights + self.intercept)

    def predict_one(self, values: Mapping[str, float]) -> float | None:
        """Return the chance of one shopper, None for whom the question is not asked."""
        if not _is_one_asked(values):
            return None
        odds = sum(map(mul, self._terms_of_one(values), self.weights.tolist()))
        return 1.0 / (1.0 + exp(-odds - self.intercept))

    def explain(self, values: Mapping[str, float]) -> tuple[str, ...]:
        """Return up to three reasons that raise the chance most.

        One that adds less than LEAST_GAIN to the log odds is no reason.
        """
        terms = np.array(self._terms_of_one(values))
        gains = terms * self.weights
        first = np.argsort(-gains, kind="stable")[:MOST_REASONS].tolist()
        return tuple(
            REASONS[CHANCE_INPUTS[at]][0 if terms[at] > 0 else 1]
            for at in first
            if gains[at] > LEAST_GAIN
        )

    def strongest(self) -> tuple[str, ...]:
        """Return what counts most in general, in the words for what raises the chance."""
        first = np.argsort(-np.abs(self.weights), kind="stable")[:MOST_REASONS].tolist()
        return tuple(REASONS[CHANCE_INPUTS[at]][0 if self.weights[at] > 0 else 1] for at in first)

    def _terms(self, values: FloatArray) -> FloatArray:
        return np.clip((_inputs(values) - self.mean) / self.scale, -CLIP, CLIP)

    def _terms_of_one(self, values: Mapping[str, float]) -> list[float]:
        """Return the terms of one shopper, (d,), without arrays: this is asked at every read."""
        logs = {name: log1p(values[name]) for name in CHANCE_FEATURES}
        logs["wait"] = logs["days_since_order"] - logs["order_interval_days"]
        inputs = (values[n] if n in _PLAIN else logs[n] for n in CHANCE_INPUTS)
        standard = zip(inputs, self.mean.tolist(), self.scale.tolist(), strict=True)
        return [min(CLIP, max(-CLIP, (value - mean) / scale)) for value, mean, scale in standard]


def is_asked(values: FloatArray) -> BoolArray:
    """Return who is asked about, (n,): ordered twice or more, and once in the last 180 days."""
    interval = values[:, VALUE_NAMES.index("order_interval_days")]
    since = values[:, VALUE_NAMES.index("days_since_order")]
    return (interval > 0) & (since <= LAPSED_DAYS)


def _is_one_asked(values: Mapping[str, float]) -> bool:
    return values["order_interval_days"] > 0 and values["days_since_order"] <= LAPSED_DAYS


def tag_chances(
    chances: tuple[PredictionModel, ...], values: Mapping[str, float]
) -> tuple[str, ...]:
    """Return the codes of what is more likely than not."""
    answers = ((chance.code, chance.predict_one(values)) for chance in chances)
    return tuple(code for code, answer in answers if answer is not None and answer > LIKELY)


@dataclass(frozen=True, slots=True)
class Proof:
    """How a question did on the weeks held out: rows, households, squared errors and their gain.

    `gain` is the base rate's Brier score less the model's, `low` to `high` its 95 % interval with
    households as clusters. `reliability` has a row per fifth: rows, mean chance, share it was so.
    """

    rows: int
    households: int
    rate: float
    brier: float
    base: float
    gain: float
    low: float
    high: float
    reliability: tuple[tuple[int, float, float], ...]

    @property
    def is_better(self) -> bool:
        """Whether it is surely better than the base rate."""
        return self.low > 0.0


def fit_chance(
    question: Question, learned: PredictionSamples, calibrated: PredictionSamples
) -> PredictionModel | None:
    """Learn a question and calibrate its log odds on later weeks; None with too few rows."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only workers that train load it

    if not (learned.is_enough() and calibrated.is_enough()):
        return None
    inputs = _inputs(learned.values)
    mean, deviation = inputs.mean(axis=0), inputs.std(axis=0)
    scale = np.where(deviation > 1e-9, deviation, 1.0)
    terms = np.clip((inputs - mean) / scale, -CLIP, CLIP)
    fitted = LogisticRegression(C=1.0, max_iter=500).fit(terms, learned.is_so)
    later = np.clip((_inputs(calibrated.values) - mean) / scale, -CLIP, CLIP)
    odds = fitted.decision_function(later)[:, None]
    again = LogisticRegression(C=1.0, max_iter=500).fit(odds, calibrated.is_so)
    slope = float(again.coef_[0, 0])
    return PredictionModel(
        code=question.code,
        mean=mean,
        scale=scale,
        weights=np.asarray(fitted.coef_[0] * slope, dtype=np.float64),
        intercept=float(fitted.intercept_[0] * slope + again.intercept_[0]),
    )


def judge_chance(chance: PredictionModel, held: PredictionSamples) -> Proof | None:
    """Compare a fit on weeks held out with their own base rate; None with too few rows."""
    if not held.is_enough():
        return None
    so, predicted = held.is_so.astype(np.float64), chance.predict(held.values)
    rate = float(so.mean())
    errors, base = (so - predicted) ** 2, (so - rate) ** 2
    households, row = np.unique(held.shopper, return_inverse=True)
    gain = float((base - errors).mean())
    spread = np.bincount(row, weights=base - errors - gain)
    half = NORMAL_95 * float(np.sqrt((spread**2).sum())) / len(so)
    return Proof(
        rows=len(so),
        households=len(households),
        rate=rate,
        brier=float(errors.mean()),
        base=float(base.mean()),
        gain=gain,
        low=gain - half,
        high=gain + half,
        reliability=_reliability(predicted, so),
    )


def _reliability(predicted: FloatArray, so: FloatArray) -> tuple[tuple[int, float, float], ...]:
    fifth = np.digitize(predicted, _EDGES[1:-1])
    groups = [fifth == at for at in range(len(_EDGES) - 1)]
    return tuple(
        (int(group.sum()), float(predicted[group].mean()), float(so[group].mean()))
        for group in groups
        if group.any()
    )


def _inputs(values: FloatArray) -> FloatArray:
    """Return the inputs (n, d); amounts, counts and days are skewed: their log(1 + x).

    "wait" is how long ago the last order is against the usual time between two.
    """
    by_name = dict(zip(VALUE_NAMES, values.T, strict=True))
    logs = {name: np.log1p(by_name[name]) for name in CHANCE_FEATURES}
    logs["wait"] = logs["days_since_order"] - logs["order_interval_days"]
    return np.column_stack([by_name[n] if n in _PLAIN else logs[n] for n in CHANCE_INPUTS])


def _expit(odds: FloatArray) -> FloatArray:
    return np.asarray(1.0 / (1.0 + np.exp(-odds)), dtype=np.float64)


def chance_arrays(chances: tuple[PredictionModel, ...]) -> dict[str, NDArray[Any]]:
    """Return the fits as plain arrays for storage beside those of the segments."""
    width = len(CHANCE_INPUTS)
    return {
        "chance_codes": np.array([one.code for one in chances], dtype=np.str_),
        "chance_features": np.array(CHANCE_INPUTS, dtype=np.str_),
        "chance_means": np.array([one.mean for one in chances]).reshape(-1, width),
        "chance_scales": np.array([one.scale for one in chances]).reshape(-1, width),
        "chance_weights": np.array([one.weights for one in chances]).reshape(-1, width),
        "chance_intercepts": np.array([one.intercept for one in chances], dtype=np.float64),
    }


def chances_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> tuple[PredictionModel, ...]:
    """Return the fits of `chance_arrays`; none where a fit has none, or has other inputs."""
    if tuple(arrays.get("chance_features", np.array([])).tolist()) != CHANCE_INPUTS:
        return ()
    return tuple(
        PredictionModel(
            code=code,
            mean=arrays["chance_means"][at],
            scale=arrays["chance_scales"][at],
            weights=arrays["chance_weights"][at],
            intercept=float(arrays["chance_intercepts"][at]),
        )
        for at, code in enumerate(arrays["chance_codes"].tolist())
    )
