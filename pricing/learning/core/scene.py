"""Input and output of a draft of public prices: frozen arrays (m,)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.demand.core.served import ServedDemand
from pricing.experiments.core import Arms, PriceTests
from pricing.optimum.core.choose import EVEN, Choice
from pricing.optimum.core.feasible import Limits
from pricing.optimum.core.joint import DemandTerms, Segments
from pricing.optimum.core.monitoring import Breach
from pricing.optimum.core.publish import NO_LIMIT
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core import PublicBounds

# Who moved a public price, or would: kept with the proposal.
MODEL, ANCHOR, STAFF, GATE, SHOCK, ARM = "model", "anchor", "staff", "gate", "shock", "arm"


@dataclass(frozen=True, slots=True)
class SceneVariants:
    """What is sold and at what prices, by ascending variant id, minor units.

    `public_minor` is the price without what chance and arms of experiments did; `anchor_minor` the
    last price somebody set; an unknown cost is -1. `changed_at` is when the public price last
    changed, in seconds since 1970. Of what is not `is_open` nobody has a personal price.
    """

    variant_id: IntArray
    category_id: IntArray
    family_id: IntArray
    cost_minor: IntArray
    list_minor: IntArray
    anchor_minor: IntArray
    public_minor: IntArray
    changed_at: IntArray
    is_open: BoolArray
    is_new: BoolArray

    def __len__(self) -> int:
        return len(self.variant_id)


@dataclass(frozen=True, slots=True)
class StaffPrices:
    """What staff have said of m variants, arrays (m,) in minor units.

    `fixed_minor` and `approved_minor` are 0 where nothing was said; `least_minor` is a minimum
    price (0: none), `most_minor` a maximum (NO_LIMIT: none). `is_edited` marks approved prices that
    staff chose themselves. `lowest_minor` is how far down what must be gone may go (0: nothing
    must), `gone_by` until when, in seconds since 1970.
    """

    fixed_minor: IntArray
    least_minor: IntArray
    most_minor: IntArray
    approved_minor: IntArray
    is_edited: BoolArray
    lowest_minor: IntArray
    gone_by: FloatArray

    @property
    def has_word(self) -> BoolArray:
        """Where staff have named a price or want the stock gone, (m,)."""
        spoken: BoolArray = (self.fixed_minor > 0) | (self.approved_minor > 0)
        return spoken | (self.lowest_minor > 0)

    @staticmethod
    def nothing(count: int) -> StaffPrices:
        """Return silence about `count` variants."""
        fixed, least, approved, lowest = (np.zeros(count, dtype=np.int64) for _ in range(4))
        return StaffPrices(
            fixed_minor=fixed,
            least_minor=least,
            most_minor=np.full(count, NO_LIMIT),
            approved_minor=approved,
            is_edited=np.zeros(count, dtype=np.bool_),
            lowest_minor=lowest,
            gone_by=np.zeros(count),
        )


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What else bears on prices: `competitor_minor` is the lowest fresh price of competitors,
    `stock` pieces free to sell, `restock_days` until pieces come (all NaN: not known), and
    `sibling_minor` the margin that a sale takes from substitutes."""

    competitor_minor: FloatArray
    stock: FloatArray
    restock_days: FloatArray
    sibling_minor: FloatArray


@dataclass(frozen=True, slots=True)
class PastPrices:
    """What public prices are and were, and the legal cap of an emergency (NO_LIMIT: none).

    `current_minor` is the price that holds, with what chance and arms of experiments did to it.
    `highest_minor`, `lowest_minor` and `changes` are of 24 hours, `is_held` says that the price
    changed a moment ago; `most_seen_minor` and `least_seen_minor` are of SEEN_DAYS to
    SEEN_AFTER_DAYS ago (where none are known: the last price somebody set).
    """

    current_minor: IntArray
    highest_minor: IntArray
    lowest_minor: IntArray
    changes: IntArray
    is_held: BoolArray
    emergency_minor: IntArray
    most_seen_minor: IntArray
    least_seen_minor: IntArray


@dataclass(frozen=True, slots=True)
class Scene:
    """What holds before anything is repriced.

    `second` is the time now in seconds since 1970. `draws_shocks`: chance draws for a new week.
    `quiet` are the rules of the screen that staff have switched off, `is_silent` marks products
    whose feed says nothing.
    """

    goods: SceneVariants
    policy: Policy
    served: ServedDemand
    segments: Segments
    staff: StaffPrices
    around: Surroundings
    past: PastPrices
    arms: Arms
    shocks: PriceTests
    second: int
    has_model: bool
    is_stale: bool
    draws_shocks: bool
    quiet: frozenset[str]
    is_silent: BoolArray
    exponent: int = 2

    @property
    def may_move(self) -> bool:
        """Whether there is a fresh model: without one no price is moved to learn from it either."""
        return self.has_model and not self.is_stale

    @property
    def asks(self) -> Policy:
        """The policy with the chance of a gain that this demand has to show: even, where looks
        taught it (see `ServedDemand.asks_certainty`)."""
        if self.served.asks_certainty:
            return self.policy
        return replace(self.policy, min_confidence=min(EVEN, self.policy.min_confidence))


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What surrounds the variants, as far as prices follow it.

    `weekly_units` sell at the price now (NaN: not known). `extra_cost` is what a sale costs beside
    its unit cost: scarce stock (`is_scarce`), and what it takes from substitutes. `cleared_minor`
    are today's prices of what must be gone by a day (0: nothing must).
    """

    weekly_units: FloatArray
    extra_cost: FloatArray
    is_scarce: BoolArray
    cleared_minor: IntArray

    def name(self, at: int) -> tuple[str, ...]:
        """Return the codes of what staff should know of the variant at a position."""
        codes = {"scarce_stock": self.is_scarce[at], "clearing": self.cleared_minor[at] > 0}
        return tuple(code for code, holds in codes.items() if holds)


@dataclass(frozen=True, slots=True)
class Proposed:
    """Public prices asked for, before the gate, and everything that led to them.

    `asked_minor` is what the gate is asked for; `is_withheld` says that the model's choice waits
    for staff instead. `cause` says who asks: the model, the merchant's own price (anchor), staff,
    chance, an arm.
    """

    limits: Limits
    terms: DemandTerms
    segments: Segments
    choice: Choice
    asked_minor: IntArray
    is_withheld: BoolArray
    cause: NDArray[np.str_]
    policy: Policy
    around: Circumstances


@dataclass(frozen=True, slots=True)
class Decision:
    """What a draft decided: the terms at the new public prices (`before`: at those that hold), what
    was asked and why, and what gate and screen did.

    `depth` says where each elasticity comes from, `is_causal` whether chance backs it. `moves` are
    the model's moves, `breaches` the rules of the screen that they break, quiet ones included.
    """

    before: VariantTerms
    terms: VariantTerms
    depth: IntArray
    is_causal: BoolArray
    bounds: PublicBounds
    proposed: Proposed
    arms: Arms
    shocks: PriceTests
    actions: IntArray
    moves: BoolArray
    breaches: tuple[Breach, ...]
