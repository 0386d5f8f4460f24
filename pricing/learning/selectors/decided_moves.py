"""Random part of decided prices: the draw, and the randomized public price."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from django.core.exceptions import ObjectDoesNotExist

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.base.core.values import Policy
from pricing.demand.selectors.versions import load_weights
from pricing.learning.core.evaluation.candidates import Candidate, imagine
from pricing.learning.core.shown import find_moved
from pricing.ledger.selectors.exposures import Exposures
from pricing.optimum.core.thompson import DRAWS
from pricing.policy.selectors.rules import load_policy

# What a decision was made with.
_MADE_WITH = ("policy_version", "exponent", "model_version", "fit", "is_held_out")


def find_decided_moves(found: Exposures) -> FloatArray:
    """Return what chance did to the log of each price (n,): its log less the mean over all that
    could have been shown to the same shopper, inside the holdout and outside; NaN where nothing
    else could have been, or where the weights that decided are gone.

    The quote says what could have been outside the holdout; for a price inside it, that is decided
    again. One query for each policy version, and one for each model or fit the first time.
    """
    public = found.rows["public_minor"].astype(np.int64)
    shown = found.rows["quoted_minor"].astype(np.int64)
    rung, chance, share = found.rung_minor.copy(), found.probability.copy(), np.zeros(len(found))
    keys = np.stack([getattr(found, name).astype(np.int64) for name in _MADE_WITH], axis=1)
    for made_with in np.unique(keys, axis=0).tolist():
        where = np.flatnonzero((keys == made_with).all(axis=1))
        policy = load_policy(made_with[0])
        share[where] = policy.holdout_share
        if made_with[-1]:
            rung[where], chance[where] = _decide_again(found.take(where), made_with, policy)
    stays = np.where(found.is_held_out, shown, public)
    return find_moved(
        shown,
        np.concatenate([rung, stays[:, None]], axis=1),
        np.concatenate([(1.0 - share)[:, None] * chance, share[:, None]], axis=1),
    )


def _decide_again(
    part: Exposures, made_with: Sequence[int], policy: Policy
) -> tuple[IntArray, FloatArray]:
    """Return the prices that decisions of the holdout would have had outside it, and the chance of
    each; zeros where nobody can tell any more."""
    _, exponent, model, fit, _ = made_with
    rung, chance = np.zeros_like(part.rung_minor), np.zeros_like(part.probability)
    try:
        weights = load_weights(model, fit)
    except ObjectDoesNotExist:
        return rung, chance
    mean, sd = (part.rows[name].astype(np.float64) for name in ("elasticity", "elasticity_sd"))
    outlook = imagine(
        part.rows, part.issued_ms, exponent, candidate=Candidate(mean, sd, weights), policy=policy
    )
    width = outlook.shown_minor.shape[1]
    rung[:, :width] = outlook.shown_minor
    chance[:, :width] = outlook.percent / DRAWS
    return rung, chance
