"""The shop's price book of one morning, from what holds to what is published: `draft_prices`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.demand.served import ServedDemand
from pricing.core.guardrails import PublicBounds, apply_public_gate
from pricing.core.looks import WeekDraw
from pricing.core.monitoring import Limits as ScreenLimits
from pricing.core.monitoring import hold_moves, screen_prices
from pricing.core.optimum import Choice, Limits, Segments, choose_public, sibling_cost
from pricing.core.publish import (
    NO_LIMIT,
    demand_terms,
    find_limits,
    floor_prices,
    reckoned_cost,
)
from pricing.core.quote import VariantTerms, drop_signals
from pricing.core.rounding import share_down
from pricing.core.scarcity import limit_cost, scarce_cost, weekly_units
from pricing.core.shocks import find_ways, plan_shocks, shock_rungs
from pricing.core.values import Policy

SCREEN = ScreenLimits()


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is sold and at what prices, arrays (m,) in minor units.

    `list_minor` is the merchant's price, ceiling and anchor at once; `base_minor` the price without
    this week's shock, `shocked_minor` the price chance set (0: none). `changed_at` in seconds.
    `draw` is what chance could do this week.
    """

    variant_id: IntArray
    category_id: IntArray
    family_id: IntArray
    list_minor: IntArray
    cost_minor: IntArray
    base_minor: IntArray
    shocked_minor: IntArray
    changed_at: IntArray
    draw: WeekDraw | None = None

    @property
    def public_minor(self) -> IntArray:
        """The prices that hold."""
        return np.where(self.shocked_minor > 0, self.shocked_minor, self.base_minor)


@dataclass(frozen=True, slots=True)
class Morning:
    """What a book is made under. `week` is the Monday of a draw that is due, None where none is;
    `restock_days` (m,) pass until pieces come, NaN where not known, None for all."""

    policy: Policy
    served: ServedDemand
    is_stale: bool
    segments: Segments
    competitor_minor: FloatArray | None
    stock: FloatArray | None
    second: int
    seed: str
    week: date | None
    ends_shocks: bool
    restock_days: FloatArray | None = None


def draft_book(shelf: Shelf, morning: Morning) -> tuple[Shelf, VariantTerms]:
    """Return the shelf at its new prices and the terms that quotes of the day are made of: those of
    a shopper without signals."""
    policy, was = morning.policy, shelf.public_minor
    if morning.ends_shocks:
        shelf = replace(shelf, shocked_minor=np.zeros_like(was))
    terms = _terms_now(shelf, morning)
    bounds = _bound(was, shelf, terms, policy)
    is_causal = morning.served.backed_by_chance(shelf.variant_id, shelf.family_id)
    limits = find_limits(
        terms,
        bounds,
        policy,
        anchor_minor=shelf.list_minor,
        changed_at=shelf.changed_at,
        is_causal=is_causal,
        second=morning.second,
        competitor_minor=morning.competitor_minor,
    )
    choice = choose_public(
        limits,
        demand_terms(terms, policy, terms.extra_cost),
        morning.segments,
        policy,
        is_causal=is_causal,
        exponent=terms.exponent,
    )
    target, drawn = _draw(shelf, terms, limits, choice, morning)
    asked = np.where(target > 0, target, choice.minor)
    is_model = (target == 0) & (choice.minor != shelf.list_minor)
    public = _gate(asked, terms, bounds, is_model, morning)
    is_shocked = (target > 0) & (public == target)
    after = replace(
        shelf,
        base_minor=np.where(is_shocked, shelf.base_minor, public),
        shocked_minor=np.where(is_shocked, public, 0),
        changed_at=np.where(public != was, morning.second, shelf.changed_at),
        draw=drawn,
    )
    floor = np.minimum(terms.floor_minor, public)
    market = replace(terms, public_minor=public, floor_minor=floor)
    return after, drop_signals(market, morning.segments.sensitivity_mean)


def _terms_now(shelf: Shelf, morning: Morning) -> VariantTerms:
    mean, sd, _ = morning.served.elasticities(shelf.variant_id, shelf.family_id)
    floor, cost = floor_prices(shelf.cost_minor, shelf.list_minor, shelf.list_minor, morning.policy)
    terms = VariantTerms(
        variant_id=shelf.variant_id,
        public_minor=shelf.base_minor,
        list_minor=shelf.list_minor,
        floor_minor=floor,
        unit_cost=cost,
        elasticity=mean,
        elasticity_sd=sd,
        category_id=shelf.category_id,
        is_open=np.ones(len(mean), dtype=np.bool_),
    )
    return replace(terms, extra_cost=_extra_cost(shelf, terms, morning))


def _extra_cost(shelf: Shelf, terms: VariantTerms, morning: Morning) -> FloatArray:
    """Return what a sale costs where stock must last, and what it takes from siblings, (m,)."""
    policy, weekly = morning.policy, weekly_units(morning.served, terms)
    stock = np.full(len(terms), np.nan) if morning.stock is None else morning.stock
    scarce = scarce_cost(terms, weekly, stock, policy, morning.restock_days)
    lost = np.maximum(morning.served.siblings_lose(shelf.family_id), policy.substitution_share)
    margin = terms.public_minor - reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    taken = sibling_cost(margin, weekly, terms.category_id, lost)
    return limit_cost(scarce + taken, terms, policy)


def _bound(was: IntArray, shelf: Shelf, terms: VariantTerms, policy: Policy) -> PublicBounds:
    """Books are a day apart, so the last day holds one price and no change."""
    ceiling = share_down(shelf.list_minor, 1.0 + policy.ceiling_over_list)
    none = np.zeros_like(was)
    return PublicBounds(
        current_minor=was,
        floor_minor=terms.floor_minor,
        ceiling_minor=np.maximum(ceiling, terms.floor_minor),
        highest_24h=was,
        lowest_24h=was,
        changes_24h=none,
        is_held=none > 0,
        emergency_minor=np.full_like(was, NO_LIMIT),
    )


def _draw(
    shelf: Shelf, terms: VariantTerms, limits: Limits, choice: Choice, morning: Morning
) -> tuple[IntArray, WeekDraw | None]:
    """Return the prices chance asks for, (m,), those of running shocks and of a new week, and the
    whole draw of the week."""
    target = shelf.shocked_minor
    if morning.week is None or morning.is_stale:
        return target, None if morning.ends_shocks else shelf.draw
    goes_home = (choice.minor == shelf.list_minor) & (choice.minor != shelf.base_minor)
    may_move = terms.is_open & ~limits.is_cooling & (target == 0) & ~goes_home
    may_fall, may_rise = find_ways(shelf.base_minor, limits, may_move, terms.exponent)
    plan = plan_shocks(
        variant_id=shelf.variant_id,
        category_id=shelf.category_id,
        may_fall=may_fall,
        may_rise=may_rise,
        share=morning.policy.shock_share,
        seed=morning.seed,
        week=morning.week,
    )
    below, above = shock_rungs(shelf.base_minor, terms.exponent)
    drawn = np.where(plan.direction < 0, below, above)
    week = WeekDraw(
        variant_id=shelf.variant_id,
        base_minor=shelf.base_minor,
        below_minor=below,
        above_minor=above,
        chance=plan.chances,
        direction=plan.direction,
        book_version=0,
    )
    return np.where(plan.direction != 0, drawn, target), week


def _gate(
    asked: IntArray,
    terms: VariantTerms,
    bounds: PublicBounds,
    is_model: BoolArray,
    morning: Morning,
) -> IntArray:
    """Return what the gate and the screen behind it leave of the prices asked for, (m,)."""
    policy = morning.policy
    gated = apply_public_gate(asked, bounds, policy, is_stale=is_model & morning.is_stale).minor
    forced = apply_public_gate(terms.public_minor, bounds, policy).minor
    moves = is_model & (gated != forced)
    current = bounds.current_minor
    most = np.maximum(np.ceil(bounds.lowest_24h * (1.0 + policy.step_cap)), current)
    least = np.minimum(np.floor(bounds.highest_24h * (1.0 - policy.step_cap)), current)
    breaches = screen_prices(
        old_minor=current,
        new_minor=gated,
        floor_minor=terms.floor_minor,
        most_minor=most.astype(np.int64),
        least_minor=least.astype(np.int64),
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
        is_model=moves,
        limits=SCREEN,
    )
    return np.where(hold_moves(breaches, moves, SCREEN), forced, gated)
