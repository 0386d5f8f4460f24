"""Fisher information of the choice model, block by block, with the terms between products of one
set.

A row's utility moves with its item's own coefficients by d = (1, -v, x of own tastes) and with
those above by D. A set of weight w tells w (sum P d d' - E E') with E = sum P d: the second term
is what a binary logit of each item leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.likelihood import Coefficients, Frame, Shares, gather

DENSE_FROM = 0.03  # share of entries from which a matrix of sets by products is multiplied dense
ROWS = 8_000  # rows that are worked at a time: what is made of them stays in the cache


@dataclass(frozen=True, slots=True)
class Piece:
    """Where one block stands: its rows, sets, items, categories, and its families' positions."""

    rows: slice
    sets: slice
    items: slice
    categories: slice
    families: IntArray

    def parts(self, frame: Frame) -> list[Piece]:
        """Return the same block in parts of some ROWS rows each; what they tell adds up."""
        if self.rows.stop - self.rows.start <= ROWS:
            return [self]
        starts = frame.set_start[self.sets]
        wanted = np.arange(self.rows.start, self.rows.stop, ROWS)
        cuts = np.unique(np.append(np.searchsorted(starts, wanted), len(starts)))
        ends = np.append(starts, self.rows.stop)[cuts].tolist()
        sets = (cuts + self.sets.start).tolist()
        return [
            replace(self, rows=slice(*rows), sets=slice(*span))
            for rows, span in zip(pairwise(ends), pairwise(sets), strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Information:
    """A block's information: of own coefficients (n q, n q), between own ones and the border above
    (n q, b), and of the border (b, b): each family's coefficients, then the tail of all
    products."""

    own: FloatArray
    between: FloatArray
    border: FloatArray

    @staticmethod
    def of(frame: Frame, shares: Shares, piece: Piece) -> Information:
        """Return what all rows of a block tell."""
        parts = [Block.of(frame, shares, part).inform(frame, shares) for part in piece.parts(frame)]
        if len(parts) == 1:
            return parts[0]
        own = sum((part.own for part in parts[1:]), parts[0].own)
        between = sum((part.between for part in parts[1:]), parts[0].between)
        return Information(own, between, sum((part.border for part in parts[1:]), parts[0].border))


def cut(frame: Frame) -> list[Piece]:
    """Return the pieces of all blocks, in their order."""
    tree = frame.tree
    blocks = int(tree.block_of_category[-1]) + 1 if len(tree.category) else 0
    marks = np.arange(blocks + 1)
    of_set = tree.block_of_item[frame.item[frame.set_start]]
    sets = np.searchsorted(of_set, marks)
    rows = np.searchsorted(frame.seen.set_of, sets)
    items = np.searchsorted(tree.block_of_item, marks)
    categories = np.searchsorted(tree.block_of_category, marks)
    found = []
    for k in range(blocks):
        below = slice(categories[k], categories[k + 1])
        piece = Piece(
            rows=slice(rows[k], rows[k + 1]),
            sets=slice(sets[k], sets[k + 1]),
            items=slice(items[k], items[k + 1]),
            categories=below,
            families=np.unique(tree.family_of_category[below]),
        )
        found.append(piece)
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _SetColumns:
    """Columns (T, c) of which each row's utility moves by `factor` (n,); `mean` (T,), the factor
    that a set is expected to have; `places` (c,) in the border."""

    columns: FloatArray
    factor: FloatArray
    mean: FloatArray
    places: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The rows of one block: P and w P (n,), and `moves` (n, q), how a row's utility moves with its
    item's own coefficients. Sets begin at `start` (T,)."""

    piece: Piece
    weight: FloatArray
    start: IntArray
    set_of: IntArray
    item: IntArray
    chance: FloatArray
    taken: FloatArray
    moves: FloatArray

    @staticmethod
    def of(frame: Frame, shares: Shares, piece: Piece) -> Block:
        """Return the rows of one block, or of a part of it."""
        rows = piece.rows
        set_of = frame.seen.set_of[rows] - piece.sets.start
        item = frame.item[rows] - piece.items.start
        weight, chance = frame.seen.weight[piece.sets], shares.chance[rows]
        columns = [np.ones(len(item)), -shares.effect[rows]]
        columns += [frame.wide[frame.seen.set_of[rows], one] for one in frame.layout.own]
        return Block(
            piece=piece,
            weight=weight,
            start=frame.set_start[piece.sets] - rows.start,
            set_of=set_of,
            item=item,
            chance=chance,
            taken=weight[set_of] * chance,
            moves=np.stack(columns, axis=1),
        )

    def inform(self, frame: Frame, shares: Shares) -> Information:
        """Return what these rows tell.

        A set column moves the utilities of a set's rows by its value times a factor of each row, so
        that most of the border is a sum over sets.
        """
        q, items = self.moves.shape[1], self.piece.items.stop - self.piece.items.start
        size = len(self.piece.families) * frame.layout.family + frame.layout.tail
        between, border = np.zeros((items * q, size)), np.zeros((size, size))
        columns, places = self._row_columns(frame, shares)
        mean = np.add.reduceat(self.chance[:, None] * columns, self.start, axis=0)
        blocks = self._set_columns(frame, shares)
        for place, a in enumerate(blocks):
            far = self.weight[self.set_of] * (a.factor - a.mean[self.set_of])
            between[:, a.places] = self._expected(items, far).T @ a.columns
            for b in blocks[: place + 1]:
                told = np.add.reduceat(self.taken * a.factor * b.factor, self.start)
                told -= self.weight * a.mean * b.mean
                inner = a.columns.T @ (told[:, None] * b.columns)
                border[a.places[:, None], b.places] = inner
                border[b.places[:, None], a.places] = inner.T
            both = np.add.reduceat((self.taken * a.factor)[:, None] * columns, self.start, axis=0)
            inner = a.columns.T @ (both - (self.weight * a.mean)[:, None] * mean)
            border[a.places[:, None], places] = inner
            border[places[:, None], a.places] = inner.T
        inner = columns.T @ (self.taken[:, None] * columns) - mean.T @ (self.weight[:, None] * mean)
        border[places[:, None], places] = inner
        for column, place in zip((columns - mean[self.set_of]).T, places.tolist(), strict=True):
            for kind, moves in enumerate(self.moves.T):
                told = np.bincount(self.item, self.taken * moves * column, items)
                between[kind::q, place] = told
        return Information(self._own(items), between, border)

    def _set_columns(self, frame: Frame, shares: Shares) -> list[_SetColumns]:
        """Return the set columns of each family: those of the level and those of the slope."""
        layout, rows, sets = frame.layout, self.piece.rows, self.piece.sets
        effect, found = shares.effect[rows], []
        for place, family in enumerate(self.piece.families.tolist()):
            own = (frame.family[rows] == family).astype(np.float64)
            first = place * layout.family
            kinds = (
                (frame.wide[sets], own, first + np.arange(2, 2 + layout.wide)),
                (
                    frame.seen.public[sets],
                    -effect * own,
                    first + np.arange(layout.family)[layout.public],
                ),
            )
            for columns, factor, places in kinds:
                mean = np.add.reduceat(self.chance * factor, self.start)
                if len(places):
                    found.append(_SetColumns(columns, factor, mean, places))
        return found

    def _row_columns(self, frame: Frame, shares: Shares) -> tuple[FloatArray, IntArray]:
        """Return how each row's utility moves with what a row has of its own in the border (n, c),
        and the places (c,) there."""
        layout, rows, families = frame.layout, self.piece.rows, self.piece.families
        steep = shares.steep[rows]
        belongs = frame.family[rows][:, None] == families
        parts = [frame.tall[rows] * belongs[:, [place]] for place in range(len(families))]
        parts.append(-(steep * shares.price[rows])[:, None] * frame.seen.response[rows])
        parts.append(-(steep * shares.boost[rows] * shares.slant[rows])[:, None])
        first = 2 + layout.wide + np.arange(layout.tall)
        of_families = (np.arange(len(families))[:, None] * layout.family + first).ravel()
        tail = len(families) * layout.family + np.arange(layout.tail)
        return np.concatenate(parts, axis=1), np.concatenate([of_families, tail])

    def _own(self, items: int) -> FloatArray:
        """Return the information of own coefficients: sum P d d' by item, less E E' by set."""
        q = self.moves.shape[1]
        own = -self._gram(items)
        start = np.arange(0, items * q, q)
        for a in range(q):
            for b in range(q):
                told = self.taken * self.moves[:, a] * self.moves[:, b]
                own[start + a, start + b] += np.bincount(self.item, told, items)
        return own

    def _places(self) -> IntArray:
        """Return where each row's own coefficients stand in the block, (n, q)."""
        q = self.moves.shape[1]
        places: IntArray = self.item[:, None] * q + np.arange(q)
        return places

    def _expected(self, items: int, scale: FloatArray) -> FloatArray | scipy.sparse.csr_array:
        """Return P d times `scale` (n,) as a matrix (T, items q), sparse if it is nearly empty."""
        q = self.moves.shape[1]
        shape, places = (len(self.weight), items * q), self._places()
        values = (scale * self.chance)[:, None] * self.moves
        if len(self.item) < DENSE_FROM * len(self.weight) * items:
            starts = np.append(self.start, len(self.item)) * q
            return scipy.sparse.csr_array((values.ravel(), places.ravel(), starts), shape)
        dense = np.zeros(shape)
        dense[self.set_of[:, None], places] = values
        return dense

    def _gram(self, items: int) -> FloatArray:
        matrix = self._expected(items, np.sqrt(self.weight)[self.set_of])
        product = matrix.T @ matrix
        gram: FloatArray = product if isinstance(product, np.ndarray) else product.toarray()
        return gram

    def volume(self, inverse: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives (n,) of -log det(A) / 2 by the rows' utilities, v held, and by
        their log v, divided by v. `inverse` (items q, items q) is that of A, the curvature of the
        block's own coefficients."""
        q = self.moves.shape[1]
        places = self._places()
        small = inverse[places[:, :, None], places[:, None, :]]
        turned = np.einsum("nab,nb->na", small, self.moves)
        product = self._expected(len(inverse) // q, np.ones(len(self.item))) @ inverse
        against = product[self.set_of[:, None], places]
        own, with_all = (self.moves * turned).sum(axis=1), (self.moves * against).sum(axis=1)
        mean = np.add.reduceat(self.chance * own, self.start)
        square = np.add.reduceat(self.chance * with_all, self.start)
        told = own - mean[self.set_of] - 2.0 * (with_all - square[self.set_of])
        return -0.5 * self.taken * told, self.taken * (turned[:, 1] - against[:, 1])


def find_volume(
    frame: Frame, shares: Shares, pieces: list[Piece], inverses: list[FloatArray]
) -> Coefficients:
    """Return the derivative of -log det(A) / 2 over all blocks by all coefficients."""
    by_level, by_effect = np.zeros(len(frame.seen)), np.zeros(len(frame.seen))
    for piece, inverse in zip(pieces, inverses, strict=True):
        size = (piece.items.stop - piece.items.start) * frame.layout.item
        for part in piece.parts(frame):
            told = Block.of(frame, shares, part).volume(inverse[:size, :size])
            by_level[part.rows], by_effect[part.rows] = told
    return gather(frame, shares, by_level, by_effect)
