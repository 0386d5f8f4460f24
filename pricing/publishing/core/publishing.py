"""One function from demand estimates to public prices, for the shop and for the lab.

Limits, the best single price, what staff, chance and arms of experiments ask for, the gate, the
screen: in that order, on arrays. Nothing is read and nothing is written here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.base.core.price_points import share_down
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.demand.core.served import ServedDemand
from pricing.experiments.core import PriceTests, draw_shocks, multiply_prices, target_prices
from pricing.learning.core.scene import (
    ANCHOR,
    ARM,
    MODEL,
    SHOCK,
    STAFF,
    Circumstances,
    Decision,
    PastPrices,
    Proposed,
    Scene,
    SceneVariants,
)
from pricing.optimum.core.choose import choose_public
from pricing.optimum.core.markdown import clearance_price
from pricing.optimum.core.publish import (
    NO_LIMIT,
    demand_terms,
    find_limits,
    floor_prices,
    reckoned_cost,
)
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.stock import sibling_cost, stock_cost
from pricing.policy.core import PublicBounds, apply_public_gate
from pricing.publishing.core.quality import screen_terms

DAY = 86_400.0


def draft(scene: Scene) -> Decision:
    """Return new public prices for the products of a scene, and everything that led to them."""
    products, policy, staff = scene.goods, scene.policy, scene.staff
    terms, depth = price_terms(products, scene.served, policy, staff.least_minor, scene.exponent)
    bounds = bound_prices(
        scene.past, products.list_minor, terms.floor_minor, staff.most_minor, policy
    )
    around = _look_around(scene, terms)
    # A discount must know what a sale costs besides, as the public price does.
    terms = replace(terms, extra_cost=around.extra_cost)
    arms = scene.arms.rest(scene.goods.public_minor, scene.shocks.is_stopped, bounds)
    scene = replace(scene, arms=arms)
    is_causal = scene.served.backed_by_chance(scene.goods.variant_id, scene.goods.family_id)
    proposed = _propose(scene, terms, bounds, around, is_causal)
    shocks, proposed = _shake(scene, terms, bounds, proposed)
    proposed = _ask_arms(scene, bounds, _ask_shocks(scene, shocks, proposed))
    gated, actions = _gate(scene, bounds, proposed)
    after, breaches, moves = screen_terms(
        replace(terms, public_minor=gated),
        terms,
        bounds,
        proposed.cause == MODEL,
        scene.policy,
        quiet=scene.quiet,
        is_silent=scene.is_silent,
    )
    return Decision(
        before=terms,
        terms=after,
        depth=depth,
        is_causal=is_causal,
        bounds=bounds,
        proposed=proposed,
        arms=arms,
        shocks=shocks,
        actions=actions,
        moves=moves,
        breaches=breaches,
    )


def price_terms(
    goods: SceneVariants,
    served: ServedDemand,
    policy: Policy,
    least_minor: IntArray | int = 0,
    exponent: int = 2,
) -> tuple[VariantTerms, IntArray]:
    """Return the terms at the prices that hold, and where each elasticity comes from, (m,)."""
    mean, sd, depth = served.elasticities(goods.variant_id, goods.family_id)
    mean, sd = (np.where(np.isfinite(one), one, np.nan) for one in (mean, sd))
    floor, cost = floor_prices(goods.cost_minor, goods.list_minor, goods.anchor_minor, policy)
    terms = VariantTerms(
        variant_id=goods.variant_id,
        public_minor=goods.public_minor,
        list_minor=goods.list_minor,
        floor_minor=np.maximum(floor, least_minor),
        unit_cost=cost,
        elasticity=mean,
        elasticity_sd=sd,
        category_id=goods.category_id,
        is_open=goods.is_open,
        exponent=exponent,
    )
    return terms, depth.astype(np.int64)


def sibling_costs(
    goods: SceneVariants, served: ServedDemand, policy: Policy, exponent: int = 2
) -> FloatArray:
    """Return what a sale of each variant takes from others of its category, (m,).

    The share is what impressions taught of its family, the policy's at least. `goods` must be all
    that is sold: siblings count however few variants are priced anew.
    """
    lost = np.maximum(served.siblings_lose(goods.family_id), policy.substitution_share)
    if not lost.any():
        return lost
    terms, _ = price_terms(goods, served, policy, exponent=exponent)
    margin = terms.public_minor - reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    return sibling_cost(margin, _expect_weekly(served, terms), goods.category_id, lost)


def _expect_weekly(served: ServedDemand, terms: VariantTerms) -> FloatArray:
    return served.expect_weekly(terms.variant_id, terms.public_minor, terms.elasticity)


def bound_prices(
    past: PastPrices,
    list_minor: IntArray,
    floor_minor: IntArray,
    most_minor: IntArray | int,
    policy: Policy,
) -> PublicBounds:
    """Return what bounds the public prices, `most_minor`, a maximum price of staff, included."""
    ceiling = share_down(list_minor, 1.0 + policy.ceiling_over_list)
    return PublicBounds(
        current_minor=past.current_minor,
        floor_minor=floor_minor,
        ceiling_minor=np.maximum(np.minimum(ceiling, most_minor), floor_minor),
        highest_24h=past.highest_minor,
        lowest_24h=past.lowest_minor,
        changes_24h=past.changes,
        is_held=past.is_held,
        emergency_minor=past.emergency_minor,
    )


def _look_around(scene: Scene, terms: VariantTerms) -> Circumstances:
    policy, around = scene.policy, scene.around
    weekly = _expect_weekly(scene.served, terms)
    scarce = scarce_cost(terms, weekly, around.stock, policy, around.restock_days)
    return Circumstances(
        weekly_units=weekly,
        extra_cost=limit_cost(scarce + around.sibling_minor, terms, policy),
        is_scarce=scarce > 0.0,
        cleared_minor=_clear(scene, terms, weekly),
    )


def _clear(scene: Scene, terms: VariantTerms, weekly: FloatArray) -> IntArray:
    staff, prices = scene.staff, np.zeros(len(terms), dtype=np.int64)
    for at in np.flatnonzero(staff.lowest_minor > 0).tolist():
        prices[at] = clearance_price(
            int(terms.public_minor[at]),
            int(max(staff.lowest_minor[at], terms.floor_minor[at])),
            days=float(staff.gone_by[at] - scene.second) / DAY,
            stock=int(scene.around.stock[at]),
            daily_units=float(weekly[at]) / 7.0,
            elasticity=float(terms.elasticity[at]),
            exponent=terms.exponent,
        )
    return prices


def _propose(
    scene: Scene,
    terms: VariantTerms,
    bounds: PublicBounds,
    around: Circumstances,
    is_causal: BoolArray,
) -> Proposed:
    """Return the prices the model, the merchant and staff ask for, in rising order of rank.

    What staff fixed, approved or want gone is asked for as it is; without `auto_publish` the
    model's own choices wait.
    """
    products, staff, policy = scene.goods, scene.staff, scene.policy
    limits = find_limits(
        terms,
        bounds,
        policy,
        anchor_minor=products.anchor_minor,
        seen=(scene.past.least_seen_minor, scene.past.most_seen_minor),
        changed_at=products.changed_at,
        is_causal=is_causal,
        second=scene.second,
        competitor_minor=scene.around.competitor_minor,
    )
    demand = demand_terms(terms, policy, around.extra_cost)
    choice = choose_public(limits, demand, scene.asks, is_causal=is_causal, exponent=terms.exponent)
    decided = np.where(staff.approved_minor > 0, staff.approved_minor, around.cleared_minor)
    by_staff = np.where(staff.fixed_minor > 0, staff.fixed_minor, decided)
    has_word = by_staff > 0
    # Back to the merchant's own price nobody has to agree; to another one without a credible gain
    # (a floor that rose) the model asks like for its own.
    is_own = (choice.minor == products.public_minor) | (choice.minor == products.anchor_minor)
    is_model = choice.is_model | ~is_own
    is_withheld = is_model & ~has_word & (not policy.auto_publish)
    asked = np.where(has_word, by_staff, np.where(is_withheld, products.public_minor, choice.minor))
    cause = np.where(has_word, STAFF, np.where(is_model, MODEL, ANCHOR))
    return Proposed(
        *(limits, demand, scene.segments, choice, asked, is_withheld, cause, policy, around)
    )


def _shake(
    scene: Scene, terms: VariantTerms, bounds: PublicBounds, proposed: Proposed
) -> tuple[PriceTests, Proposed]:
    """Return the shocks, those of a new week included.

    Never concerned: products without personal prices (restricted, sensitive, child-directed),
    without a price so far, switched off, in an emergency, at rest, at the end of their changes for
    the day, under experiment, or with a word of staff.
    """
    shocks, products = scene.shocks, scene.goods
    if not (scene.draws_shocks and scene.may_move):
        return shocks, proposed
    # Chance plays with prices at rest: one on its way back to the merchant's own arrives first.
    returns = proposed.asked_minor == products.anchor_minor
    returns &= proposed.asked_minor != products.public_minor
    may_move = products.is_open & ~products.is_new & ~proposed.limits.is_cooling
    may_move &= (bounds.emergency_minor >= NO_LIMIT) & ~shocks.is_stopped & ~shocks.holds
    may_move &= ~(scene.staff.has_word | returns | scene.arms.is_tested)
    most = scene.policy.shock_share
    return draw_shocks(shocks, terms, proposed.limits, may_move=may_move, most=most), proposed


def _ask_shocks(scene: Scene, shocks: PriceTests, proposed: Proposed) -> Proposed:
    """Return the prices asked for with those of chance; staff's word comes first.

    A price that goes back to what it was goes back by chance too, unless somebody wants another;
    a model that may not move prices is nobody.
    """
    is_staff, target = proposed.cause == STAFF, target_prices(shocks, scene.exponent)
    is_shock = (target > 0) & ~is_staff
    is_return = shocks.returns & ~is_shock & ~is_staff
    is_return &= (proposed.asked_minor == shocks.base_minor) | (not scene.may_move)
    otherwise = np.where(is_return, shocks.base_minor, proposed.asked_minor)
    return replace(
        proposed,
        asked_minor=np.where(is_shock, target, otherwise),
        cause=np.where(is_shock | is_return, SHOCK, proposed.cause),
    )


def _ask_arms(scene: Scene, bounds: PublicBounds, proposed: Proposed) -> Proposed:
    """Return the prices asked for with those of arms, and who asks; staff's word comes first.

    The base rests while an experiment runs, in every arm alike, so that arms differ by the arm
    only. A price whose experiment is over goes back, unless somebody wants another; a model that
    may not move prices is nobody.
    """
    arms, is_staff = scene.arms, proposed.cause == STAFF
    target = multiply_prices(arms.base_minor, arms.factor, bounds.floor_minor)
    is_arm = arms.sets & ~is_staff
    is_return = arms.is_intact & ~is_arm & ~is_staff
    is_return &= (proposed.asked_minor == arms.base_minor) | (not scene.may_move)
    otherwise = np.where(is_return, arms.base_minor, proposed.asked_minor)
    return replace(
        proposed,
        asked_minor=np.where(is_arm, target, otherwise),
        cause=np.where(is_arm | is_return, ARM, proposed.cause),
        is_withheld=proposed.is_withheld & ~is_arm,
    )


def _gate(scene: Scene, bounds: PublicBounds, proposed: Proposed) -> tuple[IntArray, IntArray]:
    """Return what the gate makes of the prices asked for, and what it did, (m,).

    Without a fresh model only staff and experiments move prices, and those that chance moved go
    back.
    """
    needs_no_model = np.isin(proposed.cause, (STAFF, SHOCK, ARM))
    gated = apply_public_gate(
        proposed.asked_minor,
        bounds,
        scene.policy,
        is_allowed=needs_no_model | scene.has_model,
        is_stale=~needs_no_model & scene.is_stale,
    )
    return gated.minor, gated.actions


WEEK_DAYS = 7.0
MOST_OF_PRICE = 0.98


def scarce_cost(
    terms: VariantTerms,
    weekly: FloatArray,
    stock: FloatArray,
    policy: Policy,
    days: FloatArray | None = None,
) -> FloatArray:
    """Return the shadow price of stock that must last until it comes again, (m,) minor units.

    `weekly` units sell at the price now, `stock` are free to sell (NaN in either: no constraint).
    `days` until pieces come are those of the merchant, NaN where not known: then the policy's
    `restock_days`. Without `restock_days` nothing has to last.

    >>> from pricing.optimum.core.quote import example_terms
    >>> terms, one = example_terms(), np.ones(len(example_terms()))
    >>> by_policy = scarce_cost(terms, 7.0 * one, 3.0 * one, Policy(restock_days=14))
    >>> tomorrow = scarce_cost(terms, 7.0 * one, 3.0 * one, Policy(restock_days=14), one)
    >>> bool((by_policy > 0.0).all()), tomorrow.max().item()
    (True, 0.0)
    """
    if policy.restock_days == 0:
        return np.zeros(len(terms))
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    price = terms.public_minor.astype(np.float64)
    known = np.full(len(terms), np.nan) if days is None else days
    units = weekly * np.where(np.isfinite(known), known, policy.restock_days) / WEEK_DAYS
    return stock_cost(price, reckoned, terms.elasticity, units, stock)


def limit_cost(extra: FloatArray, terms: VariantTerms, policy: Policy) -> FloatArray:
    """Return additional costs (m,) that leave something to earn at the price now.

    A price at which nothing is earned could be weighed against no other.
    """
    reckoned = reckoned_cost(terms.unit_cost, terms.public_minor, policy)
    room = np.where(np.isfinite(reckoned), MOST_OF_PRICE * terms.public_minor - reckoned, 0.0)
    return np.minimum(extra, np.maximum(room, 0.0))
