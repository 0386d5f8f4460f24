"""Reprice variants: from what holds now to the rows of the next price book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.demand.training import prior_model
from pricing.core.guardrails import ACTIONS, BIT, PublicBounds, apply_public_gate
from pricing.core.publish import floor_prices, propose_public
from pricing.core.quote import VariantTerms
from pricing.core.reference import STRATEGIES, PriceSeries, find_references, list_share
from pricing.core.signals import SignalWeights
from pricing.core.values import ModelVersionRow, Policy
from pricing.metrics import guard_hits_total
from pricing.selectors.publishing import Shelf, load_bounds
from pricing.selectors.references import load_paid, load_series


@dataclass(frozen=True, slots=True)
class Draft:
    """Repriced variants, arrays (m,): their terms, legal references and changed public prices.

    `old_public` is what held before; `opened` marks variants that had no price at all.
    """

    shelf: Shelf
    terms: VariantTerms
    references: Mapping[str, IntArray]
    old_public: IntArray
    is_changed: BoolArray
    opened: BoolArray
    list_share: FloatArray
    weights: SignalWeights


def draft_prices(
    *,
    shelf: Shelf,
    model: tuple[ModelVersionRow, ServedDemand] | None,
    policy: Policy,
    now: datetime,
    effective_at: datetime,
    place: tuple[str, str],
    exponent: int,
) -> Draft:
    """Return new public prices and terms for the variants of `shelf`. Four queries."""
    served = prior_model(SignalWeights()) if model is None else model[1]
    before = _terms_now(shelf, served, policy, exponent)
    series = load_series(variant_id=before.variant_id, now=now, place=place)
    bounds = load_bounds(
        shelf=shelf,
        series=series,
        floor_minor=before.floor_minor,
        policy=policy,
        now=now,
        place=place,
    )
    public = _gate(shelf, before, bounds, model, policy=policy, now=now)
    terms = replace(
        before,
        public_minor=public,
        floor_minor=np.minimum(before.floor_minor, public),
    )
    is_changed = public != shelf.public_minor
    references, share = _refer(terms, series, is_changed, now, effective_at)
    return Draft(
        shelf=shelf,
        terms=terms,
        references=references,
        old_public=shelf.public_minor,
        is_changed=is_changed,
        opened=shelf.is_new,
        list_share=share,
        weights=served.weights,
    )


def _terms_now(shelf: Shelf, served: ServedDemand, policy: Policy, exponent: int) -> VariantTerms:
    variants = shelf.variants
    mean, sd, _ = served.elasticities(variants.variant_id, shelf.family_id)
    floor, cost = floor_prices(variants.cost_minor, shelf.list_minor, shelf.anchor_minor, policy)
    return VariantTerms(
        variant_id=variants.variant_id,
        public_minor=shelf.public_minor,
        list_minor=shelf.list_minor,
        floor_minor=floor,
        unit_cost=cost,
        elasticity=mean,
        elasticity_sd=sd,
        category_id=variants.category_id,
        is_open=~variants.never_personal,
        exponent=exponent,
    )


def _gate(
    shelf: Shelf,
    terms: VariantTerms,
    bounds: PublicBounds,
    model: tuple[ModelVersionRow, ServedDemand] | None,
    *,
    policy: Policy,
    now: datetime,
) -> IntArray:
    """Return the public prices that the model proposes and the gate lets through, (m,)."""
    proposed = propose_public(
        terms.public_minor,
        shelf.anchor_minor,
        unit_cost=terms.unit_cost,
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
        policy=policy,
        exponent=terms.exponent,
    )
    gated = apply_public_gate(
        proposed,
        bounds,
        policy,
        is_allowed=model is not None,
        is_stale=_is_stale(model, policy, now),
    )
    _count_guards(gated.actions)
    return gated.minor


def _is_stale(
    model: tuple[ModelVersionRow, ServedDemand] | None, policy: Policy, now: datetime
) -> bool:
    if model is None:
        return False
    return now - model[0].trained_at > timedelta(hours=policy.max_model_age_hours)


def _refer(
    terms: VariantTerms,
    series: PriceSeries,
    is_changed: BoolArray,
    now: datetime,
    effective_at: datetime,
) -> tuple[Mapping[str, IntArray], FloatArray]:
    """Return the legal references once the new prices hold, and the list-price gauge."""
    at = int(effective_at.timestamp())
    after = append_prices(series, is_changed, at, terms.public_minor)
    paid = load_paid(variant_id=terms.variant_id, now=now)
    found = find_references(after, paid, terms.list_minor, max(at, int(now.timestamp())))
    amounts = {strategy: found[strategy].amount for strategy in STRATEGIES}
    return amounts, list_share(paid, terms.list_minor, int(now.timestamp()))


def append_prices(series: PriceSeries, where: BoolArray, at: int, amount: IntArray) -> PriceSeries:
    """Return the ledger with one more entry for each variant in `where`."""
    if not where.any():
        return series
    rows = np.flatnonzero(where)
    ends = series.offsets[1:][rows]
    grown = np.cumsum(where.astype(np.int64))
    return PriceSeries(
        offsets=series.offsets + np.concatenate([[0], grown]),
        start=np.insert(series.start, ends, at),
        amount=np.insert(series.amount, ends, amount[rows]),
    )


def _count_guards(actions: IntArray) -> None:
    for name in ACTIONS:
        hits = int(np.count_nonzero(actions & BIT[name]))
        if hits and name != "not_allowed":
            guard_hits_total.labels(gate="public", action=name).inc(hits)
