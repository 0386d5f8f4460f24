"""Scores of recommendation: their features for known and new products, and the ranking by them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.recommend.core.products import (
    DAY,
    HOURS,
    IntArray,
    Purchases,
    SimilarityModel,
    VariantFeatures,
    hour_of,
)
from profiles.values import Recommendation

FloatArray = NDArray[np.float64]

KNOWN = (
    "bought",
    "times",
    "once",
    "days_30",
    "days_90",
    "days_365",
    "baskets",
    "baskets_ago",
    "days_ago",
    "overdue",
    "lateness",
    "usual_gap",
    "in_last",
    "repeats",
    "gap",
    "share_of_kind",
    "kind",
    "kind_goods",
    "kind_ago",
    "own_hour",
    "week",
    "month",
    "together",
)
NEW = (
    "together",
    "together_late",
    "seen",
    "week",
    "share",
    "repeats",
    "gap",
    "hour",
    "kind",
    "kind_goods",
    "kind_ago",
)
# What is bought at other hours than now counts less: a kernel of two hours.
OWN_HOUR_WIDTH, LEAST_DAYS, NEVER_DAYS, MOST_LATE = 2.0, 0.3, 400.0, 4.0
BASKET_FADE = 0.985
LONG_DAYS, SHORT_DAYS = 180.0, 60.0


@dataclass(frozen=True, slots=True)
class Rows:
    """What of m products in c categories is one shopper's own, at one moment.

    `known` (k,) are the places of products bought before, `known_features` (k, len(KNOWN)); `fixed`
    are the features of new products that all shoppers share at this hour, (m,) each; `together`,
    `together_late` and `seen` (m,) and `kinds` (c,) those that are the shopper's own.
    """

    known: IntArray
    known_features: FloatArray
    category: IntArray
    fixed: Mapping[str, FloatArray]
    own: Mapping[str, FloatArray]
    kinds: Mapping[str, FloatArray]

    def list_new(self, place: IntArray) -> FloatArray:
        """Return the features of products as new ones, (n, len(NEW))."""
        columns = {name: column[place] for name, column in (*self.fixed.items(), *self.own.items())}
        kind = self.category[place]
        columns |= {name: column[kind] for name, column in self.kinds.items()}
        return np.column_stack([columns[name] for name in NEW])

    def score_new(self, weights: FloatArray) -> FloatArray:
        """Return `list_new(all products) @ weights`, (m,), without writing all features down."""
        weight = dict(zip(NEW, weights.tolist(), strict=True))
        score = np.zeros(len(self.category))
        for name, column in (*self.fixed.items(), *self.own.items()):
            score += weight[name] * column
        by_kind = sum(weight[name] * column for name, column in self.kinds.items())
        return np.asarray(score + np.asarray(by_kind)[self.category])


@dataclass(frozen=True, slots=True)
class _Past:
    """Lines of one shopper: which known good (n,), how many days ago, in how many baskets before
    the next one; `known` (k,) are the goods' places."""

    known: IntArray
    line: IntArray
    days: FloatArray
    baskets: IntArray
    hour_weight: FloatArray

    def fade(self, half_life: float) -> FloatArray:
        """Return each good's purchases faded by time, (k,)."""
        return self.sum(0.5 ** (self.days / half_life))

    def sum(self, weight: FloatArray) -> FloatArray:
        """Return sums of a weight of lines by good, (k,)."""
        return np.bincount(self.line, weight, minlength=len(self.known))

    def least(self, values: FloatArray | IntArray) -> FloatArray:
        """Return the least of a value of lines by good, (k,)."""
        found = np.full(len(self.known), np.inf)
        np.minimum.at(found, self.line, values)
        return found


def build_rows(
    goods: VariantFeatures,
    similar: SimilarityModel,
    bought: Purchases,
    now: float,
    seen: Mapping[int, float],
) -> Rows:
    """Return the features of all products for a shopper who bought the lines `bought`.

    `seen` is the interest by variant id beyond purchases (views, carts), in purchases of 90 days.
    """
    place = goods.find(bought.variant)
    past = _read_past(place[place >= 0], bought.at[place >= 0], now)
    looked = np.zeros(len(goods.variant_id))
    if seen:
        spot = goods.find(np.fromiter(seen, np.int64, len(seen)))
        looked[spot[spot >= 0]] = np.fromiter(seen.values(), float, len(seen))[spot >= 0]
    ids = goods.variant_id[past.known]
    own = {
        "together": _suggest(goods, similar, ids, np.log1p(past.fade(LONG_DAYS)), looked),
        "together_late": _suggest(goods, similar, ids, np.log1p(past.fade(SHORT_DAYS)), looked),
        "seen": np.log1p(looked),
    }
    kinds = _read_kinds(goods, past)
    hour = int(hour_of(np.array([now]))[0])
    fixed = {
        "week": goods.week,
        "share": goods.share,
        "repeats": goods.repeats,
        "gap": goods.gap,
        "hour": goods.hours[hour].astype(float),
    }
    known = past.known
    kind = goods.category[known]
    features = {name: column[known] for name, column in fixed.items()}
    features |= {name: column[kind] for name, column in kinds.items()}
    features |= {"month": goods.month[known], "together": own["together_late"][known]}
    features |= _read_repeats(past, features["gap"], np.expm1(features["kind"]))
    table = np.column_stack([features[name] for name in KNOWN])
    return Rows(known, table, goods.category, fixed, own, kinds)


def _read_past(place: IntArray, at: FloatArray, now: float) -> _Past:
    known, line = np.unique(place, return_inverse=True)
    times, basket = np.unique(at, return_inverse=True)
    apart = np.abs(at % DAY - now % DAY) / 3_600
    apart = np.minimum(apart, HOURS - apart)
    return _Past(
        known=known,
        line=line,
        days=np.maximum(now - at, 0.0) / DAY,
        baskets=len(times) - basket,
        hour_weight=np.exp(-0.5 * (apart / OWN_HOUR_WIDTH) ** 2),
    )


def _read_repeats(past: _Past, gap: FloatArray, kind: FloatArray) -> dict[str, FloatArray]:
    """Return the features of products the shopper bought: how often, how lately, how regularly."""
    times = past.sum(np.ones(len(past.line)))
    last, first = past.least(past.days), -past.least(-past.days)
    # One gap as of all shoppers stands beside the shopper's own.
    own_gap = np.log(np.maximum((first - last) / np.maximum(times - 1, 1), 0.5))
    usual = (own_gap * (times - 1) + gap) / times
    ago = np.maximum(last, LEAST_DAYS)
    lateness = np.log(ago) - usual
    faded = past.fade(90.0)
    baskets_ago = past.least(past.baskets)
    half_year = 0.5 ** (past.days / 180.0)
    now_part = float((half_year * past.hour_weight).sum() / max(half_year.sum(), 1e-9))
    at_hour = past.sum(half_year * past.hour_weight) + 0.3 * now_part
    own_hour = np.log(at_hour / (past.sum(half_year) + 0.3) + 1e-9) - np.log(now_part + 1e-6)
    return {
        "bought": np.ones(len(times)),
        "times": np.log(times),
        "once": (times == 1).astype(float),
        "days_30": np.log(past.fade(30.0) + 0.01),
        "days_90": np.log(faded + 0.01),
        "days_365": np.log(past.fade(365.0) + 0.01),
        "baskets": np.log(past.sum(np.power(BASKET_FADE, past.baskets.astype(np.float64)))),
        "baskets_ago": np.log(baskets_ago),
        "days_ago": np.log(ago),
        "overdue": lateness,
        "lateness": np.minimum(np.exp(np.minimum(lateness, 9.0)), MOST_LATE),
        "usual_gap": usual,
        "in_last": (baskets_ago == 1).astype(float),
        "share_of_kind": np.log(faded + 0.1) - np.log(kind + 0.3),
        "own_hour": np.clip(own_hour, -5.0, 5.0),
    }


def _read_kinds(goods: VariantFeatures, past: _Past) -> dict[str, FloatArray]:
    """Return by category, as logs, faded purchases, distinct products, days since the last."""
    size = int(goods.category.max(initial=0)) + 1
    of_known = goods.category[past.known]
    ago = np.full(size, NEVER_DAYS)
    np.minimum.at(ago, of_known[past.line], past.days)
    return {
        "kind": np.log1p(np.bincount(of_known, past.fade(90.0), minlength=size)),
        "kind_goods": np.log1p(np.bincount(of_known, minlength=size)),
        "kind_ago": np.log(np.maximum(ago, LEAST_DAYS)),
    }


def _suggest(
    goods: VariantFeatures,
    similar: SimilarityModel,
    ids: IntArray,
    strength: FloatArray,
    looked: FloatArray,
) -> FloatArray:
    """Return the scores (m,) of what is bought by the same shoppers as what was bought or seen."""
    eyed = np.flatnonzero(looked)
    wanted = np.concatenate([ids, goods.variant_id[eyed]])
    return similar.suggest_among(
        goods.variant_id, wanted, np.concatenate([strength, np.log1p(looked[eyed])])
    )


# The score is the log of how likely a good is in the shopper's next basket, up to a constant that
# all products of a shopper share: a multinomial logit of what `recommend_features` says of each
# good, with one set of weights for products bought before and one for new ones. Among products that
# are almost equally likely, price and margin decide (`appeal`): who goes past another is at least 1
# / (1 + BOUND) as likely. What is sold out or may not be shown takes no part.

BOUND = 0.10
# From how much on a part of the score is named as its reason: it makes the good 10 % more likely.
NAMED = float(np.log(1.1))
REASONS = ("popular", "goes_with", "kind", "seen")


@dataclass(frozen=True, slots=True)
class Weights:
    """What a unit of each feature adds to the score: `known` (len(KNOWN),), `new` (len(NEW),)."""

    known: FloatArray
    new: FloatArray


@dataclass(frozen=True, slots=True)
class Recommender:
    """What recommending needs to know of products: how they sell, what goes together, weights."""

    goods: VariantFeatures
    similar: SimilarityModel
    weights: Weights

    def score(self, bought: Purchases, now: float, seen: Mapping[int, float]) -> Scores:
        """Return the score of every good for the shopper of the lines `bought`; `seen` is interest
        beyond purchases by variant id."""
        rows = build_rows(self.goods, self.similar, bought, now, seen)
        score = rows.score_new(self.weights.new)
        score[rows.known] = rows.known_features @ self.weights.known
        return Scores(self.goods.variant_id, score, rows, self.weights)


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores (m,) of products `variant_id` (m,) for one shopper, and what they were made of."""

    variant_id: IntArray
    score: FloatArray
    rows: Rows
    weights: Weights

    def rank(
        self,
        limit: int,
        *,
        allowed: NDArray[np.bool_] | None = None,
        appeal: FloatArray | None = None,
        novelty: float = 1.0,
    ) -> list[Recommendation]:
        """Return the best `limit` products among `allowed` (m,), best first.

        `appeal` (m,), in [0, 1], makes a good count as up to 1 + BOUND times as likely. `novelty`
        multiplies how likely new products count: 0 leaves them out.
        """
        value = self.score.copy()
        is_new = np.ones(len(value), dtype=bool)
        is_new[self.rows.known] = False
        with np.errstate(divide="ignore"):
            value[is_new] += np.log(novelty)
        if appeal is not None:
            value += np.log1p(BOUND * appeal)
        usable = np.flatnonzero(
            np.isfinite(value) if allowed is None else allowed & (value > -np.inf)
        )
        # Nine digits count: the last bits of a sum depend on the order in which it was added up.
        rounded = np.round(value[usable], 9)
        if limit < len(usable):
            edge = np.partition(rounded, len(rounded) - limit)[len(rounded) - limit]
            usable, rounded = usable[rounded >= edge], rounded[rounded >= edge]
        best = usable[np.lexsort((self.variant_id[usable], -rounded))][:limit]
        reasons = self._reasons(best, is_new[best])
        return [
            Recommendation(variant_id=pk, score=chance, reason=reason)
            for pk, chance, reason in zip(
                self.variant_id[best].tolist(),
                np.exp(value[best] - value[best[:1]]).tolist(),
                reasons,
                strict=True,
            )
        ]

    def _reasons(self, place: IntArray, is_new: NDArray[np.bool_]) -> list[str]:
        """Return the reason of each product's place: the largest part of its own score."""
        parts = self.rows.list_new(place) * self.weights.new

        def of(*names: str) -> FloatArray:
            return np.asarray(parts[:, [NEW.index(name) for name in names]].sum(axis=1))

        never = self.weights.new[NEW.index("kind_ago")] * np.log(NEVER_DAYS)
        own = np.column_stack(
            [
                np.full(len(place), NAMED),
                of("together", "together_late"),
                of("kind", "kind_goods", "kind_ago") - never,
                of("seen"),
            ]
        )
        named = [REASONS[at] for at in own.argmax(axis=1)]
        return [one if new else "familiar" for one, new in zip(named, is_new, strict=True)]


def weigh_appeal(
    list_minor: IntArray, cost_minor: IntArray, price_rank: FloatArray, level: float
) -> FloatArray:
    """Return what price and margin say for products (m,), in [0, 1].

    Half of it is the margin at list price (0 where the cost is unknown), half how near the price
    stands to where the shopper usually buys in a category (`level`; `price_rank` (m,), 0 cheapest).

    >>> weigh_appeal(np.array([200, 200]), np.array([100, -1]), np.array([.5, 1.]), .5).tolist()
    [0.75, 0.25]
    """
    margin = np.where(cost_minor < 0, 0.0, 1.0 - cost_minor / np.maximum(list_minor, 1))
    fit = 1.0 - np.abs(price_rank - level)
    return np.asarray(0.5 * np.clip(margin, 0.0, 1.0) + 0.5 * np.clip(fit, 0.0, 1.0))


def fill_up(
    ranked: Sequence[Recommendation], popular: Sequence[int], limit: int
) -> list[Recommendation]:
    """Return `ranked`, filled up to `limit` with popular products that are not there yet.

    >>> [one.variant_id for one in fill_up([Recommendation(1, 1.0, "familiar")], [1, 2, 3], 2)]
    [1, 2]
    """
    taken = {one.variant_id for one in ranked}
    last = ranked[-1].score if ranked else 1.0
    rest = [pk for pk in popular if pk not in taken][: max(limit - len(ranked), 0)]
    return [
        *ranked[:limit],
        *(
            Recommendation(variant_id=pk, score=last / (at + 2), reason="popular")
            for at, pk in enumerate(rest)
        ),
    ]
