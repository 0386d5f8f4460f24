"""Power analysis: the shoppers and days an experiment needs, and what a price test can detect."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, inf, isfinite, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from profiles.experiments.core.sequences import FloatArray
from profiles.experiments.core.switchback import draw_cells, read_cells, widen
from shop.ground.kernel.sequences import best_rho, mixture_margin


@dataclass(frozen=True, slots=True)
class Need:
    """What a design needs: units of each of the two arms compared, of all arms, and days.

    `days` is infinite where nobody comes.
    """

    control_units: int
    treated_units: int
    total_units: int
    days: float


@dataclass(frozen=True, slots=True)
class Design:
    """What is known before: the metric's mean and standard deviation over units, the smallest
    relative effect worth seeing, and how many new units come each day.

    `control_share` and `treated_share` are of all units that come; `correlation` is that of the
    metric with itself in the weeks before (0: not adjusted).
    """

    mean: float
    spread: float
    effect: float
    daily_units: float
    control_share: float = 0.5
    treated_share: float = 0.5
    correlation: float = 0.0
    alpha: float = 0.05
    power: float = 0.8


def estimate_need(design: Design, *, is_anytime: bool = True) -> Need:
    """Return the units and days after which `effect` is seen with the power asked for.

    n = (m + z_power)² s² (1 - r²) (1 / c + 1 / t) / d² units in all, with the difference
    d = effect · mean and shares c, t. m is z_(1 - alpha/2) for one look at the end, and the margin
    of the confidence sequence at its best for looks at any time: about twice the units at most,
    while a large effect ends the experiment sooner.

    >>> once = estimate_need(Design(10.0, 10.0, 0.1, 200.0), is_anytime=False)
    >>> once.total_units, once.days
    (3140, 15.7)
    >>> estimate_need(Design(10.0, 10.0, 0.1, 200.0, correlation=0.7)).total_units < 4_000
    True
    """
    wanted = abs(design.effect * design.mean)
    if wanted <= 0.0 or design.spread <= 0.0:
        raise ValueError("An effect of zero on a metric that never varies needs no experiment.")
    margin = _margin(design.alpha, is_anytime=is_anytime)
    variance = design.spread**2 * (1.0 - design.correlation**2)
    shares = 1.0 / design.control_share + 1.0 / design.treated_share
    total = ceil((margin + float(ndtri(design.power))) ** 2 * variance * shares / wanted**2)
    return Need(
        control_units=ceil(total * design.control_share),
        treated_units=ceil(total * design.treated_share),
        total_units=total,
        days=total / design.daily_units if design.daily_units > 0.0 else inf,
    )


def _margin(alpha: float, *, is_anytime: bool) -> float:
    """Return the half width in standard errors: of one look, or of the sequence at its best.

    The latter is the same for any count it is tuned for.
    """
    if not is_anytime:
        return float(ndtri(1.0 - alpha / 2.0))
    return mixture_margin(1_000.0, alpha, best_rho(1_000.0, alpha))


DRAWS = 20


@dataclass(frozen=True, slots=True)
class Foresight:
    """What a plan sees: clusters that sold, the smallest relative effect that is found with
    `power` (infinite: none), and the chance that the effect looked for is."""

    clusters: int
    detectable: float
    chance: float


def foresee_cells(
    outcome: FloatArray,
    level: FloatArray,
    *,
    turns: int,
    effect: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Foresight:
    """Return what `turns` turns will see, from past turns (c, t) and the level before them, (c,).

    Past turns are read under many draws as if clusters had been treated: how far these effects of
    nothing lie apart is the error that a real one will have.

    >>> rng = np.random.default_rng(1)
    >>> sold = 100.0 + rng.normal(0.0, 5.0, (30, 4))
    >>> found = foresee_cells(sold, np.full(30, 100.0), turns=8, effect=0.05)
    >>> found.clusters, 0.01 < found.detectable < 0.05, found.chance > 0.8
    (30, True, True)
    >>> foresee_cells(sold[:5], np.full(5, 100.0), turns=8, effect=0.05).detectable
    inf
    """
    clusters, past = outcome.shape[0], outcome.shape[1] // 2
    weight = level[level > 0.0]
    if len(weight) < 2 or not past or turns < 2:
        return Foresight(len(weight), inf, 0.0)
    errors = [
        read_cells(outcome, level, draw_cells(f"foresight-{one}", clusters, 2 * past)).error
        for one in range(DRAWS)
    ]
    pairs = turns // 2
    error = sqrt(float(np.mean(np.square(errors))) * past / pairs)
    cells = len(weight) * pairs
    bounds = widen(weight, cells, alpha, float(cells))
    if not isfinite(bounds) or error <= 0.0:
        return Foresight(len(weight), inf, 0.0)
    detectable = error * (bounds + float(ndtri(power)))
    return Foresight(len(weight), detectable, float(ndtr(abs(effect) / error - bounds)))
