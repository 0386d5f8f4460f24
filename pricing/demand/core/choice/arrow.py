"""The precision of the choice model as a nested arrow: blocks onto clans onto all products.

A block's own coefficients (its items and categories) are eliminated first: what is left of the
likelihood concerns its families and all products. Then each clan's families, then all products.
Each step is exact; nothing between products of one block is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import scipy

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice.curvature import Information, Piece
from pricing.demand.core.choice.layout import LEVEL, SLOPE, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients, Frame, Shares
from pricing.demand.core.choice.prior import DOUBT, SlopePrior

# Before any evidence: a chance to buy of 12 %, utility linear in price.
MEAN_LEVEL, MEAN_BEND = -2.0, 1.0
# First spreads of items around categories, categories around families, families around all, all.
FIRST: dict[str, tuple[float, float, float, float]] = {
    "level": (0.7, 0.4, 0.5, 2.5),
    "slope": (0.3, 0.2, 0.25, DOUBT),
    "taste": (0.1, 0.0, 0.0, 0.0),
    "shopper": (0.0, 0.0, 0.1, 0.4),
    "goods": (0.0, 0.0, 0.1, 0.4),
    "bend": (0.0, 0.0, 0.05, 0.2),
    "product": (0.0, 0.0, 0.03, 0.1),
    "week": (0.0, 0.0, 0.1, 0.2),
    "year": (0.0, 0.0, 0.15, 0.2),
    "drift": (0.0, 0.0, 0.1, 0.1),
    "rival": (0.0, 0.0, 0.3, 1.0),
    "rival known": (0.0, 0.0, 0.1, 0.3),
    "public": (0.0, 0.0, 0.1, 0.3),
    "public bend": (0.0, 0.0, 0.05, 0.15),
    "public product": (0.0, 0.0, 0.03, 0.08),
}
ITEM, CATEGORY, FAMILY, ALL = range(4)
RESPONSE, BEND = 1.0, 0.5
# A weight that somebody believes in may be off by a half of it, or by so much.
WEIGHT = 0.25
PSEUDO = 4.0  # coefficients that a first spread counts as
LEAST, MOST = 1e-3, 5.0
FIXED = ("level", "slope")  # of all products: one number each, nothing to learn a spread from


@dataclass(frozen=True, slots=True)
class Spreads:
    """Standard deviations of each kind of coefficient, by level ("item", ... , "all")."""

    sd: Mapping[tuple[int, str], float] = field(default_factory=dict)

    def of(self, level: int, kind: str) -> float:
        """Return the spread of a kind, the first one where none was learned.

        >>> Spreads().of(ITEM, "slope"), Spreads({(ITEM, "slope"): 0.2}).of(ITEM, "slope")
        (0.3, 0.2)
        """
        return self.sd.get((level, kind), FIRST[kind][level])

    def keep(self, kinds: tuple[str, ...], later: Spreads) -> Spreads:
        """Return `later` spreads, those of `kinds` as they are here.

        >>> Spreads({(0, "slope"): 0.2}).keep(("slope",), Spreads({(0, "slope"): 0.9})).sd
        {(0, 'slope'): 0.2}
        """
        others = {name: sd for name, sd in later.sd.items() if name[1] not in kinds}
        own = {name: sd for name, sd in self.sd.items() if name[1] in kinds}
        return replace(self, sd=others | own)


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """Independent normals of each coefficient around that above it, all goods' around `mean`.

    Precisions: `item` (m, q), `category` (2,), `family` (., ), `all` (.,). `offset` (m,) is what
    the log slope of an item is expected to lie above its category's.
    """

    item: FloatArray
    category: FloatArray
    family: FloatArray
    all: FloatArray
    mean: FloatArray
    offset: FloatArray

    def deviate(self, at: Coefficients, tree: Tree) -> Coefficients:
        """Return how far each coefficient lies from what is expected of it."""
        item, above = at.item.copy(), at.category[tree.category_of_item]
        item[:, LEVEL] -= above[:, LEVEL]
        item[:, SLOPE] -= above[:, SLOPE] + self.offset
        category = at.category - at.family[tree.family_of_category][:, :2]
        family = at.family - at.all[: at.family.shape[1]]
        return Coefficients(item, category, family, at.all - self.mean)

    def value(self, at: Coefficients, tree: Tree) -> float:
        """Return the log density, without its constant."""
        far = self.deviate(at, tree)
        total = (far.item**2 * self.item).sum() + (far.category**2 * self.category).sum()
        total += (far.family**2 * self.family).sum() + (far.all**2 * self.all).sum()
        return -0.5 * float(total)

    def score(self, at: Coefficients, tree: Tree) -> Coefficients:
        """Return the derivative of `value` by all coefficients."""
        far = self.deviate(at, tree)
        item, category = far.item * self.item, far.category * self.category
        family, size = far.family * self.family, far.family.shape[1]
        all_products = -far.all * self.all
        all_products[:size] += family.sum(axis=0)
        family = -family
        family[:, :2] += sum_over(category, tree.family_of_category, len(tree.family))
        up = sum_over(item[:, :2], tree.category_of_item, len(tree.category))
        return Coefficients(-item, up - category, family, all_products)


def make_prior(spreads: Spreads, layout: Layout, tree: Tree, known: SlopePrior) -> Prior:
    """Return the prior of `spreads`, and of what is known of slopes and weights before."""
    kinds = layout.groups()
    item = np.empty((len(tree.item), layout.item))
    item[:, LEVEL] = spreads.of(ITEM, "level")
    item[:, SLOPE] = spreads.of(ITEM, "slope")
    item[:, 2:] = spreads.of(ITEM, "taste")
    category = np.array([spreads.of(CATEGORY, kind) for kind in ("level", "slope")])
    family = np.array([spreads.of(FAMILY, kind) for kind in kinds])
    believed = [known.weights.get(one) for one in layout.columns.response]
    tail = [RESPONSE if one is None else max(WEIGHT, one / 2.0) for one in believed]
    above = np.array([*[spreads.of(ALL, kind) for kind in kinds], *tail, BEND])
    mean = np.zeros(layout.all)
    mean[[LEVEL, SLOPE, layout.bend]] = MEAN_LEVEL, known.mean, MEAN_BEND
    mean[layout.response] = [one or 0.0 for one in believed]
    above[SLOPE] = known.doubt
    offset = known.offsets(tree.item, tree.family[tree.family_of_item])
    return Prior(item**-2, category**-2, family**-2, above**-2, mean, offset)


def learn(spreads: Spreads, layout: Layout, far: Coefficients, variance: Coefficients) -> Spreads:
    """Return the spreads that deviations (`far`) and their posterior variances speak for.

    s^2 = (sum of squares + PSEUDO s0^2) / (gamma + PSEUDO), gamma = sum(1 - variance / s^2) the
    number of coefficients that the data determine (MacKay, "Bayesian interpolation", 1992): a kind
    without effect shrinks to nothing, one without evidence keeps its first spread.
    """
    found: dict[tuple[int, str], float] = {}

    def note(level: int, kind: str, deviation: FloatArray, doubt: FloatArray) -> None:
        now, first = spreads.of(level, kind), FIRST[kind][level]
        gamma = float(np.clip(1.0 - doubt / now**2, 0.0, 1.0).sum())
        square = (float((deviation**2).sum()) + PSEUDO * first**2) / (gamma + PSEUDO)
        found[level, kind] = float(np.clip(np.sqrt(square), LEAST, MOST))

    note(ITEM, "level", far.item[:, LEVEL], variance.item[:, LEVEL])
    note(ITEM, "slope", far.item[:, SLOPE], variance.item[:, SLOPE])
    note(ITEM, "taste", far.item[:, 2:].ravel(), variance.item[:, 2:].ravel())
    for place, kind in enumerate(("level", "slope")):
        note(CATEGORY, kind, far.category[:, place], variance.category[:, place])
    kinds = np.array(layout.groups())
    for kind in dict.fromkeys(kinds.tolist()):
        at = np.flatnonzero(kinds == kind)
        note(FAMILY, kind, far.family[:, at].ravel(), variance.family[:, at].ravel())
        if kind not in FIXED:
            note(ALL, kind, far.all[at], variance.all[at])
    return replace(spreads, sd=found)


def sum_over(rows: FloatArray, group: IntArray, groups: int) -> FloatArray:
    """Return the sums of rows (n, k) by group, (groups, k).

    >>> sum_over(np.ones((3, 1)), np.array([1, 0, 1]), 2).tolist()
    [[1.0], [2.0]]
    """
    total = np.zeros((groups, rows.shape[1]))
    np.add.at(total, group, rows)
    return total


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A group of unknowns given those above: their covariance, how they follow those above (minus
    covariance times coupling, one column for each place above), and what of the precision stays."""

    covariance: FloatArray
    follow: FloatArray
    left: FloatArray

    @staticmethod
    def of(own: FloatArray, between: FloatArray, above: FloatArray) -> Node:
        """Eliminate unknowns with precision `own` (a, a), coupled by `between` (a, b).

        >>> node = Node.of(np.array([[4.0]]), np.array([[2.0]]), np.array([[3.0]]))
        >>> node.covariance.tolist(), node.follow.tolist(), node.left.tolist()
        ([[0.25]], [[-0.5]], [[2.0]])
        """
        covariance = invert(own)
        follow = -covariance @ between
        return Node(covariance, follow, above + between.T @ follow)


@dataclass(frozen=True, slots=True, eq=False)
class Arrow:
    """All nodes: of blocks, of clans, and the precision of all goods' coefficients.

    `borders` has for each block its clan and the places of its border in the clan's coefficients
    (the tail of all products follows behind them).
    """

    frame: Frame
    pieces: list[Piece]
    blocks: list[Node]
    borders: list[tuple[int, IntArray]]
    clans: list[Node]
    top: FloatArray

    @staticmethod
    def of(frame: Frame, shares: Shares, prior: Prior, pieces: list[Piece]) -> Arrow:
        """Return the nodes at given shares."""
        tree, layout = frame.tree, frame.layout
        clans = int(tree.clan_of_family[-1]) + 1 if len(tree.family) else 0
        start = np.searchsorted(tree.clan_of_family, np.arange(clans + 1))
        size, tail = layout.family, layout.tail
        sums = [
            np.zeros(((stop - first) * size + tail,) * 2)
            for first, stop in pairwise(start.tolist())
        ]
        blocks, borders = [], []
        for piece in pieces:
            clan = int(tree.clan_of_family[piece.families[0]])
            offset = (piece.families - start[clan])[:, None] * size + np.arange(size)
            last = (start[clan + 1] - start[clan]) * size
            place = np.concatenate([offset.ravel(), last + np.arange(tail)]).astype(np.int64)
            told = Information.of(frame, shares, piece)
            node = _eliminate(told, frame, prior, piece)
            blocks.append(node)
            borders.append((clan, place))
            sums[clan][np.ix_(place, place)] += node.left
        nodes = [_eliminate_clan(one, prior, layout.family, tail) for one in sums]
        top = np.diag(prior.all) + sum((one.left for one in nodes), np.zeros((layout.all,) * 2))
        return Arrow(frame, pieces, blocks, borders, nodes, top)

    def solve(self, pull: Coefficients, more: Coefficients, held: BoolArray) -> Coefficients:
        """Return precision^-1 times `pull`; families and all products feel `more` besides, also
        what it tells of those below. Coefficients of all products that are `held` (.,) do not
        move."""
        size, tail = self.frame.layout.family, self.frame.layout.tail
        everywhere = pull.all + more.all
        pulls = [np.zeros(len(one.covariance) + tail) for one in self.clans]
        for node, piece, (clan, place) in zip(self.blocks, self.pieces, self.borders, strict=True):
            both = _own(pull, piece) + _own(more, piece)
            pulls[clan][place] += node.follow.T @ both
        family = (pull.family + more.family).ravel()
        first = 0
        for node, above in zip(self.clans, pulls, strict=True):
            inner = len(node.covariance)
            above[:inner] += family[first : first + inner]
            everywhere[size:] += above[inner:]
            everywhere += node.follow.T @ above[:inner]
            first += inner
        step = np.zeros_like(everywhere)
        free = np.flatnonzero(~held)
        step[free] = np.linalg.solve(self.top[np.ix_(free, free)], everywhere[free])
        steps = [
            node.covariance @ above[: len(node.covariance)] + node.follow @ step
            for node, above in zip(self.clans, pulls, strict=True)
        ]
        return self._descend(pull, steps, step)

    def _descend(
        self, pull: Coefficients, clans: list[FloatArray], top: FloatArray
    ) -> Coefficients:
        layout = self.frame.layout
        item, category = np.zeros_like(pull.item), np.zeros_like(pull.category)
        tail = top[layout.family :]
        for node, piece, (clan, place) in zip(self.blocks, self.pieces, self.borders, strict=True):
            above = np.concatenate([clans[clan], tail])[place]
            own = node.covariance @ _own(pull, piece) + node.follow @ above
            items = item[piece.items].size
            item[piece.items] = own[:items].reshape(-1, layout.item)
            category[piece.categories] = own[items:].reshape(-1, 2)
        family = np.concatenate([*clans, np.zeros(0)]).reshape(-1, layout.family)
        return Coefficients(item, category, family, top)


def _own(of: Coefficients, piece: Piece) -> FloatArray:
    return np.concatenate([of.item[piece.items].ravel(), of.category[piece.categories].ravel()])


def _eliminate(told: Information, frame: Frame, prior: Prior, piece: Piece) -> Node:
    """Return a block's node: the likelihood's information and the prior of items and categories."""
    tree, q, size = frame.tree, frame.layout.item, frame.layout.family
    items, categories = len(told.own), piece.categories.stop - piece.categories.start
    own = np.zeros((items + 2 * categories,) * 2)
    own[:items, :items] = told.own
    between = np.zeros((len(own), told.between.shape[1]))
    between[:items] = told.between
    border = told.border.copy()
    precision = prior.item[piece.items]
    at = np.arange(items)
    own[at, at] += precision.ravel()
    category = tree.category_of_item[piece.items] - piece.categories.start
    family = np.searchsorted(piece.families, tree.family_of_category[piece.categories])
    for kind in range(2):
        low, high = at[kind::q], items + 2 * category + kind
        own[low, high] = own[high, low] = -precision[:, kind]
        high, above = items + 2 * np.arange(categories) + kind, family * size + kind
        own[high, high] = prior.category[kind] + np.bincount(
            category, precision[:, kind], categories
        )
        between[high, above] = -prior.category[kind]
        np.add.at(border, (above, above), prior.category[kind])
    return Node.of(own, between, border)


def _eliminate_clan(left: FloatArray, prior: Prior, size: int, tail: int) -> Node:
    """Return a clan's node; above it are all coefficients of all products."""
    inner = len(left) - tail
    own = left[:inner, :inner].copy()
    families = inner // size
    own[np.arange(inner), np.arange(inner)] += np.tile(prior.family, families)
    between = np.zeros((inner, size + tail))
    between[np.arange(inner), np.tile(np.arange(size), families)] = -np.tile(prior.family, families)
    between[:, size:] = left[:inner, inner:]
    above = np.zeros((size + tail,) * 2)
    above[np.arange(size), np.arange(size)] = families * prior.family
    above[size:, size:] = left[inner:, inner:]
    return Node.of(own, between, above)


def invert(matrix: FloatArray) -> FloatArray:
    """Return the inverse of a positive definite matrix; rounding of a nearly singular one gets a
    ridge.

    >>> invert(np.array([[2.0, 1.0], [1.0, 2.0]])).round(3).tolist()
    [[0.667, -0.333], [-0.333, 0.667]]
    """
    if not len(matrix):
        return matrix
    ridge = 0.0
    for _ in range(10):
        factor, fault = scipy.linalg.lapack.dpotrf(
            matrix + ridge * np.eye(len(matrix)) if ridge else matrix
        )
        if not fault:
            root, _ = scipy.linalg.lapack.dtrtri(factor)
            inverse: FloatArray = root @ root.T
            return inverse
        ridge = max(10.0 * ridge, 1e-10 * float(np.trace(matrix)) / len(matrix))
    raise np.linalg.LinAlgError("the precision is not positive definite")
