"""Products for recommendations: recent sales, repurchase rates, and which are bought together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

DAY = 86_400.0
WEEK_DAYS, MONTH_DAYS = 7, 28
HOURS = 24
# A kernel over the hours of the day: what sells at six sells at seven, too.
HOUR_WIDTH = 1.5
# Pseudo-counts: what little is known of a good is mixed with what is known of all.
REPEATS_OF, GAPS_OF, HOURS_OF = 1.2, 5.0, 2.0


@dataclass(frozen=True, slots=True)
class Purchases:
    """Lines bought, parallel arrays (n,): who, what, when, by falling age within a shopper.

    `at` is the shop's local clock in seconds, so that hours of the day can be read off it. Lines of
    one shopper with the same `at` are one basket.
    """

    shopper: IntArray
    variant: IntArray
    at: FloatArray

    @classmethod
    def none(cls) -> Purchases:
        """Return no lines."""
        nothing = np.zeros(0, dtype=np.int64)
        return cls(nothing, nothing, nothing.astype(float))

    def take(self, where: NDArray[np.bool_] | slice) -> Purchases:
        """Return the selected lines."""
        return Purchases(self.shopper[where], self.variant[where], self.at[where])

    def sort(self) -> Purchases:
        """Return the lines by shopper, time and variant."""
        order = np.lexsort((self.variant, self.at, self.shopper))
        return Purchases(self.shopper[order], self.variant[order], self.at[order])


@dataclass(frozen=True, slots=True)
class VariantFeatures:
    """m variants, ascending by `variant_id`; all others (m,).

    `category` is a place among the categories, `week` and `month` are log(1 + lines) of the last 7
    and 28 days, `share` the log of its part of what its category sold in a week, `repeats` the log
    of lines per shopper who bought it, `gap` the log of the days between two purchases of one
    shopper, `hours` (24, m) the log of how much more it is bought at an hour than other products.
    """

    variant_id: IntArray
    category: IntArray
    week: FloatArray
    month: FloatArray
    share: FloatArray
    repeats: FloatArray
    gap: FloatArray
    hours: NDArray[np.float16]

    def find(self, variant_ids: IntArray) -> IntArray:
        """Return the places of variants, -1 where unknown."""
        return find_places(self.variant_id, variant_ids)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the columns by name, for storage."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> VariantFeatures:
        """Return the products of `arrays`."""
        return cls(**{field.name: arrays[field.name] for field in fields(cls)})


def find_places(ids: IntArray, wanted: IntArray) -> IntArray:
    """Return where `wanted` stand in ascending `ids`, -1 where they do not."""
    if not len(ids):
        return np.full(len(wanted), -1)
    at = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.where(ids[at] == wanted, at, -1)


@dataclass(frozen=True, slots=True)
class Lasting:
    """What of the products changes slowly, (m,) and (24, m): learned once, used for many days."""

    repeats: FloatArray
    gap: FloatArray
    hours: NDArray[np.float16]


def learn_lasting(bought: Purchases, variant_id: IntArray) -> Lasting:
    """Return repeats, gaps and hours of `variant_id` (m, ascending) from sorted lines."""
    size = len(variant_id)
    place = find_places(variant_id, bought.variant)
    known = bought.take(place >= 0)
    place = place[place >= 0]
    order = np.lexsort((known.at, place, known.shopper))
    who, what, at = known.shopper[order], place[order], known.at[order]
    again = (who[1:] == who[:-1]) & (what[1:] == what[:-1])
    days = np.log(np.maximum((at[1:] - at[:-1])[again] / DAY, 0.5))
    usual = float(days.mean()) if len(days) else np.log(MONTH_DAYS)
    lines = np.bincount(place, minlength=size)
    repeated = np.bincount(what[1:][again], minlength=size)
    total = np.bincount(what[1:][again], days, minlength=size)
    return Lasting(
        repeats=np.log((lines + 2.0) / (lines - repeated + REPEATS_OF)),
        gap=(total + GAPS_OF * usual) / (repeated + GAPS_OF),
        hours=_learn_hours(place, known.at, size),
    )


def _learn_hours(place: IntArray, at: FloatArray, size: int) -> NDArray[np.float16]:
    counts = np.zeros((HOURS, size))
    np.add.at(counts, (hour_of(at), place), 1.0)
    apart = np.abs(np.subtract.outer(np.arange(HOURS), np.arange(HOURS)))
    kernel = np.exp(-0.5 * (np.minimum(apart, HOURS - apart) / HOUR_WIDTH) ** 2)
    smooth = kernel / kernel.sum(axis=1, keepdims=True) @ counts
    expected = smooth.sum(axis=1, keepdims=True) * smooth.sum(axis=0) / max(smooth.sum(), 1e-9)
    ratio = np.log((smooth + HOURS_OF) / (expected + HOURS_OF))
    return np.asarray(ratio, dtype=np.float16)


def hour_of(at: FloatArray) -> IntArray:
    """Return the hour of the day of local seconds, 0 to 23."""
    return (at % DAY // 3_600).astype(np.int64)


def describe_products(
    bought: Purchases,
    variant_id: IntArray,
    category: IntArray,
    lasting: Lasting,
    now: float,
) -> VariantFeatures:
    """Return the products as of `now` (local seconds); lines after it are not looked at."""
    size = len(variant_id)
    age = (now - bought.at) / DAY
    is_late = (age > 0) & (age <= MONTH_DAYS)
    place, age = find_places(variant_id, bought.variant[is_late]), age[is_late]
    week = np.bincount(place[(place >= 0) & (age <= WEEK_DAYS)], minlength=size)
    month = np.bincount(place[place >= 0], minlength=size)
    of_kind = np.bincount(category, week, minlength=int(category.max(initial=0)) + 1)
    return VariantFeatures(
        variant_id=variant_id,
        category=category,
        week=np.log1p(week),
        month=np.log1p(month),
        share=np.log((week + 0.5) / (of_kind[category] + 5.0)),
        repeats=lasting.repeats,
        gap=lasting.gap,
        hours=lasting.hours,
    )


RIDGE = 200.0
NEIGHBORS = 100


@dataclass(frozen=True, slots=True)
class SimilarityModel:
    """For each of m variants (ascending ids) its k best neighbors.

    `neighbor` (m, k) holds positions in `variant_id`, `weight` (m, k) how strongly the neighbor
    is suggested by the variant; unused places have weight 0.
    """

    variant_id: IntArray
    neighbor: NDArray[np.int32]
    weight: NDArray[np.float32]

    def suggest_among(self, ids: IntArray, wanted: IntArray, strength: FloatArray) -> FloatArray:
        """Return the scores of `ids` (m, ascending) suggested by variants `wanted` (n,), each as
        much as its `strength` (n,); variants that did not take part suggest nothing."""
        if not len(self.variant_id):
            return np.zeros(len(ids))
        at = find_places(self.variant_id, wanted)
        at, strength = at[at >= 0], strength[at >= 0]
        scores = np.bincount(
            self.neighbor[at].ravel(),
            (self.weight[at] * strength[:, None]).ravel(),
            minlength=len(self.variant_id),
        )
        place = find_places(ids, self.variant_id)
        found = np.zeros(len(ids))
        found[place[place >= 0]] = scores[place >= 0]
        return found


def fit_similarity(
    shopper: IntArray, variant: IntArray, count: FloatArray, *, most: int, ridge: float = RIDGE
) -> SimilarityModel:
    """Fit on purchases: `shopper[i]` bought `variant[i]` `count[i]` times, faded or not. All (n,),
    pairs unique.

    EASE (Steck, WWW 2019): with the Gram matrix G = X'X of log counts X, P = (G + ridge I)^-1 and
    B_ij = -P_ij / P_jj, B_jj = 0: the ridge regression of each variant on all others. Only the
    `most` variants with the most shoppers take part, so the cost is bounded: most^3 / 3
    multiplications and two dense matrices. Exact and without randomness.
    """
    ids, position, shoppers = np.unique(variant, return_inverse=True, return_counts=True)
    chosen = np.sort(np.argsort(-shoppers, kind="stable")[:most])
    place = np.full(len(ids), -1)
    place[chosen] = np.arange(len(chosen))
    is_in = place[position] >= 0
    _, rows = np.unique(shopper[is_in], return_inverse=True)
    columns = place[position[is_in]]
    size = len(chosen)
    if size == 0:
        return SimilarityModel(ids, np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32))
    bought = scipy.sparse.csr_matrix(
        (np.log1p(count[is_in]), (rows, columns)), shape=(int(rows.max()) + 1, size)
    )
    gram = (bought.T @ bought).toarray()
    gram[np.diag_indices(size)] += ridge
    inverse = _invert(gram)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return _keep_best(ids[chosen], weights)


def _invert(gram: FloatArray) -> FloatArray:
    """Return the inverse of a symmetric positive definite matrix, by its Cholesky factor."""
    factor, failed = scipy.linalg.lapack.dpotrf(gram, lower=1, overwrite_a=1)
    if failed:
        raise ValueError("the Gram matrix is not positive definite: the ridge is too small")
    lower, _ = scipy.linalg.lapack.dpotri(factor, lower=1, overwrite_c=1)
    return np.asarray(np.tril(lower) + np.tril(lower, -1).T)


def _keep_best(ids: IntArray, weights: FloatArray) -> SimilarityModel:
    """Keep the strongest positive suggestions of each variant (row: the one that suggests)."""
    kept = min(NEIGHBORS, len(ids))
    best = np.argpartition(-weights, kept - 1, axis=1)[:, :kept]
    strength = np.take_along_axis(weights, best, axis=1)
    order = np.argsort(-strength, axis=1, kind="stable")
    best, strength = np.take_along_axis(best, order, 1), np.take_along_axis(strength, order, 1)
    return SimilarityModel(
        variant_id=ids,
        neighbor=best.astype(np.int32),
        weight=np.maximum(strength, 0.0).astype(np.float32),
    )
