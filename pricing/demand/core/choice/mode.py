"""Newton's method on the choice model, its shared coefficients at their marginal mode."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice.arrow import Arrow, Node, Prior, invert
from pricing.demand.core.choice.curvature import Piece, cut, find_volume
from pricing.demand.core.choice.layout import SLOPE, Layout
from pricing.demand.core.choice.likelihood import Coefficients, Frame, Shares, measure, score

BENDS = (-2.0, 3.0)  # of the price; beyond, utilities are nearly steps
LONGEST = 1.5  # change of a coefficient in one step
HALVINGS = 12


@dataclass(frozen=True, slots=True, eq=False)
class Mode:
    """Where the posterior is highest, its shape there, and how many Newton steps it took."""

    at: Coefficients
    arrow: Arrow
    log_likelihood: float
    steps: int


def find_mode(
    frame: Frame, prior: Prior, start: Coefficients, *, steps: int, tolerance: float
) -> Mode:
    """Return the posterior mode from `start`, after at most `steps` steps, the last of which gained
    less than `tolerance` of log posterior; the shape is that before the last step.

    Fisher scoring with step halving. Coefficients of families and all products are taken where
    their marginal density is highest, those of items and categories integrated out: log p - log
    det(A)/2 (the adjusted profile likelihood of Lee and Nelder, "Hierarchical generalized linear
    models", JRSS B 1996). Without that all slopes of which little is known are found too steep: a
    slope that looks steeper by luck also counts for more. The derivative of the determinant is that
    at `start`, where the last fit ended. Response weights never fall below 0: a weight at 0 whose
    derivative is negative is held there (projected Newton, Bertsekas 1982). Where the frame's
    slopes stay, what a price does is left as it was at `start`, to the bit.
    """
    layout, tree, pieces = frame.layout, frame.tree, cut(frame)
    at, shares = start, measure(frame, start)
    volume: Coefficients | None = None
    done, arrow = 0, Arrow.of(frame, shares, prior, pieces)
    for _ in range(steps):
        told = _add(score(frame, shares), prior.score(at, tree))
        if frame.slopes_stay:
            told = _still(layout, told)
        if volume is None:
            volume = _volume(frame, shares, arrow)
        bias = follow_volume(arrow, volume)
        step = arrow.solve(told, volume, _hold(layout, at, told.all + bias.all))
        gain = _dot(told, step) + _shared(bias, step)
        value = shares.value + prior.value(at, tree)
        tried = _search(frame, prior, (at, value), step, bias)
        if tried is None:
            break
        at, shares, done = *tried, done + 1
        if gain < tolerance:
            break
        arrow = Arrow.of(frame, shares, prior, pieces)
    return Mode(at, arrow, shares.value, done)


def find_mean(mode: Mode) -> Coefficients:
    """Return the mode with items and categories at their posterior mean, given those above.

    To first order the mean lies covariance times the volume's derivative beside the mode: log
    slopes are skewed, since what is flat may be flatter still without looking less likely.
    """
    arrow, at = mode.arrow, mode.at
    volume = _volume(arrow.frame, measure(arrow.frame, at), arrow)
    item, category = at.item.copy(), at.category.copy()
    for node, piece in zip(arrow.blocks, arrow.pieces, strict=True):
        told = volume.item[piece.items].ravel()
        moved = node.covariance[:, : len(told)] @ told
        item[piece.items] += moved[: len(told)].reshape(-1, item.shape[1])
        category[piece.categories] += moved[len(told) :].reshape(-1, 2)
    return replace(at, item=item, category=category)


def _search(
    frame: Frame,
    prior: Prior,
    now: tuple[Coefficients, float],
    step: Coefficients,
    bias: Coefficients,
) -> tuple[Coefficients, Shares] | None:
    """Return the longest of halved steps that does not lose; None if all do."""
    at, value = now
    longest = max(float(np.abs(one).max(initial=0.0)) for one in (step.item, step.all))
    share = min(1.0, LONGEST / max(longest, 1e-12))
    for _ in range(HALVINGS):
        tried = _project(frame.layout, at.plus(step, share))
        shares = measure(frame, tried)
        moved = tried.plus(at, -1.0)
        found = shares.value + prior.value(tried, frame.tree) + _shared(bias, moved)
        if found >= value - 1e-9 * abs(value):
            return tried, shares
        share /= 2.0
    return None


def _project(layout: Layout, at: Coefficients) -> Coefficients:
    everywhere = at.all.copy()
    everywhere[layout.response] = np.maximum(everywhere[layout.response], 0.0)
    everywhere[layout.bend] = np.clip(everywhere[layout.bend], *BENDS)
    return replace(at, all=everywhere)


def _hold(layout: Layout, at: Coefficients, pull: FloatArray) -> BoolArray:
    """Return which coefficients of all products stay: weights at 0 that would become negative."""
    held = np.zeros(layout.all, dtype=np.bool_)
    weights = layout.response
    held[weights] = (at.all[weights] <= 0.0) & (pull[weights] <= 0.0)
    return held


def _still(layout: Layout, told: Coefficients) -> Coefficients:
    """Return a derivative that asks nothing of what a price does (log slopes, effects of public
    columns, response weights, bend): with no information about it either, no step moves it."""
    public = np.arange(layout.public.start, layout.public.stop)
    held = np.concatenate([[SLOPE], public, np.arange(layout.family, layout.all)])
    item, category, family, everywhere = (
        getattr(told, name).copy() for name in Coefficients.__annotations__
    )
    item[:, SLOPE] = category[:, SLOPE] = 0.0
    family[:, held[held < layout.family]] = everywhere[held] = 0.0
    return Coefficients(item, category, family, everywhere)


def _volume(frame: Frame, shares: Shares, arrow: Arrow) -> Coefficients:
    return find_volume(frame, shares, arrow.pieces, [node.covariance for node in arrow.blocks])


def follow_volume(arrow: Arrow, volume: Coefficients) -> Coefficients:
    """Return the derivative of the volume by families and all products, those below following."""
    layout = arrow.frame.layout
    family, everywhere = volume.family.copy(), volume.all.copy()
    for node, piece, (_, place) in zip(arrow.blocks, arrow.pieces, arrow.borders, strict=True):
        own = volume.item[piece.items].ravel()
        told = node.follow[: len(own)].T @ own
        inner = len(place) - layout.tail
        family[piece.families] += told[:inner].reshape(-1, layout.family)
        everywhere[layout.family :] += told[inner:]
    return replace(volume, family=family, all=everywhere)


def _add(a: Coefficients, b: Coefficients) -> Coefficients:
    return a.plus(b, 1.0)


def _dot(a: Coefficients, b: Coefficients) -> float:
    own = float((a.item * b.item).sum() + (a.category * b.category).sum())
    return own + _shared(a, b)


def _shared(a: Coefficients, b: Coefficients) -> float:
    return float((a.family * b.family).sum() + a.all @ b.all)


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
    """Return the covariance of a clan's coefficients and the tail of all products."""
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
    families (F, 2, 2), and all products (2, 2)."""

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
    """Return the variances (f, size) of families' deviations from all products."""
    inner = len(node.covariance)
    through = node.follow.copy()
    through[np.arange(inner), np.tile(np.arange(size), inner // size)] -= 1.0
    variance = np.diag(node.covariance) + ((through @ top) * through).sum(axis=1)
    return variance.reshape(-1, size)


def draw(arrow: Arrow, at: Coefficients, draws: int, rng: np.random.Generator) -> FloatArray:
    """Return draws (draws, m, 2) of all items' whole level and log slope, jointly normal around the
    mode: all products first, then clans given these, then blocks given those."""
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
