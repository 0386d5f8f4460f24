"""The forecast: what a campaign will spend until its end, and at which depth it earns most.

Redemptions are Poisson with rate theta for each week's worth of usual traffic. With Jeffreys' prior
theta is Gamma(k + 1/2, T) after k redemptions in T weeks of traffic, and what L more weeks bring is
negative binomial (Gelman et al., Bayesian Data Analysis, 3rd ed., 2.6): no rate is ever known
exactly, and a campaign nobody used yet is not forecast to stay unused.

How redeeming answers to depth is a logistic regression over campaigns, an intercept each and one
slope, both with normal priors, fitted by Newton steps; the posterior of the slope is its Laplace
approximation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isclose, log

import numpy as np
import scipy
from numpy.typing import NDArray
from scipy.special import expit

from promotions.tuning.core.values import (
    AdjustingTerms,
    CampaignAction,
    CampaignState,
    MetricTotals,
    Proposal,
    Source,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

JEFFREYS = 0.5
# Weakly informative: a point more of depth changes the odds of redeeming by -5 to +11 % (95 %).
PRIOR_SLOPE = 0.03
PRIOR_SLOPE_SD = 0.04
INTERCEPT_SD = 3.0
LIKELY = 0.9
WORTH = 0.8
STEPS = 50
NODES, NODE_WEIGHTS = np.polynomial.hermite_e.hermegauss(15)


@dataclass(frozen=True, slots=True)
class BurnForecast:
    """Redemptions, spend and margin until the end of the window, money in minor units.

    `spend_low` and `spend_high` are the 10 and 90 % quantiles. `runs_out` is the chance that the
    budget is gone before the end, 0 without one.
    """

    redemptions: float
    spend_minor: float
    spend_low: float
    spend_high: float
    margin_minor: float
    runs_out: float


@dataclass(frozen=True, slots=True)
class DepthResponse:
    """How the log-odds of redeeming rise with a percentage point of depth: mean and sd."""

    slope: float = PRIOR_SLOPE
    sd: float = PRIOR_SLOPE_SD


def forecast_burn(
    state: CampaignState, pulse: MetricTotals, *, seen_weeks: float, left_weeks: float
) -> BurnForecast | None:
    """Return the forecast for the rest of the window at the present exposure, None before any time.

    `seen_weeks` is the usual traffic of the time `pulse` covers, `left_weeks` that of the time
    left: a night counts little, so a campaign that began in the evening is not taken for slow.

    >>> from datetime import UTC, datetime
    >>> days = [datetime(2026, 11, number, tzinfo=UTC) for number in (1, 15, 8)]
    >>> state = CampaignState(1, "public", *days, budget_minor=30_000, spent_minor=20_000)
    >>> pulse = MetricTotals(redemptions=100, spend_minor=20_000, margin_minor=30_000)
    >>> found = forecast_burn(state, pulse, seen_weeks=1.0, left_weeks=1.0)
    >>> round(found.redemptions, 1), round(found.spend_minor), found.runs_out > 0.99
    (100.5, 20100, True)
    """
    if seen_weeks <= 0.0:
        return None
    shape = pulse.redemptions + JEFFREYS
    ahead = scipy.stats.nbinom(shape, seen_weeks / (seen_weeks + left_weeks))
    orders = max(1, pulse.redemptions)
    each, margin = pulse.spend_minor / orders, pulse.margin_minor / orders
    runs_out = 0.0
    if state.budget_minor is not None and each > 0.0:
        runs_out = float(ahead.sf((state.budget_minor - state.spent_minor) / each))
    return BurnForecast(
        redemptions=float(ahead.mean()),
        spend_minor=float(ahead.mean()) * each,
        spend_low=float(ahead.ppf(0.1)) * each,
        spend_high=float(ahead.ppf(0.9)) * each,
        margin_minor=float(ahead.mean()) * margin,
        runs_out=runs_out,
    )


def fit_depth_response(
    depth: FloatArray, tries: IntArray, hits: IntArray, campaign: IntArray
) -> DepthResponse:
    """Return the response from cells (n,): `hits` of `tries` at `depth` percent, by `campaign`.

    Only campaigns seen at two depths tell anything of the slope; others keep it at its prior.

    >>> depth = np.array([5.0, 10.0, 15.0, 20.0])
    >>> tries = np.full(4, 20_000)
    >>> hits = np.round(tries * expit(-3.0 + 0.06 * depth)).astype(int)
    >>> found = fit_depth_response(depth, tries, hits, np.zeros(4, int))
    >>> round(found.slope, 2), found.sd < 0.005
    (0.06, True)
    """
    if not len(depth):
        return DepthResponse()
    _, at = np.unique(campaign, return_inverse=True)
    design = np.column_stack([np.eye(at.max() + 1)[at], depth])
    count = design.shape[1] - 1
    overall = log((hits.sum() + JEFFREYS) / (tries.sum() - hits.sum() + JEFFREYS))
    prior = np.append(np.full(count, overall - PRIOR_SLOPE * depth.mean()), PRIOR_SLOPE)
    precision = np.append(np.full(count, INTERCEPT_SD**-2.0), PRIOR_SLOPE_SD**-2.0)
    beta = prior.copy()
    for _ in range(STEPS):
        rate = expit(design @ beta)
        gradient = design.T @ (hits - tries * rate) - precision * (beta - prior)
        curvature = (design * (tries * rate * (1 - rate))[:, None]).T @ design + np.diag(precision)
        step = np.linalg.solve(curvature, gradient)
        beta = beta + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-9:
            break
    return DepthResponse(float(beta[-1]), float(np.sqrt(np.linalg.inv(curvature)[-1, -1])))


def propose_by_forecast(
    state: CampaignState,
    pulse: MetricTotals,
    terms: AdjustingTerms,
    *,
    burn: BurnForecast | None,
    response: DepthResponse,
    incremental: float | None,
) -> list[Proposal]:
    """Return what the forecast would change of a live campaign.

    `incremental` is the share of redemptions that would not have been orders without it, 0 to 1;
    None where no holdout tells: then only less depth is proposed, and only where that would pay
    even if every single order came for the offer.
    """
    return [
        *_propose_true_end(state, burn),
        *_propose_depth(state, pulse, terms, burn=burn, response=response, incremental=incremental),
    ]


def _propose_true_end(state: CampaignState, burn: BurnForecast | None) -> list[Proposal]:
    """A window whose budget will certainly be gone earlier should say so: that is its true end."""
    if burn is None or burn.runs_out < LIKELY or burn.spend_minor <= 0.0:
        return []
    left = (state.budget_minor or 0) - state.spent_minor
    ends_at = state.now + (state.ends_at - state.now) * min(1.0, left / burn.spend_minor)
    ends_at = max(ends_at, state.now + timedelta(hours=1)).replace(second=0, microsecond=0)
    evidence = {
        "runs_out": burn.runs_out,
        "spend_low": burn.spend_low,
        "spend_high": burn.spend_high,
        "left_minor": float(left),
    }
    before, after = state.ends_at.isoformat(), ends_at.isoformat()
    return [
        Proposal(
            CampaignAction.WINDOW, Source.FORECAST, "budget_ends_first", before, after, evidence
        )
    ]


def _propose_depth(
    state: CampaignState,
    pulse: MetricTotals,
    terms: AdjustingTerms,
    *,
    burn: BurnForecast | None,
    response: DepthResponse,
    incremental: float | None,
) -> list[Proposal]:
    if state.percent is None or burn is None or not pulse.redemptions or not pulse.impressions:
        return []
    found = []
    for depth in (state.percent - terms.depth_step, state.percent + terms.depth_step):
        if incremental is None and depth > state.percent:
            continue
        share = 1.0 if incremental is None else incremental
        gains = compare_depths(pulse, state.percent, depth, response, share)
        chance = float(NODE_WEIGHTS[gains > 0.0].sum() / NODE_WEIGHTS.sum())
        mean = float(gains @ NODE_WEIGHTS / NODE_WEIGHTS.sum())
        if depth > 0.0 and mean > 0.0 and chance >= WORTH:
            found.append((mean * burn.redemptions / pulse.redemptions, depth, chance))
    if not found:
        return []
    gain, depth, chance = max(found)
    evidence = {"chance": chance, "slope": response.slope, "slope_sd": response.sd}
    reason = "deeper_earns_more" if depth > state.percent else "shallower_earns_more"
    proposal = Proposal(
        CampaignAction.DEPTH, Source.FORECAST, reason, state.percent, depth, evidence, gain
    )
    return [] if isclose(depth, state.percent) else [proposal]


def compare_depths(
    pulse: MetricTotals,
    percent: float,
    other: float,
    response: DepthResponse,
    incremental: float,
) -> FloatArray:
    """Return what `other` percent would have earned more than `percent`, at each slope node (15,).

    With p the rate of redeeming, g the margin before the discount and s the discount of an order:
    impressions [i (p' - p) g - (p' s d'/d - p s)], where only a share i of what is redeemed more
    are new orders, and everybody who redeems gets the new depth, those who would have bought
    anyway included. Nodes are of Gauss-Hermite quadrature over the slope's posterior.

    Orders may exceed impressions: an offer applies in the cart and a code is typed without its
    being seen on a page, and a browser may count no impressions. How many had the choice is then
    unknown, at least the orders. The gain is linear in p'/p, which lies between 1 (all who had the
    choice took it) and exp(slope (d' - d)) (few did): the lower gain of both ends is returned.
    """
    chances = max(pulse.impressions, pulse.redemptions)
    rate = (pulse.redemptions + JEFFREYS) / (chances + 1.0)
    rise = (response.slope + response.sd * NODES) * (other - percent)
    spend = pulse.spend_minor / pulse.redemptions
    gross = (pulse.margin_minor + pulse.spend_minor) / pulse.redemptions

    def gain(ratio: FloatArray) -> FloatArray:
        found: FloatArray = incremental * (ratio - 1.0) * gross
        return rate * chances * (found - spend * (ratio * other / percent - 1.0))

    if pulse.redemptions > pulse.impressions:
        return np.minimum(gain(np.ones_like(rise)), gain(np.exp(rise)))
    return gain(expit(log(rate / (1.0 - rate)) + rise) / rate)


HOURS = 168
HOUR = timedelta(hours=1)


def measure_traffic(start: datetime, end: datetime, weekly: Sequence[int]) -> float:
    """Return the traffic of [start, end) in usual weeks.

    `weekly` (168,) counts each hour of a week, UTC, Monday 0 h first; each hour gets a little more
    than it had, so that no time counts as nothing. Parts of an hour count in proportion.

    >>> monday = datetime(2026, 11, 2, tzinfo=UTC)
    >>> measure_traffic(monday, monday + timedelta(days=14), [1] * 168)
    2.0
    >>> measure_traffic(monday, monday + timedelta(hours=12), [99] * 12 + [0] * 156) > 0.7
    True
    """
    if end <= start:
        return 0.0
    counts = np.asarray(weekly, dtype=float)
    shares = (counts + 1.0 + counts.mean() / 10.0) / (counts + 1.0 + counts.mean() / 10.0).sum()
    weeks, rest = divmod(end - start, timedelta(days=7))
    begin = start.astimezone(UTC)
    at = begin.weekday() * 24 + begin.hour + begin.minute / 60 + begin.second / 3600
    edges = np.concatenate([[0.0], np.cumsum(np.tile(shares, 2))])
    places = np.array([at, at + rest / HOUR])
    low, high = np.interp(places, np.arange(2 * HOURS + 1), edges)
    return float(weeks + high - low)
