"""Sample ratio mismatch test of arms, valid at every look.

Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022 (openreview
a4zg0jiuVi): with the shares p under test, a Dirichlet prior with parameters a = k p and counts n,

    B(n) = G(A) / G(A + N) · prod_i G(a_i + n_i) / G(a_i) / prod_i p_i^n_i

(G the gamma function, A and N the sums) is a martingale if p is true, so that it ever passes 1 / a
with probability a at most: 1 / max B is a p-value that holds at every look. Where shares moved,
each stretch of time has its own B and their product is a martingale too.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

# How strongly the prior believes in the shares; what the authors use.
CONCENTRATION = 100.0
# Below this the counts are not what was meant: a fault of assignment or logging, not bad luck.
MISMATCH = 0.001


def weigh_counts(counts: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log B of counts (..., k) against shares (k,).

    >>> one = weigh_counts(np.array([600, 400]), np.array([0.5, 0.5]))
    >>> bool(one > np.log(1_000))
    True
    """
    prior = CONCENTRATION * shares
    logs = gammaln(prior + counts) - gammaln(prior) - counts * np.log(shares)
    total = counts.sum(axis=-1)
    found: NDArray[np.float64] = (
        logs.sum(axis=-1) + gammaln(CONCENTRATION) - gammaln(CONCENTRATION + total)
    )
    return found


def check_balance(stretches: Sequence[tuple[Sequence[int], Sequence[float]]]) -> float:
    """Return the p-value, in (0, 1], of counts and shares of each stretch without a change.

    >>> check_balance([([500, 500], [0.5, 0.5])])
    1.0
    >>> check_balance([([700, 300], [0.5, 0.5])]) < MISMATCH
    True
    """
    weight = sum(
        float(weigh_counts(np.asarray(counts, dtype=np.int64), np.asarray(shares, dtype=float)))
        for counts, shares in stretches
        if sum(counts)
    )
    return min(1.0, exp(-weight)) if weight < 700.0 else exp(-700.0)
