"""Reprice variants: read what holds, let the pure draft decide, and refer to the law's prices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from pricing.base.core.price_points import share_up
from pricing.base.core.reference import STRATEGIES, PriceSeries, find_references, list_share
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.base.metrics import guard_hits_total
from pricing.competitors.selectors import find_feed_badges, load_lowest_competitors
from pricing.experiments.core import Arms, PriceTests
from pricing.learning.core.scene import (
    Decision,
    PastPrices,
    Proposed,
    Scene,
    StaffPrices,
    Surroundings,
)
from pricing.learning.selectors.publishing import Shelf, category_paths, load_past, load_shelf
from pricing.ledger.core.offered import append_prices
from pricing.ledger.selectors.references import load_paid, load_series, lower_by_offers
from pricing.optimum.core.batch import SegmentMeans
from pricing.optimum.core.joint import Segments
from pricing.optimum.core.mix import segment_mix
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import SignalWeights
from pricing.policy.core import ACTIONS, BIT
from pricing.publishing.core.publishing import draft, sibling_costs
from pricing.publishing.core.quality import BADGE_BIT, count_distinct, find_badges
from pricing.publishing.selectors.overrides import load_staff_prices
from pricing.publishing.services.price_gate import Screens, load_screens, report_breaches
from pricing.publishing.services.price_tests import ArmRecord, read_arms, read_shocks
from pricing.publishing.services.publish_context import PublishContext
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.inventory.selectors import available, next_deliveries


def load_surroundings(shelf: Shelf, staff: StaffPrices, context: PublishContext) -> Surroundings:
    """Return what surrounds the variants of a shelf. One query; two more for stock where it counts,
    and one for the whole shelf where some of it are priced and substitutes are known."""
    policy, place = context.policy, context.place
    ids = shelf.variants.variant_id
    days = np.full(len(ids), np.nan)
    if policy.restock_days:
        days = _load_days(ids, context.now.date())
    return Surroundings(
        competitor_minor=load_lowest_competitors(variant_id=ids, market=place[0], now=context.now),
        stock=_load_stock(ids, (staff.lowest_minor > 0) | (policy.restock_days > 0)),
        restock_days=days,
        sibling_minor=_load_sibling_costs(shelf, context),
    )


def _load_stock(variant_id: IntArray, where: BoolArray) -> FloatArray:
    """Return pieces free to sell of the variants in `where`, (m,), NaN for the others."""
    stock = np.full(len(variant_id), np.nan)
    asked = variant_id[where].tolist()
    if asked:
        free = available(asked)
        stock[where] = [free[one] for one in asked]
    return stock


def _load_days(variant_id: IntArray, today: date) -> FloatArray:
    """Return days until pieces come again, (m,), NaN where the merchant has not said when."""
    known = next_deliveries(variant_id.tolist(), after=today)
    return np.array(
        [(known[one] - today).days if one in known else np.nan for one in variant_id.tolist()],
        dtype=np.float64,
    )


def _load_sibling_costs(shelf: Shelf, context: PublishContext) -> FloatArray:
    """Return what a sale of each variant takes from others of its category, (m,)."""
    policy, served = context.policy, context.served
    if not policy.substitution_share and not served.siblings_lose(shelf.family_id).any():
        return np.zeros(len(shelf))
    whole = shelf
    if len(shelf) < len(load_variant_arrays(context.place[0]).variant_id):
        whole = load_shelf(place=context.place)
    taken = sibling_costs(whole.goods(), served, policy, context.exponent)
    return taken[np.searchsorted(whole.variants.variant_id, shelf.variants.variant_id)]


@dataclass(frozen=True, slots=True)
class Draft:
    """Repriced variants, arrays (m,): their terms, legal references and changed public prices.

    `old_public` is what held before; `opened` marks variants that had no price at all. `proposed`
    is what was asked of the gate and why, `actions` what the gate did; `badges` are bits of what is
    wrong with what we know of a variant; `weekly_units` sell at the old price (NaN: unknown).
    """

    shelf: Shelf
    terms: VariantTerms
    references: Mapping[str, IntArray]
    old_public: IntArray
    is_changed: BoolArray
    opened: BoolArray
    list_share: FloatArray
    weights: SignalWeights
    proposed: Proposed
    staff: StaffPrices
    actions: IntArray
    badges: IntArray
    is_causal: BoolArray
    weekly_units: FloatArray
    shocks: PriceTests
    arms: Arms
    arm_record: ArmRecord


@dataclass(frozen=True, slots=True)
class Loaded:
    """What was read before anything is repriced.

    `calm` is the shelf at the prices that neither an arm of an experiment nor chance has moved:
    what everybody else wants is asked about those.
    """

    calm: Shelf
    arms: Arms
    arm_record: ArmRecord
    shocks: PriceTests
    series: PriceSeries
    past: PastPrices
    staff: StaffPrices
    around: Surroundings
    screens: Screens


def draft_prices(
    *, shelf: Shelf, context: PublishContext, means: SegmentMeans | None = None
) -> Draft:
    """Return new public prices and terms for the variants of `shelf`. Fourteen queries.

    `means` are the segments as the book before saw them.
    """
    loaded = _load(shelf, context)
    decision = draft(make_scene(loaded, context, _segments(shelf, means, context)))
    if not context.is_dry:
        _count_guards(decision.actions)
    terms, proposed = decision.terms, decision.proposed
    report_breaches(loaded.screens, decision.breaches, terms, decision.moves, context)
    is_changed = terms.public_minor != shelf.public_minor
    references, share = _refer(terms, loaded.series, is_changed, context)
    return Draft(
        shelf=shelf,
        terms=terms,
        references=references,
        old_public=shelf.public_minor,
        is_changed=is_changed,
        opened=shelf.is_new,
        list_share=share,
        weights=context.served.weights,
        proposed=proposed,
        staff=loaded.staff,
        actions=decision.actions,
        badges=_badges(shelf, loaded.series, decision, context),
        is_causal=decision.is_causal,
        weekly_units=proposed.around.weekly_units,
        shocks=decision.shocks,
        arms=decision.arms,
        arm_record=loaded.arm_record,
    )


def _load(shelf: Shelf, context: PublishContext) -> Loaded:
    ids, place, now = shelf.variants.variant_id, context.place, context.now
    staff = load_staff_prices(variant_id=ids, place=place, now=now)
    arms, record = read_arms(shelf=shelf, context=context)
    unarmed = replace(shelf, public_minor=arms.base_minor)
    shocks = read_shocks(shelf=unarmed, context=context, is_tested=arms.is_tested)
    calm = replace(shelf, public_minor=shocks.base_minor)
    series = load_series(variant_id=ids, now=now, place=place)
    return Loaded(
        calm=calm,
        arms=arms,
        arm_record=record,
        shocks=shocks,
        series=series,
        past=load_past(shelf=shelf, series=series, policy=context.policy, now=now, place=place),
        staff=staff,
        around=load_surroundings(calm, staff, context),
        screens=load_screens(ids, context),
    )


def make_scene(loaded: Loaded, context: PublishContext, segments: Segments) -> Scene:
    """Return what was read as the pure draft takes it. No query."""
    return Scene(
        goods=loaded.calm.goods(),
        policy=context.policy,
        served=context.served,
        segments=segments,
        staff=loaded.staff,
        around=loaded.around,
        past=loaded.past,
        arms=loaded.arms,
        shocks=loaded.shocks,
        second=int(context.now.timestamp()),
        has_model=context.model is not None,
        is_stale=context.is_stale,
        draws_shocks=context.draws_shocks,
        quiet=loaded.screens.quiet,
        is_silent=loaded.screens.is_silent,
        exponent=context.exponent,
    )


def _segments(shelf: Shelf, means: SegmentMeans | None, context: PublishContext) -> Segments:
    families, _ = category_paths(shelf.tree)
    mix = segment_mix(
        means or SegmentMeans(),
        shelf.variants.category_id,
        families,
        context.served.weights,
        holdout_share=context.policy.holdout_share,
    )
    return replace(mix, is_personal=mix.is_personal & ~shelf.variants.never_personal)


def _badges(
    shelf: Shelf, series: PriceSeries, decision: Decision, context: PublishContext
) -> IntArray:
    return find_quality_flags(
        shelf,
        decision.before,
        series,
        depth=decision.depth,
        is_causal=decision.is_causal,
        policy=context.policy,
        has_model=context.model is not None,
        feed=find_feed_badges(market=context.place[0], now=context.now),
    )


def _refer(
    terms: VariantTerms,
    series: PriceSeries,
    is_changed: BoolArray,
    context: PublishContext,
) -> tuple[Mapping[str, IntArray], FloatArray]:
    """Return the legal references once the new prices hold, and the list-price gauge."""
    now, at = context.now, int(context.effective_at.timestamp())
    after = append_prices(series, is_changed, at, terms.public_minor)
    paid = load_paid(variant_id=terms.variant_id, now=now, market=context.place[0])
    offered = lower_by_offers(after, terms.variant_id, market=context.place[0], now=now)
    found = find_references(after, paid, terms.list_minor, max(at, int(now.timestamp())), offered)
    amounts = {strategy: found[strategy].amount for strategy in STRATEGIES}
    return amounts, list_share(paid, terms.list_minor, int(now.timestamp()))


def _count_guards(actions: IntArray) -> None:
    for name in ACTIONS:
        hits = int(np.count_nonzero(actions & BIT[name]))
        if hits and name != "not_allowed":
            guard_hits_total.labels(gate="public", action=name).inc(hits)


def find_quality_flags(
    shelf: Shelf,
    terms: VariantTerms,
    series: PriceSeries,
    *,
    depth: IntArray,
    is_causal: BoolArray,
    policy: Policy,
    has_model: bool,
    feed: Mapping[str, Collection[int]],
) -> IntArray:
    """Return the bits of BADGES of each variant of a shelf, (m,). No query.

    `feed` holds the variants of badges that competitors' lists gave.
    """
    cost = shelf.variants.cost_minor
    kinds, counts = np.unique(load_variant_arrays().category_id, return_counts=True)
    place = np.searchsorted(kinds, shelf.variants.category_id)
    bits = find_badges(
        cost_minor=cost,
        public_minor=shelf.public_minor,
        floor_minor=share_up(np.maximum(cost, 0), 1.0 + policy.floor_margin),
        numbers=(terms.unit_cost, terms.elasticity, terms.elasticity_sd),
        depth=depth,
        is_causal=is_causal,
        is_new=shelf.is_new,
        distinct_prices=count_distinct(series),
        category_size=counts[np.minimum(place, len(counts) - 1)],
        has_model=has_model,
    )
    for name, ids in feed.items():
        concerned = np.isin(shelf.variants.variant_id, list(ids))
        bits |= np.where(concerned, BADGE_BIT[name], 0)
    return bits
