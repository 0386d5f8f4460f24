"""What is bought by the same shoppers: EASE, kept as each variant's nearest neighbors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg.lapack import dpotrf, dpotri

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]

RIDGE = 200.0
NEIGHBORS = 40


@dataclass(frozen=True, slots=True)
class SimilarityModel:
    """For each of m variants (ascending ids) its k best neighbors.

    `neighbor` (m, k) holds positions in `variant_id`, `weight` (m, k) how strongly the neighbor
    is suggested by the variant; unused places have weight 0.
    """

    variant_id: IntArray
    neighbor: NDArray[np.int32]
    weight: NDArray[np.float32]

    def suggest(self, interests: Mapping[int, float]) -> dict[int, float]:
        """Return scores of variants suggested by interests (variant id: weight >= 0)."""
        if not len(self.variant_id) or not interests:
            return {}
        wanted = np.fromiter(interests, dtype=np.int64, count=len(interests))
        strength = np.log1p(np.fromiter(interests.values(), dtype=float, count=len(interests)))
        at = np.minimum(np.searchsorted(self.variant_id, wanted), len(self.variant_id) - 1)
        is_known = self.variant_id[at] == wanted
        at, strength = at[is_known], strength[is_known]
        scores = np.zeros(len(self.variant_id))
        np.add.at(scores, self.neighbor[at].ravel(), (self.weight[at] * strength[:, None]).ravel())
        found = np.flatnonzero(scores > 0)
        return dict(zip(self.variant_id[found].tolist(), scores[found].tolist(), strict=True))


def fit_similarity(
    shopper: IntArray, variant: IntArray, count: IntArray, *, most: int, ridge: float = RIDGE
) -> SimilarityModel:
    """Fit on purchases: `shopper[i]` bought `variant[i]` `count[i]` times. All (n,), pairs unique.

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
    bought = sparse.csr_matrix(
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
    factor, failed = dpotrf(gram, lower=1, overwrite_a=1)
    if failed:
        raise ValueError("the Gram matrix is not positive definite: the ridge is too small")
    lower, _ = dpotri(factor, lower=1, overwrite_c=1)
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


def similarity_arrays(model: SimilarityModel) -> dict[str, NDArray[Any]]:
    """Return the model as plain arrays for storage."""
    return {
        "variant_id": model.variant_id,
        "neighbor": model.neighbor,
        "weight": model.weight,
    }


def similarity_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> SimilarityModel:
    """Return the model of `similarity_arrays`."""
    return SimilarityModel(
        variant_id=arrays["variant_id"], neighbor=arrays["neighbor"], weight=arrays["weight"]
    )
