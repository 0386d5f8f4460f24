"""Prices that a candidate model would have shown in decisions made without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.demand.core.served import ServedDemand, find_sorted
from pricing.learning.core.evaluation.candidates import Candidate, count_violations, imagine
from pricing.ledger.core.exposures import Outlook
from pricing.ledger.models.books import PriceBook
from pricing.ledger.selectors.exposures import Exposures
from pricing.policy.selectors.rules import load_policy
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
