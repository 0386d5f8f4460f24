"""Weekly demand model that takes its elasticities from the choice model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import ChoiceFit, ServedChoice, Usual
from pricing.demand.core.served import ServedDemand, find_sorted
from pricing.learning.core.minutes import (
    Alarms,
    find_moved_products,
    learn_minute,
    list_beside,
    place_in_fit,
)
from pricing.learning.core.shown import take_rows
from pricing.learning.core.since import Since
from shop.ground.kernel.clock import epoch_ms


@dataclass(frozen=True, slots=True)
class TaughtDemand(ServedDemand):
    """What prices are made of once enough was shown: forecasts are the model's, of products that it
    does not know those of `choice`; elasticities, weights of signals and what siblings lose are
    those of `choice`, which knows what was shown until `until_ms`."""

    choice: ServedChoice
    until_ms: int

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth of each variant's elasticity, see `ServedDemand`; the depth is
        that of the model's own forecast."""
        _, _, depth = ServedDemand.elasticities(self, variant_id, family_id)
        mean, sd, _ = self.choice.elasticities(variant_id, family_id)
        return mean, sd, depth

    def expect_weekly(
        self, variant_id: IntArray, price_minor: IntArray, elasticity: FloatArray
    ) -> FloatArray:
        """Return expected units a week, (m,), see `ServedDemand`: sales are few at first, and
        impressions tell of products that have none."""
        known = ServedDemand.expect_weekly(self, variant_id, price_minor, elasticity)
        looked = self.choice.expect_weekly(variant_id, price_minor, elasticity)
        return np.where(np.isfinite(known), known, looked)

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,): the model's or the choice
        model's."""
        backed: BoolArray = ServedDemand.backed_by_chance(self, variant_id, family_id)
        return backed | self.choice.backed_by_chance(variant_id, family_id)

    @property
    def asks_certainty(self) -> bool:
        """Whether a change of price needs more than an even chance: not where looks teach."""
        return False

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,): the word of
        sets of products seen together."""
        return self.choice.siblings_lose(family_id)


def teach(served: ServedDemand, choice: ServedChoice, *, until_ms: int) -> TaughtDemand:
    """Return `served` with what impressions until a moment taught.

    >>> from pricing.demand.core.choice.serve import example_choice
    >>> from pricing.demand.core.served import example_served
    >>> taught = teach(example_served(), example_choice(), until_ms=5)
    >>> one = np.array([7]), np.array([1])
    >>> taught.elasticities(*one)[0].tolist(), taught.siblings_lose(one[1]).tolist()
    ([2.0], [0.25])
    """
    known = {field.name: getattr(served, field.name) for field in fields(ServedDemand)}
    known |= {"weights": choice.weights}
    return TaughtDemand(**known, choice=choice, until_ms=until_ms)


def find_learned(trained_ms: int, served: ServedDemand) -> int:
    """Return when demand was learned last: with the model of weekly sales, or by the night that
    taught it since.

    >>> from pricing.demand.core.choice.serve import example_choice
    >>> from pricing.demand.core.served import example_served
    >>> taught = teach(example_served(), example_choice(), until_ms=5)
    >>> find_learned(3, taught), find_learned(7, taught), find_learned(3, example_served())
    (5, 7, 3)
    """
    return max(trained_ms, served.until_ms) if isinstance(served, TaughtDemand) else trained_ms


_VIEW = ("fit", "variant_id", "elasticity", "elasticity_sd")
_OPENED = "opened"


@dataclass(frozen=True, slots=True, eq=False)
class StoredNight:
    """A night as it was stored: its id, until when it knows, the fit, what was usual after it, the
    anchors (minor units, by variant) that it reckons from, and the arrays that prices are made
    of."""

    pk: int
    watermark: datetime
    fit: ChoiceFit
    usual: Usual
    anchors: Mapping[int, int]
    served: ServedChoice


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Elasticities that are no longer those of the night, of k products: of which `fit`, which
    variant, mean and sd; arrays (k,)."""

    fit: IntArray
    variant_id: IntArray
    elasticity: FloatArray
    elasticity_sd: FloatArray

    @staticmethod
    def nothing() -> View:
        """Return that all are those of the night."""
        ids, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        return View(ids, ids, none, none)

    @staticmethod
    def of(fit: int, night: ServedChoice, now: ServedChoice) -> View:
        """Return where the arrays of a night `fit` are other ones now."""
        mean, sd = now.elasticity, now.elasticity_sd
        differs = np.flatnonzero((mean != night.elasticity) | (sd != night.elasticity_sd))
        ids = np.full(len(differs), fit, dtype=np.int64)
        return View(ids, now.variant_id[differs], mean[differs], sd[differs])

    def without(self, fit: int, variant_id: IntArray) -> View:
        """Return the rows of a night `fit` that are about other products than `variant_id` (k,)."""
        kept = (self.fit == fit) & ~np.isin(self.variant_id, variant_id)
        return View(*(getattr(self, name)[kept] for name in _VIEW))

    def join(self, other: View) -> View:
        """Return both."""
        pairs = ((getattr(self, name), getattr(other, name)) for name in _VIEW)
        return View(*(np.concatenate(pair) for pair in pairs))

    def lay(self, fit: int, night: ServedChoice) -> ServedChoice:
        """Return the arrays of a night `fit` as they are now.

        >>> from pricing.demand.core.choice.serve import example_choice
        >>> night = example_choice()
        >>> view = View(np.array([3]), np.array([7]), np.array([2.5]), np.array([0.2]))
        >>> view.lay(3, night).elasticity.tolist(), view.lay(4, night) is night
        ([2.5], True)
        """
        own = np.flatnonzero(self.fit == fit)
        at, is_known = find_sorted(night.variant_id, self.variant_id[own])
        own, at = own[is_known], at[is_known]
        if not len(own):
            return night
        mean, sd = night.elasticity.copy(), night.elasticity_sd.copy()
        mean[at], sd[at] = self.elasticity[own], self.elasticity_sd[own]
        return replace(night, elasticity=mean, elasticity_sd=sd)

    def arrays(self, name: str) -> dict[str, NDArray[Any]]:
        """Return everything as arrays that begin with a name; `from_arrays` reads them back."""
        return {f"{name}_{one}": getattr(self, one) for one in _VIEW}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]], name: str) -> View:
        """Return what `arrays` was made from."""
        return View(*(arrays[f"{name}_{one}"] for one in _VIEW))


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """What prices are made of (`view`), what the publisher was told last (`sent`), the products of
    which something was open then, and those that `moved` since it was told."""

    view: View
    sent: View
    opened: IntArray
    moved: IntArray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    @staticmethod
    def nothing() -> Views:
        """Return that all are those of the night."""
        return Views(View.nothing(), View.nothing(), np.zeros(0, dtype=np.int64))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything but what moved as named arrays; `from_arrays` reads them back."""
        return self.view.arrays("view") | self.sent.arrays("sent") | {_OPENED: self.opened}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Views:
        """Return what `arrays` was made from.

        >>> Views.from_arrays(Views.nothing().arrays()).opened.tolist()
        []
        """
        view, sent = (View.from_arrays(arrays, name) for name in ("view", "sent"))
        return Views(view, sent, arrays[_OPENED])


def renew_views(
    before: Views,
    nights: Sequence[StoredNight],
    since: Since,
    alarms: Alarms,
    *,
    stale: IntArray | None,
    opened: IntArray,
) -> Views:
    """Return what prices are made of with all that was shown `since`, and what of that the
    publisher, who is told of the first night's model, does not know yet.

    Only products that are solved together with `stale` ones (k,) are looked at, all if that is
    None.
    """
    view = View.nothing()
    for night in nights:
        view = view.join(_look_at(before.view, night, since, alarms, stale))
    if not nights:
        return Views(view, View.nothing(), opened)
    night = nights[0]
    now, was = (one.lay(night.pk, night.served) for one in (view, before.sent))
    pairs = ((one.elasticity, one.elasticity_sd) for one in (now, was))
    moved = find_moved_products(*pairs)
    told = replace(
        was,
        elasticity=np.where(moved, now.elasticity, was.elasticity),
        elasticity_sd=np.where(moved, now.elasticity_sd, was.elasticity_sd),
    )
    return Views(view, View.of(night.pk, night.served, told), opened, now.variant_id[moved])


def _look_at(
    before: View, night: StoredNight, since: Since, alarms: Alarms, stale: IntArray | None
) -> View:
    seen, kept = since.after(epoch_ms(night.watermark), night.anchors), View.nothing()
    if stale is not None:
        beside = list_beside(night.fit, stale)
        kept = before.without(night.pk, beside)
        seen = take_rows(seen, np.isin(seen.item, beside))
    placed = place_in_fit(night.fit, seen, night.usual)
    now = learn_minute(night.fit, night.served, placed, alarms)
    return kept.join(View.of(night.pk, night.served, now))
