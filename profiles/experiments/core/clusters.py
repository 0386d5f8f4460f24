"""Clusters of goods for experiments with public prices: substitutes and companions together.

A cheaper good takes sales from its siblings. If they stood in different cells, the experiment would
count as a gain what only moved; in one cluster they move together. Siblings are goods of one type
of the catalogue; what is bought together joins types into larger clusters.
"""

from __future__ import annotations

import numpy as np

from profiles.experiments.core.sequences import FloatArray, IntArray


def cluster_items(
    first: IntArray, second: IntArray, weight: FloatArray, kin: IntArray, most: int
) -> IntArray:
    """Return the cluster of each of n goods, (n,), numbered from 0 by first appearance.

    Goods of one `kin` (n,), substitutes for each other, are never parted, however many they are.
    Then pairs (e,) with the largest weight (co-views, co-purchases, similarity) are joined first,
    as long as no cluster grows beyond `most` goods; pairs without weight join nothing.

    >>> cluster_items(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([9.0, 1.0, 5.0]),
    ...               np.arange(5), most=2).tolist()
    [0, 0, 1, 1, 2]
    >>> none = np.array([], dtype=np.int64)
    >>> cluster_items(none, none, none.astype(float), np.array([7, 7, 8, 7]), most=2).tolist()
    [0, 0, 1, 0]
    """
    count, firsts = len(kin), np.unique(kin, return_index=True, return_inverse=True)
    parent = firsts[1][firsts[2]].tolist()
    size = np.bincount(parent, minlength=count).tolist()

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for at in np.argsort(-weight, kind="stable").tolist():
        if weight[at] <= 0.0:
            break
        left, right = root(int(first[at])), root(int(second[at]))
        if left != right and size[left] + size[right] <= most:
            small, large = sorted((left, right))
            parent[large] = small
            size[small] += size[large]
    roots = np.array([root(one) for one in range(count)], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def weigh_between(
    first: IntArray, second: IntArray, weight: FloatArray, cluster: IntArray
) -> FloatArray:
    """Return how strongly clusters hang together, (c, c): each row adds up to 1, or is all zero.

    >>> weigh_between(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 3.0]),
    ...               np.array([0, 0, 1])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    count = int(cluster.max()) + 1 if len(cluster) else 0
    found = np.zeros((count, count))
    left, right = cluster[first], cluster[second]
    apart = left != right
    np.add.at(found, (left[apart], right[apart]), weight[apart])
    np.add.at(found, (right[apart], left[apart]), weight[apart])
    total = found.sum(axis=1, keepdims=True)
    return np.divide(found, total, out=np.zeros_like(found), where=total > 0.0)
