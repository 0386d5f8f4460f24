"""What the shop knows of the visitors of a simulated market: the signals that its prices may use.

A simulated market has no browsing. It tells either a segment or some features of each visitor, so
that a visitor here is a consenting shopper who did what members of the segment did on average, or
what the features say.
"""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.batch import SegmentMeans
from pricing.core.learning import Context
from pricing.core.mix import segment_mix
from pricing.core.optimum import Segments, one_segment
from pricing.core.optimum.joint import mix_segments
from pricing.core.signals import (
    ShopperSignals,
    SignalWeights,
    sensitivity_boost,
    sum_families,
)
from profiles.core.features import LONG_HALF_LIFE, SHORT_HALF_LIFE

SEGMENT, VISITS, DEALS = "segment", "visits_30d", "deal_share"
# A member of a segment comes so often in a month: what the market with features says on average.
MONTHLY_VISITS = 3.0
MONTH = 30.0
DAY = 86_400.0
# Interest counts a view 1 and a purchase 3, as docs/pricing.md says.
BOUGHT = 3.0
SHORT, LONG = SHORT_HALF_LIFE / DAY, LONG_HALF_LIFE / DAY


def steady_sum(half_life: float, window: float = np.inf) -> float:
    """Return the decayed sum of one event a day, over the last `window` days (all of them).

    >>> round(steady_sum(14.0), 1), round(steady_sum(14.0, 30.0), 1)
    (20.2, 15.6)
    """
    return float(half_life / np.log(2.0) * (1.0 - 0.5 ** (window / half_life)))


class Visitors:
    """Decayed sums of what members of each segment did, and the signals of those who come now.

    `family` is the one category above all goods, `category_id` (m,) says what is shown together.
    """

    def __init__(self, category_id: IntArray, family_id: int) -> None:
        self._category = category_id
        self._kinds = np.unique(category_id)
        self.family_of = dict.fromkeys(self._kinds.tolist(), family_id)
        self._short: dict[str, float] = {}
        self._long: dict[str, FloatArray] = {}
        self._deals: dict[str, float] = {}
        self._days = 0.0
        self._visits: dict[str, float] = {}
        self._seen, self._bought = 0.0, 0.0
        # Where no segment is told: visits in a month -> people of late, sum of their deal shares.
        self._habits: dict[float, FloatArray] = {}

    def remember(
        self, context: Context, chosen: IntArray, is_deal: FloatArray, days: float
    ) -> None:
        """Take in what happened in the last `days`: who looked at what and bought what; `is_deal`
        (n,) is 1 for a purchase below the list price."""
        self._fade(days)
        self._days += days
        self._seen += float(context.shoppers)
        self._bought += float(np.count_nonzero(chosen >= 0))
        if SEGMENT not in context.features:
            self._remember_habits(context)
            return
        kind = np.searchsorted(self._kinds, self._category)
        looked = _tabulate(context.is_offered().astype(np.float64), kind, len(self._kinds)) > 0
        interest = looked.astype(np.float64)
        buyers = np.flatnonzero(chosen >= 0)
        np.add.at(interest, (buyers, kind[chosen[buyers]]), BOUGHT)
        segments = context.features[SEGMENT]
        for name in np.unique(segments).tolist():
            here = segments == name
            self._visits[name] = self._visits.get(name, 0.0) + float(here.sum())
            self._short[name] = self._short.get(name, 0.0) + float(here.sum())
            self._long[name] = self._long.get(name, 0.0) + interest[here].sum(axis=0)
            self._deals[name] = self._deals.get(name, 0.0) + float(is_deal[here].sum())

    def _remember_habits(self, context: Context) -> None:
        if VISITS not in context.features:
            return
        visits = np.asarray(context.features[VISITS], dtype=np.float64)
        deals = np.asarray(context.features.get(DEALS, np.zeros(context.shoppers)))
        for habit in np.unique(visits).tolist():
            here = visits == habit
            before = self._habits.get(habit, np.zeros(2))
            self._habits[habit] = before + np.array([here.sum(), deals[here].sum()])

    def _fade(self, days: float) -> None:
        for sums, half_life in ((self._short, SHORT), (self._deals, LONG)):
            for name in sums:
                sums[name] *= 0.5 ** (days / half_life)
        for habit in self._habits:
            self._habits[habit] = self._habits[habit] * 0.5 ** (days / SHORT)
        for name in self._long:
            self._long[name] = self._long[name] * 0.5 ** (days / LONG)

    def means(self) -> SegmentMeans:
        """Return the segments as a price book keeps them: sums over members, and their number."""
        means = SegmentMeans()
        for name, visits in self._short.items():
            daily = self._visits[name] / max(self._days, 1.0)
            means.counts[name] = max(1, round(daily * MONTH / MONTHLY_VISITS))
            means.general[name] = np.array([visits, self._deals[name], 0.0])
            interest = self._long[name].tolist()
            means.interest[name] = dict(zip(self._kinds.tolist(), interest, strict=True))
        return means

    def mix(self, weights: SignalWeights, holdout_share: float) -> Segments:
        """Return the segments as the optimum of public prices sees them: where none is told, those
        who come equally often are one."""
        if self._habits:
            return self._mix_habits(weights, holdout_share)
        if not self._short:
            return one_segment(len(self._category))
        category = self._category
        return segment_mix(
            self.means(), category, self.family_of, weights, holdout_share=holdout_share
        )

    def _mix_habits(self, weights: SignalWeights, holdout_share: float) -> Segments:
        visits = np.array(sorted(self._habits), dtype=np.float64)
        people, deals = np.stack([self._habits[one] for one in visits.tolist()], axis=1)
        boost = sensitivity_boost(self._of_features(visits, deals / people), weights)[0]
        outside = people.sum() * holdout_share / max(1.0 - holdout_share, 1e-9)
        sizes, boosts = np.append(outside, people), np.append(0.0, boost)
        return mix_segments(sizes, np.tile(boosts[:, None], (1, len(self._category))))

    def signals(self, context: Context, shopper: IntArray, item: IntArray) -> ShopperSignals:
        """Return the signals of pairs of a shopper and an item they see, each (1, P)."""
        if SEGMENT in context.features:
            return self._of_segments(context.features[SEGMENT][shopper], self._category[item])
        if VISITS in context.features:
            deals = context.features.get(DEALS, np.zeros(context.shoppers))
            return self._of_features(context.features[VISITS][shopper], deals[shopper])
        none = np.zeros((1, len(item)))
        return ShopperSignals(none, none, none, none, none, none)

    def _of_segments(self, segment: np.ndarray, category: IntArray) -> ShopperSignals:
        means, count = self.means(), len(category)
        rows = {name: np.zeros(count) for name in ("activity", "deals", "category", "family")}
        for name in np.unique(segment).tolist():
            members = means.counts.get(name)
            here = np.flatnonzero(segment == name)
            if members is None:
                continue
            own = {one: value / members for one, value in means.interest[name].items()}
            above = sum_families(own, self.family_of)
            rows["activity"][here] = means.general[name][0] / members
            rows["deals"][here] = means.general[name][1] / members
            rows["category"][here] = [own[one] for one in category[here].tolist()]
            rows["family"][here] = [above[self.family_of[one]] for one in category[here].tolist()]
        none = np.zeros((1, count))
        named = {name: row[None, :] for name, row in rows.items()}
        return ShopperSignals(offers=none, variant=none, **named)

    def _of_features(self, visits: FloatArray, deal_share: FloatArray) -> ShopperSignals:
        """Visits of 30 days as a steady habit; what is looked at now is one view of its kind."""
        daily = np.asarray(visits, dtype=np.float64)[None, :] / MONTH
        bought = daily * self._bought / max(self._seen, 1.0)
        one = np.ones_like(daily)
        return ShopperSignals(
            activity=daily * steady_sum(SHORT, MONTH),
            deals=bought * np.asarray(deal_share, dtype=np.float64) * steady_sum(LONG),
            offers=np.zeros_like(daily),
            category=one,
            family=one + (daily + BOUGHT * bought) * steady_sum(LONG),
            variant=one,
        )


def _tabulate(values: FloatArray, group: IntArray, count: int) -> FloatArray:
    """Return sums of columns (n, m) by group (m,), shape (n, count)."""
    sums = np.zeros((len(values), count))
    np.add.at(sums.T, group, values.T)
    return sums


def group_shown_together(offered: BoolArray) -> IntArray:
    """Return a number for each item, (m,), the same for those shown together.

    >>> group_shown_together(np.array([[True, True, False], [False, False, True]])).tolist()
    [0, 0, 2]
    """
    seen = offered.astype(np.float64)
    together: BoolArray = (seen.T @ seen > 0.0) | np.eye(offered.shape[1], dtype=np.bool_)
    for _ in range(offered.shape[1]):
        wider: BoolArray = together.astype(np.float64) @ together > 0.0
        if np.array_equal(wider, together):
            break
        together = wider
    first: IntArray = together.argmax(axis=1)
    return first
