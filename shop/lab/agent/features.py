"""Columns made of named features: standardised, with labels, bends, and products of pairs.

A column costs nothing where it tells nothing: mains, bends ("age~2") and products ("age*visits")
have spreads of their own, learned from how far their effects were found to lie from 0.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray

QUANTILES = (0.25, 0.5, 0.75)  # where the effect of a number may bend
CLIP = 3.5  # standard deviations
MOST_MAINS = 12  # with more mains there are no products
MOST_LABELS = 24  # rarer ones count as the commonest
MOST_CODES = 6  # whole numbers of so few values may be codes, not amounts
UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: a number (centre, scale, bends in standard units; its values, where it may be a
    code; whether it may be unknown) or labels."""

    name: str
    centre: float = 0.0
    scale: float = 1.0
    bends: tuple[float, ...] = ()
    codes: tuple[float, ...] = ()
    has_unknown: bool = False
    labels: tuple[str, ...] = ()

    @staticmethod
    def of(name: str, values: NDArray[Any]) -> Feature:
        """Return how to read a feature from its values (T,): texts are labels, the commonest of
        which counts as the usual one; of numbers, NaN is unknown."""
        numbers = as_numbers(values)
        if numbers is None:
            labels, count = np.unique(as_texts(values), return_counts=True)
            order = np.argsort(-count, kind="stable")[: MOST_LABELS + 1]
            return Feature(name, labels=tuple(labels[order].tolist()))
        known = numbers[np.isfinite(numbers)]
        unknown = len(known) < len(numbers)
        if not len(known) or known.std() == 0.0:
            centre = float(known.mean()) if len(known) else 0.0
            return Feature(name, centre=centre, has_unknown=unknown)
        centre, scale = float(known.mean()), float(known.std())
        some, codes = np.unique(known), tuple[float, ...]()
        if 2 < len(some) <= MOST_CODES and np.array_equal(some, np.rint(some)):
            codes = tuple(some.tolist())
        bends = np.unique(np.quantile((known - centre) / scale, QUANTILES).round(6)).tolist()
        is_bent = len(some) > 3 and not codes
        return Feature(name, centre, scale, tuple(bends) if is_bent else (), codes, unknown)

    def mains(self, values: NDArray[Any]) -> dict[str, FloatArray]:
        """Return the columns without bends by name; an unknown number counts as the mean."""
        if self.labels:
            texts = as_texts(values)
            return {
                f"{self.name}={one}": (texts == one).astype(np.float64) for one in self.labels[1:]
            }
        numbers = as_numbers(values)
        numbers = np.full(len(values), np.nan) if numbers is None else numbers
        found = {self.name: self._standard(numbers)}
        found |= {f"{self.name}={one:g}": (numbers == one) * 1.0 for one in self.codes}
        if self.has_unknown:
            found[f"{self.name}={UNKNOWN}"] = (~np.isfinite(numbers)).astype(np.float64)
        return found

    def bent(self, standard: FloatArray) -> dict[str, FloatArray]:
        """Return what lies above each bend, by name, of standardised values."""
        return {
            f"{self.name}~{place}": np.maximum(standard - bend, 0.0) - max(-bend, 0.0)
            for place, bend in enumerate(self.bends)
        }

    def _standard(self, numbers: FloatArray) -> FloatArray:
        z = np.clip((numbers - self.centre) / self.scale, -CLIP, CLIP)
        filled: FloatArray = np.where(np.isfinite(z), z, 0.0)
        return filled


@dataclass(frozen=True, slots=True)
class Features:
    """How named features become columns. Made once of what is known, kept with the fit.

    Each column is less its mean among the values it was made of, so that levels and slopes are
    those of the mean shopper.

    >>> rng = np.random.default_rng(0)
    >>> raw = {"age": rng.normal(40.0, 10.0, 99), "channel": np.array(["app", "web", "web"] * 33)}
    >>> features = Features.of(raw)
    >>> features.names
    ('age', 'channel=app', 'age~0', 'age~1', 'age~2', 'age*channel=app')
    >>> bool(np.allclose(features.columns(raw).mean(axis=0), 0.0))
    True
    >>> features.keep({"age~1"}).names
    ('age', 'channel=app', 'age~1')
    """

    features: tuple[Feature, ...] = ()
    names: tuple[str, ...] = ()
    means: tuple[float, ...] = ()

    @staticmethod
    def of(raw: Mapping[str, NDArray[Any]]) -> Features:
        """Return the columns that named features (T,) can have, products of all pairs of mains
        (but labels of one feature) included."""
        made = Features(tuple(Feature.of(name, values) for name, values in raw.items()))
        built = made._build(raw, None)
        means = tuple(float(one.mean()) if len(one) else 0.0 for one in built.values())
        return replace(made, names=tuple(built), means=means)

    def keep(self, wanted: Collection[str]) -> Features:
        """Return the same with those bends and products only that are `wanted`."""
        kept = [
            (name, mean)
            for name, mean in zip(self.names, self.means, strict=True)
            if name in wanted or not ("~" in name or "*" in name)
        ]
        names, means = [name for name, _ in kept], [mean for _, mean in kept]
        return replace(self, names=tuple(names), means=tuple(means))

    def columns(self, raw: Mapping[str, NDArray[Any]]) -> FloatArray:
        """Return the columns (T, K) of `names`; a feature that is not given counts as unknown."""
        if not self.names:
            return np.zeros((_count(raw), 0))
        built = self._build(raw, set(self.names))
        stacked = np.stack([built[name] for name in self.names], axis=1)
        less: FloatArray = stacked - np.array(self.means)
        return less

    def _build(
        self, raw: Mapping[str, NDArray[Any]], wanted: set[str] | None
    ) -> dict[str, FloatArray]:
        mains: dict[str, FloatArray] = {}
        bent: dict[str, FloatArray] = {}
        owner: dict[str, str] = {}
        for one in self.features:
            found = one.mains(raw.get(one.name, np.full(_count(raw), np.nan)))
            mains |= found
            owner |= dict.fromkeys(found, one.name)
            if one.bends and (wanted is None or any(f"{one.name}~" in name for name in wanted)):
                bent |= one.bent(found[one.name])
        pairs = combinations(mains, 2) if len(mains) <= MOST_MAINS else ()
        products = {
            f"{a}*{b}": mains[a] * mains[b]
            for a, b in pairs
            if owner[a] != owner[b] and (wanted is None or f"{a}*{b}" in wanted)
        }
        return mains | bent | products


def _count(raw: Mapping[str, NDArray[Any]]) -> int:
    return max((len(values) for values in raw.values()), default=0)


def as_numbers(values: NDArray[Any]) -> FloatArray | None:
    """Return numeric values as floats (infinite = unknown), or None where they are texts.

    >>> as_numbers(np.array([1, None], dtype=object)), as_numbers(np.array(["a"])) is None
    (array([ 1., nan]), True)
    """
    if values.dtype.kind in "biuf":
        numbers = values.astype(float)
        return np.where(np.isfinite(numbers), numbers, np.nan)
    if values.dtype.kind == "O" and not any(isinstance(value, str) for value in values):
        return np.array([np.nan if value is None else float(value) for value in values])
    return None


def as_texts(values: NDArray[Any]) -> NDArray[Any]:
    """Return textual values; None becomes the label UNKNOWN.

    >>> as_texts(np.array(["a", None], dtype=object)).tolist() == ["a", UNKNOWN]
    True
    """
    if values.dtype.kind == "U":
        return values
    if values.dtype.kind == "S":
        return np.char.decode(values, "utf-8", "replace")
    return np.array([UNKNOWN if value is None else str(value) for value in values], dtype=np.str_)
