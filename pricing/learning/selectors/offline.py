"""Off-policy verdict on a candidate model, from logged exposures."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.demand.core.served import ServedDemand
from pricing.demand.selectors.versions import load_model
from pricing.learning.core.evaluation import (
    Evaluation,
    GateAnswer,
    Logged,
    ask_gate,
    cross_fit_chances,
    evaluate,
)
from pricing.learning.core.evaluation.candidates import align
from pricing.learning.selectors.candidates import imagine_exposures
from pricing.ledger.selectors.exposures import Exposures, load_exposures
from pricing.optimum.core.signals import RAW_SIGNALS
from pricing.optimum.core.thompson import week_of


class NothingLogged(ValueError):
    """No exposure of the treated arm lies in the window."""


@dataclass(frozen=True, slots=True)
class OfflineVerdict:
    """What exposures say about a candidate. Values and gains are minor units per exposure.

    `violations` counts exposures in which a price of the candidate could have broken a bound.
    """

    model_version: int
    since: datetime
    until: datetime
    exposures: int
    purchases: int
    violations: int
    evaluation: Evaluation
    gate: GateAnswer


def evaluate_offline(
    *,
    model_version: int,
    since: datetime,
    until: datetime,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    random_state: int = 1,
) -> OfflineVerdict:
    """Return what model `model_version` would have earned on the exposures of `[since, until)`.

    The treated arm only, without prepared prices (they were not drawn). Each exposure is decided
    anew under the policy version it was logged with; rewards are margins after returns up to `now`.
    Six queries and one for each policy version. Raises DemandModelVersion.DoesNotExist,
    NothingLogged.
    """
    served = load_model(model_version)
    exposures = load_exposures(since=since, until=until, now=now, market=market, channel=channel)
    exposures = exposures.take(~exposures.is_book)
    if not len(exposures):
        raise NothingLogged("There is no drawn price in this window.")
    logged, violations = weigh_candidate(exposures, served, (market, channel))
    evaluation = evaluate(logged, random_state=random_state)
    return OfflineVerdict(
        model_version=model_version,
        since=since,
        until=until,
        exposures=len(exposures),
        purchases=int((exposures.units > 0).sum()),
        violations=violations,
        evaluation=evaluation,
        gate=ask_gate(evaluation, violations=violations),
    )


def weigh_candidate(
    exposures: Exposures, served: ServedDemand, place: tuple[str, str]
) -> tuple[Logged, int]:
    """Return the exposures of a place as logged decisions with the candidate's probabilities beside
    them, and how many of its decisions broke a bound. One query, and one for each policy version.
    """
    pieces, order, violations = [], [], 0
    for where, part, outlook, broken in imagine_exposures(exposures, served, place):
        violations += broken
        pieces.append(align(part.rung_minor, part.probability, outlook))
        order.append(where)
    back = np.argsort(np.concatenate(order))
    width = max(piece[0].shape[1] for piece in pieces)
    prices, probability, wanted = (
        np.concatenate([_widen(piece[at], width) for piece in pieces])[back] for at in range(3)
    )
    return _as_logged(exposures, prices.astype(np.int64), probability, wanted), violations


def _widen(values: FloatArray | IntArray, width: int) -> FloatArray:
    return np.pad(values.astype(np.float64), ((0, 0), (0, width - values.shape[1])))


def _as_logged(
    exposures: Exposures, prices: IntArray, probability: FloatArray, wanted: FloatArray
) -> Logged:
    bought = exposures.units > 0
    rows = exposures.rows
    public = rows["public_minor"].astype(np.float64)[:, None]
    log_ratio = np.log(np.where(prices > 0, prices, public) / public)
    chance = cross_fit_chances(
        _moments(exposures),
        log_ratio,
        chosen=exposures.chosen,
        bought=bought,
        cluster=exposures.shopper,
    )
    units = float(exposures.units[bought].mean()) if bought.any() else 1.0
    margin = np.where(prices > 0, prices - rows["unit_cost"][:, None], 0.0)
    week = np.array([week_of(one) for one in exposures.issued_ms.tolist()], dtype=np.int64)
    return Logged(
        probability=probability,
        candidate=wanted,
        chosen=exposures.chosen,
        reward=exposures.margin_minor,
        cluster=exposures.shopper,
        draw_group=rows["variant_id"].astype(np.int64) * 100_000 + week,
        predicted=chance * margin * units,
    )


def _moments(exposures: Exposures) -> FloatArray:
    """Return what the chance to buy may depend on besides the price, (n, d)."""
    rows = exposures.rows
    columns = [np.log1p(np.maximum(rows[name], 0.0)) for name in RAW_SIGNALS]
    columns += [rows["elasticity"], np.log(rows["public_minor"])]
    moments: FloatArray = np.stack(columns, axis=1).astype(np.float64)
    return moments
