"""A price book in memory: arrays of all variants of a market's channel, and what prices need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.arrays import BoolArray, FloatArray, IntArray
from pricing.base.core.reference import STRATEGIES
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import SignalWeights, find_kin, group_kin

# The scope of the kill switch that stops price tests of a market and nothing else.
TESTS = "tests"
TERM_ARRAYS = (
    "variant_id",
    "public_minor",
    "list_minor",
    "floor_minor",
    "unit_cost",
    "elasticity",
    "elasticity_sd",
    "category_id",
    "is_open",
)


@dataclass(frozen=True, slots=True)
class Book:
    """One version of the price book. Arrays (m,) follow the order of `terms.variant_id`.

    `references` holds the legal "was" amounts by strategy, 0 where none; `segment_minor` (S, m)
    the prices of each segment in `segments`; `family_of` maps a category to the one above it,
    `kin` the way back (see `group_kin`), `paths` a category to its path. `is_test` says that chance
    or an arm of an experiment moved the public price (m,). `learned_ms` is when the model, or a
    night on top of it, was fitted, 0 without a model. The elasticities in `terms` are those of a
    shopper without signals: the market's, divided by `sensitivity_mean` (m,).
    """

    version: int
    model_version: int
    policy_version: int
    currency: str
    learned_ms: int
    terms: VariantTerms
    sensitivity_mean: FloatArray
    references: Mapping[str, IntArray]
    measure_amount: NDArray[np.float64]
    measure_unit: NDArray[np.int8]
    sku: NDArray[np.str_]
    segments: tuple[str, ...]
    segment_minor: IntArray
    family_of: Mapping[int, int]
    paths: Mapping[int, str]
    weights: SignalWeights
    is_test: BoolArray
    kin: Mapping[int, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "kin", group_kin(self.family_of))

    def kin_of(self, category_ids: IntArray) -> list[int]:
        """Return all categories whose interest counts for variants of `category_ids`."""
        return find_kin(category_ids, self.family_of, self.kin)

    def find(self, variant_ids: IntArray) -> tuple[IntArray, BoolArray]:
        """Return the position of each id (0 if unknown) and whether it is in the book."""
        own = self.terms.variant_id
        if not len(own):
            return np.zeros(len(variant_ids), np.int64), np.zeros(len(variant_ids), np.bool_)
        at = np.minimum(np.searchsorted(own, variant_ids), len(own) - 1)
        is_there = own[at] == variant_ids
        return np.where(is_there, at, 0), is_there

    def closed_by(self, scope: str, key: str, market: str) -> BoolArray | bool:
        """Return which variants' personal prices a kill switch stops, (m,) or for all."""
        if scope == TESTS:
            return False
        if scope == "global":
            return True
        if scope == "market":
            return key == market
        if scope == "model":
            return key == str(self.model_version)
        if scope == "sku":
            return np.asarray(self.sku == key, dtype=np.bool_)
        below = [
            one for one, path in self.paths.items() if path == key or path.startswith(f"{key}/")
        ]
        return np.isin(self.terms.category_id, below)

    def untested_by(self, scope: str, key: str, market: str) -> BoolArray | bool:
        """Return which variants a kill switch keeps from price tests, (m,) or for all: those it
        closes, and all of a market whose tests are off."""
        return key == market if scope == TESTS else self.closed_by(scope, key, market)


def book_arrays(book: Book) -> dict[str, NDArray[Any]]:
    """Return a book's arrays by name, for `pack_arrays`."""
    names = (*TERM_ARRAYS, "extra_cost")
    arrays: dict[str, NDArray[Any]] = {name: getattr(book.terms, name) for name in names}
    for strategy in STRATEGIES:
        arrays[f"reference_{strategy}"] = book.references[strategy]
    numbers = book.weights.as_numbers()
    categories = sorted(book.paths)
    return arrays | {
        "learned_ms": np.array([book.learned_ms], dtype=np.int64),
        "sensitivity_mean": book.sensitivity_mean,
        "is_test": book.is_test,
        "measure_amount": book.measure_amount,
        "measure_unit": book.measure_unit,
        "sku": book.sku,
        "segments": np.array(book.segments, dtype=np.str_),
        "segment_minor": book.segment_minor,
        "categories": np.array(categories, dtype=np.int64),
        "families": np.array([book.family_of.get(one, one) for one in categories], dtype=np.int64),
        "paths": np.array([book.paths[one] for one in categories], dtype=np.str_),
        "weight_names": np.array(sorted(numbers), dtype=np.str_),
        "weight_values": np.array([numbers[name] for name in sorted(numbers)]),
    }


def read_book(
    arrays: Mapping[str, NDArray[Any]],
    *,
    version: int,
    model_version: int,
    policy_version: int,
    currency: str,
    exponent: int,
    trained_ms: int,
) -> Book:
    """Return the book that `book_arrays` was given.

    Books stored before `sensitivity_mean` was kept divided by 1; those before `extra_cost` have
    none, those before `is_test` do not say what was tested, and those before `learned_ms` know when
    their model was trained.
    """
    categories: Sequence[int] = arrays["categories"].tolist()
    mean = arrays.get("sensitivity_mean", np.ones(len(arrays["variant_id"])))
    names, values = arrays["weight_names"].tolist(), arrays["weight_values"].tolist()
    return Book(
        version=version,
        model_version=model_version,
        policy_version=policy_version,
        currency=currency,
        learned_ms=int(arrays.get("learned_ms", np.array([trained_ms]))[0]),
        terms=VariantTerms(
            **{name: arrays[name] for name in TERM_ARRAYS},
            exponent=exponent,
            extra_cost=arrays.get("extra_cost", np.zeros(len(mean))),
        ),
        sensitivity_mean=mean,
        references={name: arrays[f"reference_{name}"] for name in STRATEGIES},
        measure_amount=arrays["measure_amount"],
        measure_unit=arrays["measure_unit"],
        sku=arrays["sku"],
        segments=tuple(arrays["segments"].tolist()),
        segment_minor=arrays["segment_minor"],
        family_of=dict(zip(categories, arrays["families"].tolist(), strict=True)),
        paths=dict(zip(categories, arrays["paths"].tolist(), strict=True)),
        weights=SignalWeights(**dict(zip(names, values, strict=True))),
        is_test=arrays.get("is_test", np.zeros(len(mean), dtype=np.bool_)),
    )
