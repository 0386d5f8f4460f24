"""Positions of parameters in the hierarchical logit, and the layout of rows of cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.frames import Coding, Frame, count_rows, read_labels, read_matrix

GROUPS = (
    *("item_level", "item_slope", "category_level", "category_slope"),
    *("segment_level", "segment_slope", "context", "price_context"),
)


@dataclass(frozen=True, slots=True)
class Rows:
    """Cells by number: item, category and segment (n,), -1 = never seen; contexts (n, K)."""

    item: IntArray
    category: IntArray
    segment: IntArray
    context: FloatArray
    price_context: FloatArray


@dataclass(frozen=True, slots=True)
class Layout:
    """Codings of labels and names of covariates; parameters stand in this order:

    (level, slope) of each item; then shared: global level, global slope, category levels, category
    slopes, segment levels, segment slopes, context effects, context effects on the slope.
    """

    items: Coding
    category_of_item: IntArray
    categories: Coding
    segments: Coding
    context: tuple[str, ...]
    price_context: tuple[str, ...]

    @staticmethod
    def learn(frame: Frame, context: Sequence[str], price_context: Sequence[str]) -> Layout:
        """Return the layout of a frame's labels; ValueError if an item has two categories."""
        rows = count_rows(frame, "item")
        items = Coding.learn(frame["item"])
        categories = Coding.learn(read_labels(frame, "category", rows))
        item = items.encode(frame["item"])
        category = categories.encode(read_labels(frame, "category", rows))
        own = np.zeros(len(items), dtype=np.int64)
        own[item] = category
        if (own[item] != category).any():
            raise ValueError("an item stands in two categories")
        segments = Coding.learn(read_labels(frame, "segment", rows))
        return Layout(items, own, categories, segments, tuple(context), tuple(price_context))

    def read(self, frame: Frame) -> Rows:
        """Return a frame's rows by number. The category of a known item is remembered."""
        rows = count_rows(frame, "item")
        item = self.items.encode(frame["item"])
        category = self.categories.encode(read_labels(frame, "category", rows))
        category = np.where(item >= 0, self.category_of_item[item], category)
        return Rows(
            item=item,
            category=category,
            segment=self.segments.encode(read_labels(frame, "segment", rows)),
            context=read_matrix(frame, self.context, rows),
            price_context=read_matrix(frame, self.price_context, rows),
        )

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many parameters each of the shared parts has."""
        return (
            *(1, 1, len(self.categories), len(self.categories)),
            *(len(self.segments), len(self.segments)),
            *(len(self.context), len(self.price_context)),
        )

    def groups(self) -> dict[str, IntArray]:
        """Return the positions of the parameters that share a prior variance, by group."""
        count = len(self.items)
        edges = 2 * count + np.cumsum((0, *self.sizes))
        spans = {name: np.arange(edges[at], edges[at + 1]) for at, name in enumerate(GROUPS, 0)}
        shared = [spans[name] for name in GROUPS][2:]
        return dict(
            zip(
                GROUPS,
                (2 * np.arange(count), 2 * np.arange(count) + 1, *shared),
                strict=True,
            )
        )

    def shared_parts(self, rows: Rows) -> tuple[Any, Any]:
        """Return what of the shared parameters makes each row's level and its slope, (n, q) both.

        Sparse; a label never seen adds nothing: its effect has mean 0.
        """
        starts = np.cumsum((0, *self.sizes))
        level = [
            _ones(rows.item),
            _effect(rows.category, starts[2]),
            _effect(rows.segment, starts[4]),
        ]
        slope = [
            _ones(rows.item, starts[1]),
            _effect(rows.category, starts[3]),
            _effect(rows.segment, starts[5]),
        ]
        level += _numbers(rows.context, starts[6])
        slope += _numbers(rows.price_context, starts[7])
        width = int(starts[-1])
        return _build(level, width), _build(slope, width)


def _ones(like: IntArray, column: int = 0) -> tuple[IntArray, FloatArray]:
    return np.full(len(like), column, dtype=np.int64), np.ones(len(like))


def _effect(number: IntArray, start: int) -> tuple[IntArray, FloatArray]:
    return start + np.maximum(number, 0), (number >= 0).astype(np.float64)


def _numbers(values: FloatArray, start: int) -> list[tuple[IntArray, FloatArray]]:
    rows, columns = values.shape
    return [
        (np.full(rows, start + column, dtype=np.int64), values[:, column])
        for column in range(columns)
    ]


def _build(parts: list[tuple[IntArray, FloatArray]], width: int) -> Any:
    """Return the sparse matrix whose row r holds each part's value r in its column r."""
    columns = np.stack([column for column, _ in parts], axis=1)
    values = np.stack([value for _, value in parts], axis=1)
    rows, entries = columns.shape
    starts = np.arange(rows + 1) * entries
    return scipy.sparse.csr_array((values.ravel(), columns.ravel(), starts), shape=(rows, width))


def tilt_rows(level: Any, slope: Any, tilt: FloatArray) -> Any:
    """Return level + tilt * slope, the design of the shared parameters, sparse (n, q)."""
    entries = np.diff(slope.indptr)
    scaled = scipy.sparse.csr_array(
        (slope.data * np.repeat(tilt, entries), slope.indices, slope.indptr), shape=slope.shape
    )
    return scipy.sparse.csr_array(level + scaled)
