"""Off-policy verdict on a candidate model, from logged exposures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.served import ServedDemand, find_sorted
from pricing.demand.selectors.versions import load_model
from pricing.learning.core.evaluation.candidates import (
    Candidate,
    GateAnswer,
    align,
    ask_gate,
    count_violations,
    cross_fit_chances,
    imagine,
)
from pricing.learning.core.evaluation.estimators import Evaluation, Logged, evaluate
from pricing.ledger.core.exposures import Outlook
from pricing.ledger.models.books import PriceBook
from pricing.ledger.selectors.exposures import Exposures, load_exposures
from pricing.optimum.core.signals import RAW_SIGNALS
from pricing.optimum.core.thompson import week_of
from pricing.policy.selectors import load_policy
from shop.ground.catalog.selectors import list_categories
from shop.ground.kernel.arrays import unpack_arrays


class Imagined(NamedTuple):
    """Decisions made under one policy, their places (n,) among all, and the candidate's outlook.

    `violations` counts decisions in which a price of the candidate could have broken a bound.
    """

    where: IntArray
    part: Exposures
    outlook: Outlook
    violations: int


def imagine_exposures(
    exposures: Exposures, served: ServedDemand, place: tuple[str, str]
) -> Iterator[Imagined]:
    """Yield what `served` would have shown at a place, policy by policy.

    As on trial, its elasticities are divided by the sensitivity mean of the book in use. One query,
    and one for each policy version.
    """
    known, means = load_sensitivity_means(place)
    keys = np.stack([exposures.policy_version, exposures.exponent], axis=1)
    for version, exponent in np.unique(keys, axis=0).tolist():
        where = np.flatnonzero((keys == (version, exponent)).all(axis=1))
        part, policy = exposures.take(where), load_policy(version)
        mean = align_means(part.rows["variant_id"].astype(np.int64), known, means)
        candidate = _candidate(part, served, mean)
        outlook = imagine(part.rows, part.issued_ms, exponent, candidate=candidate, policy=policy)
        yield Imagined(where, part, outlook, count_violations(part.rows, outlook, policy))


def _candidate(exposures: Exposures, served: ServedDemand, means: FloatArray) -> Candidate:
    nodes = list_categories("en").nodes
    families = {one: node.parent_id or one for one, node in nodes.items()}
    category = exposures.rows["category_id"].tolist()
    family = np.array([families.get(one, one) for one in category], dtype=np.int64)
    mean, sd, _ = served.elasticities(exposures.rows["variant_id"].astype(np.int64), family)
    return Candidate(elasticity=mean / means, elasticity_sd=sd / means, weights=served.weights)


def load_sensitivity_means(place: tuple[str, str]) -> tuple[IntArray, FloatArray]:
    """Return variant ids (m,), ascending, and the mean of 1 + z over the buyers of each, (m,).

    Of the current book of a place (market, channel); nothing before the first one, and ones of a
    book that was stored without them. The market's elasticity over the mean is that of a shopper
    without signals. One query.
    """
    rows = PriceBook.objects.filter(market_id=place[0], channel=place[1], is_current=True)
    packed = rows.values_list("arrays", flat=True).first()
    if packed is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    arrays = unpack_arrays(packed)
    ids: IntArray = arrays["variant_id"]
    return ids, arrays.get("sensitivity_mean", np.ones(len(ids)))


def align_means(wanted: IntArray, variant_id: IntArray, means: FloatArray) -> FloatArray:
    """Return the mean of each wanted variant, (n,), from ascending ids; 1 where none is known.

    >>> align_means(np.array([5, 4, 3]), np.array([3, 5]), np.array([1.5, 1.25])).tolist()
    [1.25, 1.0, 1.5]
    """
    at, is_there = find_sorted(variant_id, wanted)
    return np.where(is_there, means[at], 1.0) if len(means) else np.ones(len(wanted))


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
