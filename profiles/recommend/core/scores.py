"""Ranking of all products for a shopper by one score.

The score is the log of how likely a good is in the shopper's next basket, up to a constant that all
goods of a shopper share: a multinomial logit of what `recommend_features` says of each good, with
one set of weights for goods bought before and one for new ones. Among goods that are almost equally
likely, price and margin decide (`appeal`): who goes past another is at least 1 / (1 + BOUND) as
likely. What is sold out or may not be shown takes no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.recommend.core.products import IntArray, Purchases, VariantFeatures
from profiles.recommend.core.score_features import NEVER_DAYS, NEW, Rows, build_rows
from profiles.recommend.core.similarity import SimilarityModel
from profiles.values import Recommendation

FloatArray = NDArray[np.float64]

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
    """What recommending needs to know of goods: how they sell, what goes together, weights."""

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
    """The scores (m,) of goods `variant_id` (m,) for one shopper, and what they were made of."""

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
        """Return the best `limit` goods among `allowed` (m,), best first.

        `appeal` (m,), in [0, 1], makes a good count as up to 1 + BOUND times as likely. `novelty`
        multiplies how likely new goods count: 0 leaves them out.
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
        """Return why goods stand where they do: what of the score is the shopper's own and most."""
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
    """Return what price and margin say for goods (m,), in [0, 1].

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
    """Return `ranked`, filled up to `limit` with popular goods that are not there yet.

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
