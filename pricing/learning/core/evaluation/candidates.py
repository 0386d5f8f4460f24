"""Prices that a candidate model would have shown in logged decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.price_points import share_up
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.learning.core.evaluation.estimators import Evaluation
from pricing.ledger.core.exposures import Outlook, look_out
from pricing.ledger.core.packed import Rows, read_held, read_signals, read_terms
from pricing.optimum.core.quote import build_price_points
from pricing.optimum.core.signals import SignalWeights, sensitivity_boost
from pricing.optimum.core.thompson import DRAWS


@dataclass(frozen=True, slots=True)
class Candidate:
    """A model in question, at the variants of n logged decisions: elasticity (n,), its sd (n,), and
    the weights of a shopper's signals."""

    elasticity: FloatArray
    elasticity_sd: FloatArray
    weights: SignalWeights


def imagine(
    rows: Rows, issued_ms: IntArray, exponent: int, *, candidate: Candidate, policy: Policy
) -> Outlook:
    """Return what `candidate` could have shown under `policy` in place of the logged model.

    Public prices, floors, costs, signals and promises are those of the moment; the draw is not: its
    distribution is what counts.
    """
    terms = replace(
        read_terms(rows, exponent),
        elasticity=candidate.elasticity,
        elasticity_sd=candidate.elasticity_sd,
    )
    price_points = build_price_points(terms, policy, np.zeros(len(rows), dtype=np.int64))
    boost = sensitivity_boost(read_signals(rows), candidate.weights)
    return look_out(terms, price_points, boost, policy, held=read_held(rows), now_ms=issued_ms)


def count_violations(rows: Rows, outlook: Outlook, policy: Policy) -> int:
    """Return in how many decisions a price could have come out that breaks a bound.

    After gate and promises: above public, or below both the floor and what was promised before, or
    below the cap and the promise.
    """
    public = rows["public_minor"].astype(np.int64)
    lowest = np.maximum(share_up(public, 1.0 - policy.personal_cap), rows["floor_minor"])
    lowest = np.minimum(lowest, public)
    held = rows["held_quoted"].astype(np.int64)
    lowest = np.where(held > 0, np.minimum(lowest, held), lowest)
    shown = outlook.shown_minor
    is_out = (shown > public[:, None]) | (shown < lowest[:, None])
    return int((is_out & (outlook.percent > 0)).any(axis=1).sum())


def align(
    rung_minor: IntArray, probability: FloatArray, outlook: Outlook
) -> tuple[IntArray, FloatArray, FloatArray]:
    """Return prices (n, K + R), their logged and their candidate probabilities.

    The first K columns are the logged prices; what the candidate would have shown and the log never
    could stands in the R columns behind them, with a logged probability of 0.

    >>> outlook = Outlook(np.array([[400, 389]]), np.array([[400, 385]]), np.array([[30, 70]]))
    >>> prices, logged, wanted = align(np.array([[400, 389]]), np.array([[0.4, 0.6]]), outlook)
    >>> prices.tolist(), logged.tolist(), wanted.tolist()
    ([[400, 389, 400, 385]], [[0.4, 0.6, 0.0, 0.0]], [[0.3, 0.0, 0.0, 0.7]])
    """
    n, known = rung_minor.shape
    wide = outlook.shown_minor.shape[1]
    wanted = np.zeros((n, known + wide))
    for column in range(wide):
        shown, chance = outlook.shown_minor[:, column], outlook.percent[:, column] / DRAWS
        same: BoolArray = rung_minor == shown[:, None]
        is_logged = same.any(axis=1)
        at = np.where(is_logged, same.argmax(axis=1), known + column)
        np.add.at(wanted, (np.arange(n), at), chance)
    prices = np.concatenate([rung_minor, outlook.shown_minor], axis=1)
    logged = np.concatenate([probability, np.zeros((n, wide))], axis=1)
    return prices, logged, wanted


@dataclass(frozen=True, slots=True)
class GateAnswer:
    """Whether a candidate may go on to live traffic, and if not, why."""

    is_open: bool
    reasons: tuple[str, ...]


def ask_gate(evaluation: Evaluation, *, violations: int) -> GateAnswer:
    """Return whether the candidate may be tried live.

    It may if a verdict is possible, the lower bound of the DR gain is above 0, and none of its
    prices broke a bound (`violations` counts those before the last gate corrected them).

    >>> from pricing.learning.core.evaluation.estimators import evaluate, example_logged
    >>> found = evaluate(example_logged(), random_state=1, resamples=200)
    >>> ask_gate(found, violations=0)
    GateAnswer(is_open=True, reasons=())
    >>> ask_gate(found, violations=2).reasons
    ('rules_broken',)
    """
    reasons = list(evaluation.refusals)
    if not evaluation.estimates["DR"].gain.low > 0.0:
        reasons.append("gain_not_sure")
    if violations:
        reasons.append("rules_broken")
    return GateAnswer(not reasons, tuple(reasons))


def cross_fit_chances(
    features: FloatArray,
    log_ratio: FloatArray,
    *,
    chosen: IntArray,
    bought: BoolArray,
    cluster: IntArray,
    folds: int = 5,
) -> FloatArray:
    """Return the chance to buy at each price point, (n, k), from a logit fitted on other clusters.

    `features` (n, d) describe the moment, `log_ratio` (n, k) = log(price point / public price),
    `chosen` (n,) is the price point shown. The logit has the features, the log price ratio and
    their products, so that price response may differ by shopper; it is penalised (C = 1 on
    standardised columns). DR needs it to be neither right nor unbiased, only not to have seen the
    rewards it predicts (cross-fitting, Chernozhukov et al. 2018). Where a fold bought nothing, or
    always, its mean.

    >>> rng = np.random.default_rng(1)
    >>> x, ladder = rng.normal(size=(4_000, 1)), np.tile([0.0, -0.1], (4_000, 1))
    >>> chosen = rng.integers(0, 2, 4_000)
    >>> bought = rng.random(4_000) < np.where(chosen == 1, 0.4, 0.2)
    >>> found = cross_fit_chances(
    ...     x, ladder, chosen=chosen, bought=bought, cluster=np.arange(4_000)
    ... )
    >>> found.mean(axis=0).round(1).tolist()
    [0.2, 0.4]
    """
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415  # only workers that train load it
    from sklearn.model_selection import GroupKFold  # noqa: PLC0415  # only workers that train load it
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415  # only workers that train load it

    n, k = log_ratio.shape
    chance = np.empty((n, k))
    x = StandardScaler().fit_transform(features)
    shown = log_ratio[np.arange(n), chosen]
    spread = float(shown.std()) or 1.0
    groups = len(np.unique(cluster))
    if groups < 2:
        return np.full((n, k), float(bought.mean()))
    for fit, rest in GroupKFold(min(folds, groups)).split(x, groups=cluster):
        if bought[fit].all() or not bought[fit].any():
            chance[rest] = float(bought[fit].mean())
            continue
        model = LogisticRegression(C=1.0, max_iter=200)
        model.fit(_design(x[fit], shown[fit] / spread), bought[fit])
        for column in range(k):
            design = _design(x[rest], log_ratio[rest, column] / spread)
            chance[rest, column] = model.predict_proba(design)[:, 1]
    return chance


def _design(x: FloatArray, price: FloatArray) -> FloatArray:
    return np.concatenate([x, price[:, None], x * price[:, None]], axis=1)
