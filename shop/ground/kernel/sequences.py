"""Half width of a confidence sequence: margin of the normal mixture.

Asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, "Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 2024 (arXiv
2103.06476), theorem 2.2: after t observations with mean m and standard deviation s,

    m ± s sqrt( 2 (t r² + 1) / (t² r²) · log( sqrt(t r² + 1) / a ) )

covers the true mean at all t at once with probability 1 - a, for any r > 0 chosen beforehand. It is
Robbins' normal mixture: sum S is out of bounds when exp(r² S² / (2 (t r² + 1))) / sqrt(t r² + 1),
a martingale, has passed 1 / a.
"""

from __future__ import annotations

from math import log, sqrt


def best_rho(count: float, alpha: float) -> float:
    """Return the r for which the sequence is narrowest after `count` observations.

    r² = (-W₋₁(-a² e⁻¹) - 1) / t, closely (-2 log a + log(-2 log a + 1)) / t (same paper, app. B).

    >>> round(best_rho(1_000.0, 0.05), 4)
    0.0891
    """
    twice = -2.0 * log(alpha)
    return sqrt((twice + log(twice + 1.0)) / count)


def mixture_margin(count: float, alpha: float, rho: float) -> float:
    """Return the half width, in standard errors, after `count` observations.

    >>> round(mixture_margin(1_000.0, 0.05, best_rho(1_000.0, 0.05)), 2)
    3.04
    """
    grown = count * rho * rho + 1.0
    return sqrt(2.0 * grown / (count * rho * rho) * log(sqrt(grown) / alpha))
