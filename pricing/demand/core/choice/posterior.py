"""Posterior of a fit with arrow-shaped precision: variances by item, and draws."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.arrow import Arrow, Node, invert
from pricing.demand.core.choice.curvature import Piece
from pricing.demand.core.choice.likelihood import Coefficients


@dataclass(frozen=True, slots=True, eq=False)
class Above:
    """A block, its families' and all goods' places, and the covariance of its border."""

    piece: Piece
    node: Node
    place: IntArray
    covariance: FloatArray


def walk(arrow: Arrow) -> Iterator[Above]:
    """Yield every block with the covariance (b, b) of what stands above it."""
    top = invert(arrow.top)
    size, tail = arrow.frame.layout.family, arrow.frame.layout.tail
    cache: dict[int, FloatArray] = {}
    for node, piece, (clan, place) in zip(arrow.blocks, arrow.pieces, arrow.borders, strict=True):
        if clan not in cache:
            cache = {clan: _clan_covariance(arrow.clans[clan], top, size, tail)}
        yield Above(piece, node, place, cache[clan][np.ix_(place, place)])


def _clan_covariance(node: Node, top: FloatArray, size: int, tail: int) -> FloatArray:
    """Return the covariance of a clan's coefficients and the tail of all goods."""
    through = np.zeros((len(node.covariance) + tail, size + tail))
    through[: len(node.covariance)] = node.follow
    through[np.arange(-tail, 0), np.arange(-tail, 0)] = 1.0
    covariance: FloatArray = through @ top @ through.T
    inner = len(node.covariance)
    covariance[:inner, :inner] += node.covariance
    return covariance


@dataclass(frozen=True, slots=True, eq=False)
class Doubt:
    """Posterior covariances of whole level and log slope: of items (m, 2, 2), categories (C, 2, 2),
    families (F, 2, 2), and all goods (2, 2)."""

    item: FloatArray
    category: FloatArray
    family: FloatArray
    all: FloatArray


def find_variances(arrow: Arrow) -> tuple[Coefficients, Doubt]:
    """Return the posterior variances of all deviations from what lies above (as `Prior.deviate`),
    and the covariances of whole levels and log slopes."""
    tree, q = arrow.frame.tree, arrow.frame.layout.item
    size = arrow.frame.layout.family
    item, category = np.empty((len(tree.item), q)), np.empty((len(tree.category), 2))
    families, top = len(tree.family), invert(arrow.top)
    doubt = Doubt(
        np.empty((len(item), 2, 2)),
        np.empty((len(category), 2, 2)),
        np.empty((families, 2, 2)),
        top[:2, :2],
    )
    for above in walk(arrow):
        piece = above.piece
        items = (piece.items.stop - piece.items.start) * q
        parent = tree.category_of_item[piece.items] - piece.categories.start
        here = np.arange(items).reshape(-1, q)
        there = items + np.arange(len(above.node.covariance) - items).reshape(-1, 2)
        family = np.searchsorted(piece.families, tree.family_of_category[piece.categories])
        for kind in range(q):
            minus = there[parent, kind] if kind < 2 else None
            item[piece.items, kind] = _contrast(above, here[:, kind], minus)
        for kind in range(2):
            border = family * size + kind
            category[piece.categories, kind] = _contrast(above, there[:, kind], None, border)
        doubt.item[piece.items] = _whole(above, here[:, :2])
        doubt.category[piece.categories] = _whole(above, there)
        corner = np.arange(len(piece.families))[:, None] * size + np.arange(2)
        doubt.family[piece.families] = above.covariance[corner[:, :, None], corner[:, None, :]]
    found = [_family_variance(node, top, size) for node in arrow.clans]
    family_variance = np.concatenate(found or [np.zeros((0, size))])
    return Coefficients(item, category, family_variance, np.diag(top).copy()), doubt


def _whole(above: Above, pair: IntArray) -> FloatArray:
    """Return the covariances (k, 2, 2) of pairs (k, 2) of own unknowns."""
    moved = above.node.follow[pair]
    own = above.node.covariance[pair[:, :, None], pair[:, None, :]]
    whole: FloatArray = own + np.einsum("nab,bc,ndc->nad", moved, above.covariance, moved)
    return whole


def _contrast(
    above: Above, at: IntArray, minus: IntArray | None, border: IntArray | None = None
) -> FloatArray:
    """Return the variance of own unknowns `at` less others of the block or of its border."""
    covariance, follow = above.node.covariance, above.node.follow[at]
    variance = covariance[at, at].copy()
    if minus is not None:
        variance += covariance[minus, minus] - 2.0 * covariance[at, minus]
        follow = follow - above.node.follow[minus]
    if border is not None:
        follow = follow.copy()
        follow[np.arange(len(at)), border] -= 1.0
    summed: FloatArray = variance + ((follow @ above.covariance) * follow).sum(axis=1)
    return summed


def _family_variance(node: Node, top: FloatArray, size: int) -> FloatArray:
    """Return the variances (f, size) of families' deviations from all goods."""
    inner = len(node.covariance)
    through = node.follow.copy()
    through[np.arange(inner), np.tile(np.arange(size), inner // size)] -= 1.0
    variance = np.diag(node.covariance) + ((through @ top) * through).sum(axis=1)
    return variance.reshape(-1, size)


def draw(arrow: Arrow, at: Coefficients, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return draws (draws, m, 2) of all items' whole level and log slope, jointly normal around the
    mode: all goods first, then clans given these, then blocks given those."""
    layout = arrow.frame.layout
    top = _root(invert(arrow.top)) @ rng.standard_normal((layout.all, draws))
    clans = [
        node.follow @ top
        + _root(node.covariance) @ rng.standard_normal((len(node.covariance), draws))
        for node in arrow.clans
    ]
    drawn = np.empty((draws, len(at.item), 2))
    for node, piece, (clan, place) in zip(arrow.blocks, arrow.pieces, arrow.borders, strict=True):
        above = np.concatenate([clans[clan], top[layout.family :]])[place]
        own = node.follow @ above
        own += _root(node.covariance) @ rng.standard_normal((len(own), draws))
        items = (piece.items.stop - piece.items.start) * layout.item
        pair = own[:items].reshape(-1, layout.item, draws)[:, :2]
        drawn[:, piece.items] = pair.transpose(2, 0, 1) + at.item[piece.items, :2]
    return drawn


def _root(covariance: FloatArray) -> FloatArray:
    """Return a square root of a covariance."""
    values, vectors = np.linalg.eigh(covariance)
    root: FloatArray = vectors * np.sqrt(np.maximum(values, 0.0))
    return root
