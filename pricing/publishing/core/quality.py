"""Data-quality flags of variants, and their codes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.base.core.reference import PriceSeries
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.monitoring import Breach, Limits, hold_moves, screen_prices
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core import PublicBounds, apply_public_gate

# The order of bits is stored with price books: add at the end, never reorder.
BADGES = (
    "cost_unknown",
    "below_cost",
    "not_a_number",
    "no_model",
    "no_sales",
    "new_item",
    "one_price",
    "lone_in_category",
    "observational",
    "feed_currency",
    "feed_outlier",
)
BADGE_BIT = {name: 1 << place for place, name in enumerate(BADGES)}
EXAMPLES = 5


def find_badges(
    *,
    cost_minor: IntArray,
    public_minor: IntArray,
    floor_minor: IntArray,
    numbers: tuple[FloatArray, ...],
    depth: IntArray,
    is_causal: BoolArray,
    is_new: BoolArray,
    distinct_prices: IntArray,
    category_size: IntArray,
    has_model: bool,
) -> IntArray:
    """Return the bits of BADGES of each variant, (m,).

    `floor_minor` is cost with the floor margin, before a merchant's lower price makes it lower;
    `numbers` are the model's arrays that must be finite; `depth` is where the elasticity comes from
    (0 the variant itself); `distinct_prices` how many different public prices were ever held;
    `category_size` how many variants share the category.

    >>> one, yes = np.array([1]), np.array([True])
    >>> bits = find_badges(
    ...     cost_minor=-one, public_minor=9 * one, floor_minor=one, numbers=(np.array([np.nan]),),
    ...     depth=0 * one, is_causal=yes, is_new=~yes, distinct_prices=2 * one,
    ...     category_size=one, has_model=True,
    ... )
    >>> name_badges(int(bits[0]))
    ('cost_unknown', 'not_a_number', 'lone_in_category')
    """
    finite = np.ones(len(cost_minor), dtype=np.bool_)
    for one in numbers:
        finite &= np.isfinite(one)
    found = {
        "cost_unknown": cost_minor < 0,
        "below_cost": (cost_minor >= 0) & (public_minor < floor_minor),
        "not_a_number": ~finite,
        "no_model": np.full(len(cost_minor), not has_model),
        "no_sales": (depth > 0) & has_model,
        "new_item": is_new,
        "one_price": distinct_prices <= 1,
        "lone_in_category": category_size == 1,
        "observational": ~is_causal & has_model,
    }
    bits = np.zeros(len(cost_minor), dtype=np.int64)
    for name, where in found.items():
        bits |= np.where(where, BADGE_BIT[name], 0)
    return bits


def name_badges(bits: int) -> tuple[str, ...]:
    """Return the names of the badges in `bits`.

    >>> name_badges(BADGE_BIT["no_sales"])
    ('no_sales',)
    """
    return tuple(name for name in BADGES if bits & BADGE_BIT[name])


def count_distinct(series: PriceSeries) -> IntArray:
    """Return how many different amounts each variant's price history holds, (m,).

    >>> series = PriceSeries(np.array([0, 3, 3]), np.array([1, 2, 3]), np.array([5, 6, 5]))
    >>> count_distinct(series).tolist()
    [2, 0]
    """
    owner = np.repeat(np.arange(len(series.offsets) - 1), np.diff(series.offsets))
    if not len(owner):
        return np.zeros(len(series.offsets) - 1, dtype=np.int64)
    order = np.lexsort((series.amount, owner))
    owner, amount = owner[order], series.amount[order]
    is_first = np.ones(len(owner), dtype=np.bool_)
    is_first[1:] = (owner[1:] != owner[:-1]) | (amount[1:] != amount[:-1])
    return np.bincount(owner[is_first], minlength=len(series.offsets) - 1)


def count_badges(bits: IntArray, variant_id: IntArray) -> dict[str, dict[str, object]]:
    """Return for each badge how many variants carry it and the first few of them.

    >>> count_badges(np.array([1, 0, 1]), np.array([7, 8, 9]))["cost_unknown"]
    {'count': 2, 'examples': [7, 9]}
    """
    report: dict[str, dict[str, object]] = {}
    for name in BADGES:
        where = np.flatnonzero(bits & BADGE_BIT[name])
        if len(where):
            examples = variant_id[where[:EXAMPLES]].tolist()
            report[name] = {"count": len(where), "examples": examples}
    return report


LIMITS = Limits()


def screen_terms(
    terms: VariantTerms,
    before: VariantTerms,
    bounds: PublicBounds,
    is_model: BoolArray,
    policy: Policy,
    *,
    quiet: frozenset[str],
    is_silent: BoolArray | bool,
) -> tuple[VariantTerms, tuple[Breach, ...], BoolArray]:
    """Return the terms that may be published, (m,): `terms` as the gate left them, with the last
    good price wherever a rule is broken; the breaches, and which are moves of the model.

    `before` are the terms at the prices that hold without what chance did to them, `is_model` marks
    what the model asked for. Where an elasticity is no number there is no personal price. Where a
    feed is silent none of the model's moves is made. A price that is held still goes where floor,
    ceiling and emergency cap force it, in the gate's steps; that is no move of the model.
    """
    forced = apply_public_gate(before.public_minor, bounds, policy).minor
    moves = is_model & (terms.public_minor != forced)
    cap, current = policy.step_cap, bounds.current_minor
    most = np.maximum(np.ceil(bounds.lowest_24h * (1.0 + cap)), current)
    least = np.minimum(np.floor(bounds.highest_24h * (1.0 - cap)), current)
    breaches = screen_prices(
        old_minor=current,
        new_minor=terms.public_minor,
        floor_minor=before.floor_minor,
        most_minor=most.astype(np.int64),
        least_minor=least.astype(np.int64),
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
        is_model=moves,
        limits=LIMITS,
    )
    standing = tuple(one for one in breaches if one.kind not in quiet)
    held = hold_moves(standing, moves, LIMITS) | (moves & is_silent)
    is_number = np.isfinite(terms.elasticity) & np.isfinite(terms.elasticity_sd)
    is_number &= terms.elasticity > 0.0
    public = np.where(held, forced, terms.public_minor)
    after = replace(
        terms,
        public_minor=public,
        floor_minor=np.minimum(before.floor_minor, public),
        elasticity=np.where(is_number, terms.elasticity, 1.0),
        elasticity_sd=np.where(is_number, terms.elasticity_sd, 0.0),
        is_open=terms.is_open & is_number,
    )
    return after, breaches, moves
