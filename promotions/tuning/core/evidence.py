"""Anytime-valid bounds of a rate and of a mean.

A test meant for one look, taken every minute, finds something in the end whether it is there or
not; these hold at all looks at once (Ville's inequality), so adjusting may watch all the time.
"""

from __future__ import annotations

from math import log, log1p, sqrt

import scipy
from scipy.special import betaln

from promotions.tuning.core.values import Interval
from shop.ground.kernel.sequences import best_rho, mixture_margin

# Beta(1/2, 1/2) as the mixture: the narrowest over all rates at once, up to a constant.
PRIOR = 0.5
EDGE = 1e-12


def bound_rate(hits: int, tries: int, *, alpha: float) -> Interval:
    """Return the confidence sequence of a rate after `hits` in `tries`, error `alpha`.

    All p with B(k + 1/2, n - k + 1/2) / B(1/2, 1/2) < p^k (1 - p)^(n - k) / alpha: the mixture
    likelihood ratio against p is a martingale under p (Robbins, "Statistical methods related to
    the law of the iterated logarithm", Annals of Mathematical Statistics 41, 1970).

    >>> found = bound_rate(30, 1_000, alpha=0.05)
    >>> round(found.low, 3), round(found.high, 3)
    (0.014, 0.054)
    >>> bound_rate(0, 0, alpha=0.05)
    Interval(low=0.0, high=1.0, count=0)
    """
    hits = min(hits, tries)
    if tries <= 0:
        return Interval(0.0, 1.0, 0)
    mixture = float(betaln(hits + PRIOR, tries - hits + PRIOR) - betaln(PRIOR, PRIOR))

    def excess(rate: float) -> float:
        likelihood = hits * log(rate) + (tries - hits) * log1p(-rate)
        return mixture - likelihood + log(alpha)

    rate = min(1.0 - EDGE, max(EDGE, hits / tries))
    low = 0.0 if hits == 0 or excess(EDGE) < 0 else scipy.optimize.brentq(excess, EDGE, rate)
    high = (
        1.0
        if hits == tries or excess(1.0 - EDGE) < 0
        else scipy.optimize.brentq(excess, rate, 1.0 - EDGE)
    )
    return Interval(float(low), float(high), tries)


def bound_mean(total: float, squares: float, count: int, *, alpha: float, near: int) -> Interval:
    """Return the confidence sequence of a mean, narrowest near `near` observations.

    m ± s / sqrt(n) times the margin of `shop.ground.kernel.sequences`, which gives formula and
    source.

    >>> found = bound_mean(700.0, 520.0, 1_000, alpha=0.05, near=1_000)
    >>> round(found.low, 3), round(found.high, 3)
    (0.683, 0.717)
    """
    if count < 2:
        return Interval(float("-inf"), float("inf"), count)
    mean = total / count
    variance = max(0.0, squares - count * mean * mean) / (count - 1)
    width = sqrt(variance / count) * mixture_margin(count, alpha, best_rho(near, alpha))
    return Interval(mean - width, mean + width, count)
