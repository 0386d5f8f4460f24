"""Item similarity from purchases (EASE), kept as nearest neighbors of each variant."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

from profiles.recommend.core.products import find_places

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

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
