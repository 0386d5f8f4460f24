"""Prices that a candidate model would have shown in logged decisions."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.base.core.price_points import share_up
from pricing.base.core.values import Policy
from pricing.ledger.core.exposures import Outlook, look_out
from pricing.ledger.core.packed import Rows, read_held, read_signals, read_terms
from pricing.optimum.core.quote import build_rungs
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
    rungs = build_rungs(terms, policy, np.zeros(len(rows), dtype=np.int64))
    boost = sensitivity_boost(read_signals(rows), candidate.weights)
    return look_out(terms, rungs, boost, policy, held=read_held(rows), now_ms=issued_ms)


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
