"""Deterministic assignment of arms: the same on every page, device and day.

A namespace (layer) is a row of SLOTS slots. A unit (a shopper's pseudonym) stands on one slot of
each namespace, by lot; an experiment owns a range of slots, so two experiments of one namespace
never meet in a shopper, and experiments of different namespaces are independent of each other.

The arm is a second lot, salted by the experiment, whose chances are the shares. Who saw an arm
keeps it: if shares move later, `assign` is given what was kept and does not look at shares.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isclose
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from profiles.experiments.core.metrics import CellColumn
from profiles.experiments.core.sequences import MISMATCH, check_balance
from profiles.experiments.core.switchback import BoolArray, CellReading, read_cells
from profiles.lots import Purpose, draw_lot, draw_slot, is_in_share
from shop.ground.kernel.translation import gettext_noop

SLOTS = 1_000
GLOBAL_HOLDOUT = "experiments"

Why = Literal[
    "assigned", "kept", "no_consent", "global_holdout", "holdout", "outside", "not_targeted"
]


class BadDesign(ValueError):
    """A design that could not be run or read; the text says what is wrong."""


@dataclass(frozen=True, slots=True)
class ArmPlan:
    """One arm: its share of the experiment's units, what rooms read of it and what staff call it.

    `price_factor` is what the arm makes of the public price: 1 or less, never more.
    """

    code: str
    share: float
    is_control: bool = False
    price_factor: float = 1.0
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    name_zh: str = ""


@dataclass(frozen=True, slots=True)
class Targeting:
    """Whom an experiment is for. What is empty asks nothing; of what is listed one must fit.

    Only what is known before the first exposure and does not follow from the treatment may be
    asked; it is judged once: whoever saw an arm stays in it.
    """

    markets: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()
    members: bool | None = None

    def fits(self, unit: UnitFacts) -> bool:
        """Return whether a unit is meant.

        >>> Targeting(markets=frozenset({"us"})).fits(UnitFacts("alice", market_code="us"))
        True
        >>> Targeting(members=True).fits(UnitFacts("alice"))
        False
        """
        return (
            (not self.markets or unit.market_code in self.markets)
            and (not self.channels or unit.channel in self.channels)
            and (not self.segments or not self.segments.isdisjoint({unit.segment, *unit.tags}))
            and (not self.tags or bool(self.tags & unit.tags))
            and (self.members is None or unit.is_member is self.members)
        )


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """Who asks: the pseudonym that is hashed, and what targeting may ask.

    `is_willing` says whether the purpose of the experiment was agreed to; who is not gets the plain
    arm and is not measured.
    """

    unit: str
    is_willing: bool = True
    market_code: str = ""
    channel: str = "online"
    segment: str | None = None
    tags: frozenset[str] = frozenset()
    is_member: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentPlan:
    """What assignment knows of a running experiment. Slots are `[first_slot, end_slot)`.

    `revision` counts changes of the shares; 1 means they never moved, so the hash alone decides.
    """

    code: str
    salt: str
    arms: tuple[ArmPlan, ...]
    namespace: str
    namespace_salt: str
    first_slot: int = 0
    end_slot: int = SLOTS
    holdout_share: float = 0.0
    global_holdout_share: float = 0.0
    targeting: Targeting = Targeting()
    revision: int = 1

    @property
    def control(self) -> ArmPlan:
        """The plain arm: what everybody gets who takes no part."""
        return next(arm for arm in self.arms if arm.is_control)


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm of a unit. Only a measured one is ever logged as an exposure.

    `propensity` is the chance with which a measured unit got its arm.
    """

    experiment: str
    arm: ArmPlan
    is_measured: bool
    why: Why
    propensity: float = 1.0
    revision: int = 1


def check_arms(arms: Sequence[ArmPlan]) -> None:
    """Raise BadDesign unless there are two arms or more, one of them plain, none above the public
    price, and shares that are positive and add up to 1.

    >>> check_arms([ArmPlan("plain", 0.5, is_control=True), ArmPlan("cheaper", 0.5)])
    """
    if len(arms) < 2:
        raise BadDesign(gettext_noop("An experiment compares at least two arms."))
    if len({arm.code for arm in arms}) < len(arms):
        raise BadDesign(gettext_noop("Two arms have the same code."))
    if sum(arm.is_control for arm in arms) != 1:
        raise BadDesign(
            gettext_noop("Exactly one arm must be the control that the others are compared with.")
        )
    if any(not arm.share > 0.0 for arm in arms):
        raise BadDesign(gettext_noop("Every arm needs a share above zero."))
    if not isclose(sum(arm.share for arm in arms), 1.0, abs_tol=1e-6):
        raise BadDesign(gettext_noop("The shares of the arms must add up to 100 %."))
    if any(not 0.0 < arm.price_factor <= 1.0 for arm in arms):
        raise BadDesign(gettext_noop("No arm may stand above the public price."))
    if next(arm for arm in arms if arm.is_control).price_factor != 1.0:
        raise BadDesign(gettext_noop("The control arm shows the public price."))


def assign(plan: ExperimentPlan, unit: UnitFacts, kept: str | None = None) -> Assignment:
    """Return the arm of a unit; `kept` is the code of the arm it saw before, if it saw one.

    Who is not willing, held out, on another experiment's slots or not meant gets the plain arm and
    is not measured. Consent is asked first: a no is effective at once, whatever was kept.

    >>> plan = ExperimentPlan("picks", "s1", (ArmPlan("plain", 0.5, is_control=True),
    ...                       ArmPlan("new", 0.5)), "page", "s2")
    >>> assign(plan, UnitFacts("alice", is_willing=False)).why
    'no_consent'
    >>> assign(plan, UnitFacts("alice"), kept="new").arm.code
    'new'
    """
    why = _find_obstacle(plan, unit, kept)
    if why is not None:
        return Assignment(
            experiment=plan.code,
            arm=plan.control,
            is_measured=False,
            why=why,
            revision=plan.revision,
        )
    before = next((arm for arm in plan.arms if arm.code == kept), None)
    arm = before or _draw_arm(plan, unit.unit)
    return Assignment(
        experiment=plan.code,
        arm=arm,
        is_measured=True,
        why="assigned" if before is None else "kept",
        propensity=arm.share,
        revision=plan.revision,
    )


def _draw_arm(plan: ExperimentPlan, unit: str) -> ArmPlan:
    shares = [arm.share for arm in plan.arms]
    return plan.arms[draw_lot(shares, unit, Purpose.ARM, plan.salt).place]


def _find_obstacle(plan: ExperimentPlan, unit: UnitFacts, kept: str | None) -> Why | None:
    """Return why a unit takes no part, None if it does."""
    if not unit.is_willing:
        return "no_consent"
    if kept is not None:
        return None
    held = Purpose.EXPERIMENT_HOLDOUT
    if is_in_share(unit.unit, plan.global_holdout_share, held, GLOBAL_HOLDOUT):
        return "global_holdout"
    if is_in_share(unit.unit, plan.holdout_share, held, plan.namespace_salt):
        return "holdout"
    slot = draw_slot(unit.unit, SLOTS, Purpose.EXPERIMENT, plan.namespace_salt)
    if not plan.first_slot <= slot < plan.end_slot:
        return "outside"
    return None if plan.targeting.fits(unit) else "not_targeted"


def find_slots(taken: Sequence[tuple[int, int]], wanted: int) -> tuple[int, int]:
    """Return the first range of `wanted` free slots. Raises BadDesign if there is none.

    >>> find_slots([(0, 300), (500, 800)], 200)
    (300, 500)
    """
    if not 0 < wanted <= SLOTS:
        raise BadDesign(
            gettext_noop("An experiment needs between 0.1 % and 100 % of its namespace.")
        )
    first = 0
    for start, end in sorted(taken):
        if start - first >= wanted:
            break
        first = max(first, end)
    if SLOTS - first < wanted:
        raise BadDesign(
            gettext_noop("So much of the namespace is not free: end another experiment first.")
        )
    return first, first + wanted


def cap_price(public_minor: int, arm: ArmPlan) -> int:
    """Return the price an arm shows, in minor units: rounded down, never above the public price.

    >>> cap_price(399, ArmPlan("cheaper", 0.5, price_factor=0.95))
    379
    >>> cap_price(399, ArmPlan("dearer", 0.5, price_factor=1.2))
    399
    """
    return min(public_minor, int(public_minor * arm.price_factor + 1e-9))


# Each cluster is cheaper in one turn of every pair, so that no count of products can be out of
# balance. Three things can go wrong all the same, and each has a check:
#
# - *Coins*: which turn of a pair is the cheaper one, a fair coin for each cluster and pair. They
# are   counted once each, however many products or looks hang on them, by the test of exposures. -
# *Hours*: every counted hour of a good belongs to an arm. An hour under the other arm, or under
# none, is not what was drawn. A guardrail, staff or a switch may keep a price from its arm: told,
# and no fault, because both arms still are what chance made them. - *Looks*: a page that is kept
# too long, or a count that is lost, takes looks from one arm. They are   read as sales are, by
# clusters: a good that is looked at a lot brings a thousand looks and one   coin. Cheaper products
# may well be looked at more; so much more that no price explains it is a fault.

# More of an arm's counted hours than this, under another price than its own: a fault of serving.
MOST_ASTRAY = 0.1
# One step of a tenth is the furthest an arm goes; looks that differ by more than twice as much
# are not made by it.
MOST_LOOKS_APART = 0.2


@dataclass(frozen=True, slots=True)
class ServedHours:
    """Hours of products in the counted days of a turn under the price of an arm.

    `turn` is the turn the hours lie in, `is_drawn` whether the price is that of this very turn,
    `is_held` whether something kept the price from its arm.
    """

    cluster: int
    turn: int
    is_treated: bool
    is_drawn: bool
    is_held: bool
    hours: float


@dataclass(frozen=True, slots=True)
class ServedReading:
    """Whether the turns so far were served as drawn.

    `first_treated` of `coins` pairs were cheaper in their first turn, with the p-value `balance`
    that holds at every look. By arm, plain first: `astray` is the part of its hours that was under
    another price, or none, `held` the part that something kept from it. `looks` is how looks of the
    cheaper arm differ, at the error `MISMATCH`; None where nobody counts them.
    """

    coins: int
    first_treated: int
    balance: float
    astray: tuple[float, float]
    held: tuple[float, float]
    looks: CellReading | None

    @property
    def fault(self) -> str:
        """What went wrong: "coins", "hours", "looks", or nothing."""
        if self.balance < MISMATCH:
            return "coins"
        if max(self.astray) > MOST_ASTRAY:
            return "hours"
        found = self.looks
        if found is not None and (found.low > MOST_LOOKS_APART or found.high < -MOST_LOOKS_APART):
            return "looks"
        return ""


def check_served(
    treated: BoolArray,
    planned_hours: NDArray[np.float64],
    served: Sequence[ServedHours],
    looks: CellColumn | None,
    *,
    tuned_for: float,
) -> ServedReading:
    """Return how c clusters were served in t turns that are over.

    `treated` (c, t) is what was drawn, `planned_hours` (c, t) what the products of a cluster should
    have been shown.

    >>> from profiles.experiments.core.switchback import draw_cells
    >>> drawn = draw_cells("salt", 12, 4)
    >>> hours = [ServedHours(c, t, bool(drawn[c, t]), True, False, 24.0)
    ...          for c in range(12) for t in range(4)]
    >>> found = check_served(drawn, np.full((12, 4), 24.0), hours, None, tuned_for=24.0)
    >>> found.fault, found.astray
    ('', (0.0, 0.0))
    >>> check_served(drawn, np.full((12, 4), 24.0), hours[:40], None, tuned_for=24.0).fault
    'hours'
    """
    clusters, turns = treated.shape
    first = treated[:, 0 : turns // 2 * 2 : 2]
    kept, right = np.zeros((clusters, turns)), np.zeros((clusters, turns))
    for one in served:
        if one.is_drawn and one.is_treated == treated[one.cluster, one.turn]:
            right[one.cluster, one.turn] += one.hours
            kept[one.cluster, one.turn] += one.hours * one.is_held
    astray, held = [], []
    for arm in (~treated, treated):
        planned = float(planned_hours[arm].sum())
        right_share = float(right[arm].sum()) / planned if planned > 0.0 else 1.0
        astray.append(max(0.0, 1.0 - right_share))
        held.append(float(kept[arm].sum()) / planned if planned > 0.0 else 0.0)
    counts = [int(first.sum()), int((~first).sum())]
    read = None
    if looks is not None:
        read = read_cells(looks.turns, looks.level, treated, alpha=MISMATCH, tuned_for=tuned_for)
    return ServedReading(
        coins=first.size,
        first_treated=counts[0],
        balance=check_balance([(counts, (0.5, 0.5))]),
        astray=(astray[0], astray[1]),
        held=(held[0], held[1]),
        looks=read,
    )
