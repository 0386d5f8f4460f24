"""The shop's price book of one morning: the very draft that the shop's services publish."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

import numpy as np

from pricing.base.core.impressions import WeekDraw
from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.demand.core.served import ServedDemand
from pricing.experiments.core import Arms, PriceTests, shock_price_points, target_prices
from pricing.learning.core.scene import PastPrices, Scene, SceneVariants, StaffPrices, Surroundings
from pricing.optimum.core.joint import Segments
from pricing.optimum.core.publish import NO_LIMIT, SEEN_AFTER_DAYS, SEEN_DAYS
from pricing.optimum.core.quote import VariantTerms, drop_signals
from pricing.publishing.core.publishing import draft, sibling_costs


@dataclass(frozen=True, slots=True)
class Shelf:
    """What is sold and at what prices, arrays (m,) in minor units.

    `list_minor` is the merchant's price, ceiling and anchor at once; `base_minor` the price without
    this week's shock, `shocked_minor` the price chance set (0: none). `changed_at` in seconds.
    `draw` is what chance could do this week; `seen` (days, m) are the prices of the last SEEN_DAYS.
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
    seen: IntArray | None = None

    def see(self, price_minor: IntArray) -> Shelf:
        """Return the shelf once prices (m,) were seen for a day."""
        before = np.empty((0, len(price_minor)), np.int64) if self.seen is None else self.seen
        return replace(self, seen=np.vstack([before, price_minor])[-SEEN_DAYS:])

    @property
    def public_minor(self) -> IntArray:
        """The prices that hold."""
        return np.where(self.shocked_minor > 0, self.shocked_minor, self.base_minor)


@dataclass(frozen=True, slots=True)
class Morning:
    """What a book is made under. `week` is the Monday of a draw that is due, None where none is;
    `restock_days` (m,) pass until pieces come, NaN where not known, None for all. `has_model` says
    that anything was learned: without it no price moves."""

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
    has_model: bool = True


def draft_book(shelf: Shelf, morning: Morning) -> tuple[Shelf, VariantTerms]:
    """Return the shelf at its new prices and the terms that quotes of the day are made of: those of
    a shopper without signals."""
    was = shelf.public_minor
    decision = draft(make_scene(shelf, morning))
    public, shocks = decision.terms.public_minor, decision.shocks
    target = target_prices(shocks, decision.terms.exponent)
    # A price that the gate keeps from going back stays the shock's.
    is_shocked = ((target > 0) & (public == target)) | (
        shocks.is_intact & (public == shocks.running_minor)
    )
    after = replace(
        shelf,
        base_minor=np.where(is_shocked, shelf.base_minor, public),
        shocked_minor=np.where(is_shocked, public, 0),
        changed_at=np.where(public != was, morning.second, shelf.changed_at),
        draw=_keep_draw(shelf, morning, shocks),
    ).see(public)
    return after, drop_signals(decision.terms, morning.segments.sensitivity_mean)


def make_scene(shelf: Shelf, morning: Morning) -> Scene:
    """Return what holds as the shop's own draft takes it.

    Books are a day apart, so the last day holds one price and no change; there are no staff, no
    experiments and no switches.
    """
    count, shown = len(shelf.variant_id), shelf.public_minor
    no = np.zeros(count, dtype=np.bool_)
    products, policy, served = _list_goods(shelf), morning.policy, morning.served
    unknown, is_shocked = np.full(count, np.nan), shelf.shocked_minor > 0
    return Scene(
        goods=products,
        policy=policy,
        served=served,
        segments=morning.segments,
        staff=StaffPrices.nothing(count),
        around=Surroundings(
            competitor_minor=_or_unknown(morning.competitor_minor, unknown),
            stock=_or_unknown(morning.stock, unknown),
            restock_days=_or_unknown(morning.restock_days, unknown),
            sibling_minor=sibling_costs(products, served, policy),
        ),
        past=_recall(shelf, shown),
        arms=Arms.nothing(shelf.base_minor),
        shocks=PriceTests.running(
            *(shelf.base_minor, shelf.shocked_minor),
            is_intact=is_shocked,
            holds=is_shocked & (not morning.ends_shocks),
            is_stopped=no,
            seed=morning.seed,
            week=morning.week or date.min,
        ),
        second=morning.second,
        has_model=morning.has_model,
        is_stale=morning.is_stale,
        draws_shocks=morning.week is not None,
        quiet=frozenset(),
        is_silent=no,
    )


def _list_goods(shelf: Shelf) -> SceneVariants:
    no = np.zeros(len(shelf.variant_id), dtype=np.bool_)
    return SceneVariants(
        variant_id=shelf.variant_id,
        category_id=shelf.category_id,
        family_id=shelf.family_id,
        cost_minor=shelf.cost_minor,
        list_minor=shelf.list_minor,
        anchor_minor=shelf.list_minor,
        public_minor=shelf.base_minor,
        changed_at=shelf.changed_at,
        is_open=~no,
        is_new=no,
    )


def _recall(shelf: Shelf, shown: IntArray) -> PastPrices:
    seen = shelf.seen
    if seen is None or len(seen) <= SEEN_AFTER_DAYS:
        seen = shelf.list_minor[None, :]
    else:
        seen = seen[:-SEEN_AFTER_DAYS]
    none = np.zeros_like(shown)
    return PastPrices(
        *(shown, shown, shown, none, none > 0, np.full(len(shown), NO_LIMIT)),
        most_seen_minor=seen.max(axis=0),
        least_seen_minor=seen.min(axis=0),
    )


def _or_unknown(values: FloatArray | None, unknown: FloatArray) -> FloatArray:
    return unknown if values is None else values


def _keep_draw(shelf: Shelf, morning: Morning, shocks: PriceTests) -> WeekDraw | None:
    """Return the whole draw of the week: a new one, or the one that goes on."""
    if morning.week is None or morning.is_stale:
        return None if morning.ends_shocks else shelf.draw
    below, above = shock_price_points(shelf.base_minor)
    return WeekDraw(
        variant_id=shelf.variant_id,
        base_minor=shelf.base_minor,
        below_minor=below,
        above_minor=above,
        chance=shocks.chances,
        direction=shocks.direction,
        book_version=0,
    )
