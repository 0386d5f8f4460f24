"""Prices of an item that shoppers may remember: the usual one and the lowest recent one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent.contract import Context, FeatureArray
from shop.lab.agent.features import as_numbers, as_texts

MOST_GROUPS = 64  # of shoppers told apart
SPEED = 0.04  # how far the usual price moves towards each price shown
FADING = 0.015  # by how much the log of the lowest price rises in a day
TOLERANCE = 0.005  # log price above the lowest one from which a price counts as higher
LASTING = 0.15  # the share of the time to come for which today's memory counts
USUAL, LOSS, WAITING = range(3)
FELT = 3


class PriceMemory:
    """The usual and the lowest log price ratio that each group of shoppers saw of each item.

    A group is a combination of texts and whole numbers, such as a segment. Where other numbers
    tell shoppers apart, or groups are too many, nothing is taken to be remembered.
    """

    def __init__(self) -> None:
        """Nobody has seen a price: the usual one is the reference price."""
        self.groups: dict[str, int] = {}
        # Per item and group: usual log ratio, lowest log ratio, time last seen.
        self.cells = _make_cells(0)

    def find_groups(self, context: Context) -> IntArray | None:
        """Return the group of each shopper, (n,), learning new ones; None where there are none."""
        names = np.full(context.shoppers, "", dtype=np.str_)
        for values in context.features.values():
            texts = _as_whole(values)
            if texts is None:
                return None
            names = np.char.add(np.char.add(names, "|"), texts)
        distinct, where = np.unique(names, return_inverse=True)
        for name in distinct.tolist():
            if name not in self.groups and len(self.groups) >= MOST_GROUPS:
                return None
            self.groups.setdefault(name, len(self.groups))
        return np.array([self.groups[name] for name in distinct.tolist()], dtype=np.int64)[where]

    def recall(self, slot: IntArray, group: IntArray | None, time: float) -> FloatArray:
        """Return the usual and the lowest log ratio of sightings, (N, 2); NaN where unknown."""
        if group is None:
            return np.full((len(slot), 2), np.nan)
        self._grow(slot)
        known = self.cells[slot, group]
        known[:, 1] += FADING * np.maximum(time - known[:, 2], 0.0)
        return known[:, :2]

    def learn(
        self, slot: IntArray, group: IntArray | None, log_ratio: FloatArray, time: float
    ) -> None:
        """Take in the prices of sightings (N,) of one moment."""
        if group is None or not len(slot):
            return
        self._grow(slot)
        seen, where, count = np.unique(
            slot * MOST_GROUPS + group, return_inverse=True, return_counts=True
        )
        lowest = np.full(len(seen), np.inf)
        np.minimum.at(lowest, where, log_ratio)
        known = self.cells.reshape(-1, 3)[seen]
        mean = np.bincount(where, log_ratio) / count
        known[:, 0] += (1.0 - (1.0 - SPEED) ** count) * (mean - known[:, 0])
        faded = known[:, 1] + FADING * np.maximum(time - known[:, 2], 0.0)
        known[:, 1], known[:, 2] = np.fmin(faded, lowest), time
        self.cells.reshape(-1, 3)[seen] = known

    def to_arrays(self) -> dict[str, Any]:
        """Return everything remembered as plain arrays."""
        return {"cells": self.cells, "groups": np.array(list(self.groups), dtype=np.str_)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> PriceMemory:
        """Return the memory that `to_arrays` described."""
        memory = cls()
        memory.cells = np.array(arrays["cells"])
        memory.groups = {str(name): at for at, name in enumerate(arrays["groups"])}
        return memory

    def _grow(self, slot: IntArray) -> None:
        missing = int(slot.max(initial=-1)) + 1 - len(self.cells)
        if missing > 0:
            self.cells = np.concatenate([self.cells, _make_cells(missing)])


def find_felt(log_ratio: FloatArray, remembered: FloatArray) -> FloatArray:
    """Return what shoppers feel at log ratios (..., k) who have `remembered` (..., 2): (..., k, 3).

    Minus the usual price; how far a price lies above it; and 1 where it is higher than the lowest
    of late. 0 where nothing is known.

    >>> find_felt(np.array([-0.1, 0.2]), np.array([0.05, -0.1])).round(2).tolist()
    [[-0.05, 0.0, 0.0], [-0.05, 0.15, 1.0]]
    """
    usual = np.broadcast_to(np.nan_to_num(remembered[..., :1]), log_ratio.shape)
    loss = np.maximum(np.nan_to_num(log_ratio - remembered[..., :1]), 0.0)
    is_higher = log_ratio > remembered[..., 1:] + TOLERANCE
    return np.stack([-usual, loss, is_higher], axis=-1)


def foresee_felt(log_ratio: FloatArray, remembered: FloatArray) -> FloatArray:
    """Return what shoppers will feel at log ratios that stay, as `find_felt` (..., k, 3).

    Memory follows the price within days: what is remembered today counts for LASTING of the time
    to come, the price itself is the usual one for the rest.

    >>> foresee_felt(np.array([-0.1, 0.2]), np.array([0.05, -0.1])).round(4).tolist()
    [[0.0775, 0.0, 0.0], [-0.1775, 0.0225, 0.15]]
    """
    felt = LASTING * find_felt(log_ratio, remembered)
    is_known = ~np.isnan(remembered[..., :1])
    felt[..., USUAL] -= (1.0 - LASTING) * np.where(is_known, log_ratio, 0.0)
    return felt


def _make_cells(items: int) -> FloatArray:
    return np.tile([0.0, np.nan, 0.0], (items, MOST_GROUPS, 1))


def _as_whole(values: FeatureArray) -> FeatureArray | None:
    """Return texts, or whole numbers as texts; None for other numbers."""
    numbers = as_numbers(values)
    if numbers is None:
        return as_texts(values)
    known = numbers[np.isfinite(numbers)]
    return numbers.astype(np.str_) if np.array_equal(known, np.rint(known)) else None
