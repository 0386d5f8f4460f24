"""Reprice variants: from what holds now to the rows of the next price book."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.batch import SegmentMeans
from pricing.core.guardrails import ACTIONS, BIT, PublicBounds, apply_public_gate
from pricing.core.mix import segment_mix
from pricing.core.offered import append_prices
from pricing.core.optimum import Segments
from pricing.core.publish import floor_prices
from pricing.core.quote import VariantTerms
from pricing.core.reference import STRATEGIES, PriceSeries, find_references, list_share
from pricing.core.signals import SignalWeights
from pricing.metrics import guard_hits_total
from pricing.selectors.competitors import find_feed_badges
from pricing.selectors.offered import lower_by_offers
from pricing.selectors.overrides import StaffPrices, load_staff_prices
from pricing.selectors.publishing import Shelf, category_paths, load_bounds
from pricing.selectors.references import load_paid, load_series
from pricing.services.arm_prices import ARM, Arms, ask_arms, read_arms
from pricing.services.badges import find_variant_badges
from pricing.services.circumstances import Circumstances, find_circumstances
from pricing.services.occasions import Occasion
from pricing.services.proposing import ANCHOR, MODEL, STAFF, Proposed, propose
from pricing.services.screening import screen_draft
from pricing.services.shocks import SHOCK, Shocks, ask_for, draw_shocks, read_shocks


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
    shocks: Shocks
    arms: Arms


@dataclass(frozen=True, slots=True)
class _Scene:
    """What holds before anything is repriced, arrays (m,): terms, history, bounds, staff's word.

    `calm` is the shelf at the prices that neither an arm of an experiment nor chance has moved:
    what everybody else wants is asked about those.
    """

    calm: Shelf
    arms: Arms
    shocks: Shocks
    terms: VariantTerms
    depth: IntArray
    series: PriceSeries
    bounds: PublicBounds
    staff: StaffPrices
    is_causal: BoolArray
    around: Circumstances


def draft_prices(
    *,
    shelf: Shelf,
    occasion: Occasion,
    means: SegmentMeans | None = None,
) -> Draft:
    """Return new public prices and terms for the variants of `shelf`. Fourteen queries.

    `means` are the segments as the book before saw them.
    """
    scene = _survey(shelf, occasion)
    proposed = propose(
        scene.calm,
        scene.terms,
        scene.bounds,
        scene.staff,
        segments=_segments(shelf, means or SegmentMeans(), occasion),
        is_causal=scene.is_causal,
        policy=occasion.policy,
        second=int(occasion.now.timestamp()),
        around=scene.around,
    )
    shocks, proposed = _shake(scene, proposed, occasion)
    terms, actions = _gate(proposed, scene, occasion)
    is_changed = terms.public_minor != shelf.public_minor
    references, share = _refer(terms, scene.series, is_changed, occasion)
    return Draft(
        shelf=shelf,
        terms=terms,
        references=references,
        old_public=shelf.public_minor,
        is_changed=is_changed,
        opened=shelf.is_new,
        list_share=share,
        weights=occasion.served.weights,
        proposed=proposed,
        staff=scene.staff,
        actions=actions,
        badges=_badges(shelf, scene, occasion),
        is_causal=scene.is_causal,
        weekly_units=scene.around.weekly_units,
        shocks=shocks,
        arms=scene.arms,
    )


def _survey(shelf: Shelf, occasion: Occasion) -> _Scene:
    ids, place, now = shelf.variants.variant_id, occasion.place, occasion.now
    staff = load_staff_prices(variant_id=ids, place=place, now=now)
    arms = read_arms(shelf=shelf, occasion=occasion)
    unarmed = replace(shelf, public_minor=arms.base_minor)
    shocks = read_shocks(shelf=unarmed, occasion=occasion, is_tested=arms.is_tested)
    calm = replace(shelf, public_minor=shocks.base_minor)
    terms, depth = _terms_now(calm, occasion, staff)
    series = load_series(variant_id=ids, now=now, place=place)
    bounds = _bound(shelf, series, terms, staff, occasion)
    around = find_circumstances(calm, terms, staff, occasion)
    return _Scene(
        calm=calm,
        arms=arms.rest(calm.public_minor, shocks.is_stopped, bounds),
        shocks=shocks,
        # A discount must know what a sale costs besides, as the public price does.
        terms=replace(terms, extra_cost=around.extra_cost),
        depth=depth,
        series=series,
        bounds=bounds,
        staff=staff,
        is_causal=occasion.served.backed_by_chance(ids, shelf.family_id),
        around=around,
    )


def _shake(scene: _Scene, proposed: Proposed, occasion: Occasion) -> tuple[Shocks, Proposed]:
    """Return the shocks, those of a new week included, and the prices asked for with them and with
    the arms of experiments."""
    shocks, staff = scene.shocks, scene.staff
    # Chance plays with prices at rest: one on its way back to the merchant's own arrives first.
    returns = (proposed.cause == ANCHOR) & (proposed.asked_minor != scene.calm.public_minor)
    if occasion.draws_shocks and occasion.may_move:
        shocks = draw_shocks(
            shocks,
            shelf=scene.calm,
            terms=scene.terms,
            limits=proposed.limits,
            bounds=scene.bounds,
            excluded=staff.has_word | returns | scene.arms.is_tested,
            policy=occasion.policy,
        )
    asked, cause = ask_for(
        shocks,
        proposed.asked_minor,
        proposed.cause,
        is_staff=proposed.cause == STAFF,
        may_move=occasion.may_move,
        exponent=occasion.exponent,
    )
    proposed = replace(proposed, asked_minor=asked, cause=cause)
    floor = scene.bounds.floor_minor
    return shocks, ask_arms(scene.arms, proposed, may_move=occasion.may_move, floor_minor=floor)


def _badges(shelf: Shelf, scene: _Scene, occasion: Occasion) -> IntArray:
    return find_variant_badges(
        shelf,
        scene.terms,
        scene.series,
        depth=scene.depth,
        is_causal=scene.is_causal,
        policy=occasion.policy,
        has_model=occasion.model is not None,
        feed=find_feed_badges(market=occasion.place[0], now=occasion.now),
    )


def _terms_now(
    shelf: Shelf, occasion: Occasion, staff: StaffPrices
) -> tuple[VariantTerms, IntArray]:
    """Return the terms at the prices that hold, and where each elasticity comes from."""
    variants = shelf.variants
    mean, sd, depth = occasion.served.elasticities(variants.variant_id, shelf.family_id)
    mean, sd = (np.where(np.isfinite(one), one, np.nan) for one in (mean, sd))
    floor, cost = floor_prices(
        variants.cost_minor, shelf.list_minor, shelf.anchor_minor, occasion.policy
    )
    terms = VariantTerms(
        variant_id=variants.variant_id,
        public_minor=shelf.public_minor,
        list_minor=shelf.list_minor,
        floor_minor=np.maximum(floor, staff.least_minor),
        unit_cost=cost,
        elasticity=mean,
        elasticity_sd=sd,
        category_id=variants.category_id,
        is_open=~variants.never_personal,
        exponent=occasion.exponent,
    )
    return terms, depth.astype(np.int64)


def _bound(
    shelf: Shelf,
    series: PriceSeries,
    terms: VariantTerms,
    staff: StaffPrices,
    occasion: Occasion,
) -> PublicBounds:
    """Return what bounds the public prices, a minimum or maximum price set by staff included."""
    bounds = load_bounds(
        shelf=shelf,
        series=series,
        floor_minor=terms.floor_minor,
        policy=occasion.policy,
        now=occasion.now,
        place=occasion.place,
    )
    most = np.maximum(staff.most_minor, terms.floor_minor)
    return replace(bounds, ceiling_minor=np.minimum(bounds.ceiling_minor, most))


def _segments(shelf: Shelf, means: SegmentMeans, occasion: Occasion) -> Segments:
    families, _ = category_paths(shelf.tree)
    mix = segment_mix(
        means,
        shelf.variants.category_id,
        families,
        occasion.served.weights,
        holdout_share=occasion.policy.holdout_share,
    )
    return replace(mix, is_personal=mix.is_personal & ~shelf.variants.never_personal)


def _gate(proposed: Proposed, scene: _Scene, occasion: Occasion) -> tuple[VariantTerms, IntArray]:
    """Return the terms at what the gate makes of the prices asked for, and what it did, (m,).

    Without a fresh model only staff and experiments move prices, and those that chance moved go
    back.
    """
    needs_no_model = np.isin(proposed.cause, (STAFF, SHOCK, ARM))
    gated = apply_public_gate(
        proposed.asked_minor,
        scene.bounds,
        occasion.policy,
        is_allowed=needs_no_model | (occasion.model is not None),
        is_stale=~needs_no_model & occasion.is_stale,
    )
    if not occasion.is_dry:
        _count_guards(gated.actions)
    floor = np.minimum(scene.terms.floor_minor, gated.minor)
    terms = replace(scene.terms, public_minor=gated.minor, floor_minor=floor)
    is_model = proposed.cause == MODEL
    return screen_draft(terms, scene.terms, scene.bounds, is_model, occasion), gated.actions


def _refer(
    terms: VariantTerms,
    series: PriceSeries,
    is_changed: BoolArray,
    occasion: Occasion,
) -> tuple[Mapping[str, IntArray], FloatArray]:
    """Return the legal references once the new prices hold, and the list-price gauge."""
    now, at = occasion.now, int(occasion.effective_at.timestamp())
    after = append_prices(series, is_changed, at, terms.public_minor)
    paid = load_paid(variant_id=terms.variant_id, now=now, market=occasion.place[0])
    offered = lower_by_offers(after, terms.variant_id, market=occasion.place[0], now=now)
    found = find_references(after, paid, terms.list_minor, max(at, int(now.timestamp())), offered)
    amounts = {strategy: found[strategy].amount for strategy in STRATEGIES}
    return amounts, list_share(paid, terms.list_minor, int(now.timestamp()))


def _count_guards(actions: IntArray) -> None:
    for name in ACTIONS:
        hits = int(np.count_nonzero(actions & BIT[name]))
        if hits and name != "not_allowed":
            guard_hits_total.labels(gate="public", action=name).inc(hits)
