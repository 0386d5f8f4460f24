"""The batch form of personal prices: thousands of shoppers, each with the variants they may see.

Pairs of (shopper, variant) are laid out as one long row and priced by the same function that
prices a page, so the price book and the request path agree to the cent.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.reference import STRATEGIES
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.quote import VariantTerms, quote_prices
from pricing.optimum.core.signals import (
    RAW_SIGNALS,
    ShopperSignals,
    SignalWeights,
    find_kin,
    group_kin,
    sum_families,
)

MOST_OWN = 120
MOST_CATEGORIES = 10
POPULAR_PER_CATEGORY = 8


@dataclass(frozen=True, slots=True)
class ShopperFeatures:
    """What pricing needs of one shopper: named features and interest by category and variant."""

    shopper_id: int
    values: Mapping[str, float]
    category_affinity: Mapping[int, float]
    variant_affinity: Mapping[int, float]


@dataclass(frozen=True, slots=True)
class Entries:
    """Personal prices below the public price, by shopper: variant ids ascending, and amounts."""

    shopper_id: int
    variant_id: IntArray
    quoted_minor: IntArray


def popular_by_category(category_id: IntArray, popularity: FloatArray) -> dict[int, list[int]]:
    """Return the positions of the most popular variants of each category.

    >>> popular_by_category(np.array([5, 5, 6]), np.array([1.0, 2.0, 3.0]))
    {6: [2], 5: [1, 0]}
    """
    found: dict[int, list[int]] = {}
    for position in np.argsort(-popularity, kind="stable").tolist():
        shelf = found.setdefault(int(category_id[position]), [])
        if len(shelf) < POPULAR_PER_CATEGORY:
            shelf.append(position)
    return found


def choose_candidates(
    shopper: ShopperFeatures, variant_id: IntArray, popular: Mapping[int, Sequence[int]]
) -> IntArray:
    """Return the positions a shopper may look at: what they know, and what their categories sell.

    At most MOST_OWN + MOST_CATEGORIES * POPULAR_PER_CATEGORY positions, ascending.
    """
    own = np.array(_strongest(shopper.variant_affinity, MOST_OWN), dtype=np.int64)
    at = np.minimum(np.searchsorted(variant_id, own), max(len(variant_id) - 1, 0))
    known = at[variant_id[at] == own] if len(variant_id) else at[:0]
    popular_here = [
        position
        for category in _strongest(shopper.category_affinity, MOST_CATEGORIES)
        for position in popular.get(category, ())
    ]
    return np.unique(np.concatenate([known, np.array(popular_here, dtype=np.int64)]))


def _strongest(affinity: Mapping[int, float], most: int) -> list[int]:
    return sorted(affinity, key=lambda one: (-affinity[one], one))[:most]


def price_shoppers(
    shoppers: Sequence[ShopperFeatures],
    terms: VariantTerms,
    popular: Mapping[int, Sequence[int]],
    family_of: Mapping[int, int],
    *,
    weights: SignalWeights,
    policy: Policy,
    place: IntArray | None = None,
) -> list[Entries]:
    """Return the price-book entries of some shoppers; those without a lower price are left out.

    `place` (m,) are this week's draws of the variants of `terms`.
    """
    chosen = [choose_candidates(one, terms.variant_id, popular) for one in shoppers]
    lengths = [len(one) for one in chosen]
    if not sum(lengths):
        return []
    positions = np.concatenate(chosen)
    signals = _pair_signals(shoppers, chosen, terms, family_of)
    pairs = terms.take(positions)
    drawn = None if place is None else place[positions]
    quoted = quote_prices(signals, pairs, weights, policy, place=drawn).quoted_minor[0]
    is_lower = quoted < pairs.public_minor
    entries = []
    for shopper, end, length in zip(shoppers, np.cumsum(lengths), lengths, strict=True):
        part = slice(end - length, end)
        lower = is_lower[part]
        if lower.any():
            ids = pairs.variant_id[part][lower]
            entries.append(Entries(shopper.shopper_id, ids, quoted[part][lower]))
    return entries


def _pair_signals(
    shoppers: Sequence[ShopperFeatures],
    chosen: Sequence[IntArray],
    terms: VariantTerms,
    family_of: Mapping[int, int],
) -> ShopperSignals:
    columns: dict[str, list[FloatArray]] = {name: [] for name in RAW_SIGNALS}
    for shopper, positions in zip(shoppers, chosen, strict=True):
        categories = terms.category_id[positions].tolist()
        families = sum_families(shopper.category_affinity, family_of)
        count = len(positions)
        own = shopper.category_affinity
        itself = shopper.variant_affinity
        columns["activity"].append(np.full(count, shopper.values.get("activity", 0.0)))
        columns["deals"].append(np.full(count, shopper.values.get("discounted", 0.0)))
        columns["offers"].append(np.full(count, shopper.values.get("offer_clicks", 0.0)))
        columns["category"].append(np.array([own.get(one, 0.0) for one in categories]))
        columns["family"].append(
            np.array([families.get(family_of.get(one, one), 0.0) for one in categories])
        )
        columns["variant"].append(
            np.array([itself.get(one, 0.0) for one in terms.variant_id[positions].tolist()])
        )
    joined = {name: np.concatenate(parts)[None, :] for name, parts in columns.items()}
    return ShopperSignals(**joined)


@dataclass(slots=True)
class SegmentMeans:
    """Running means of the signals of each segment: what a member is like when nothing else is
    known."""

    counts: dict[str, int] = field(default_factory=dict)
    general: dict[str, FloatArray] = field(default_factory=dict)
    interest: dict[str, dict[int, float]] = field(default_factory=dict)

    def add(self, segment: str, shopper: ShopperFeatures) -> None:
        """Count one member."""
        self.counts[segment] = self.counts.get(segment, 0) + 1
        values = shopper.values
        named = [values.get(name, 0.0) for name in ("activity", "discounted", "offer_clicks")]
        self.general[segment] = self.general.get(segment, np.zeros(3)) + np.array(named)
        sums = self.interest.setdefault(segment, {})
        for category, value in shopper.category_affinity.items():
            sums[category] = sums.get(category, 0.0) + value

    def price(
        self,
        terms: VariantTerms,
        family_of: Mapping[int, int],
        *,
        weights: SignalWeights,
        policy: Policy,
        place: IntArray | None = None,
    ) -> tuple[tuple[str, ...], IntArray]:
        """Return the segments and their prices (S, m): those of an average member."""
        segments = tuple(sorted(self.counts))
        m = len(terms)
        prices = np.empty((len(segments), m), dtype=np.int64)
        categories = terms.category_id.tolist()
        families = [family_of.get(one, one) for one in categories]
        for row, segment in enumerate(segments):
            count = self.counts[segment]
            mean = {one: value / count for one, value in self.interest[segment].items()}
            above = sum_families(mean, family_of)
            activity, deals, offers = (self.general[segment] / count).tolist()
            signals = ShopperSignals(
                activity=np.array([[activity]]),
                deals=np.array([[deals]]),
                offers=np.array([[offers]]),
                category=np.array([[mean.get(one, 0.0) for one in categories]]),
                family=np.array([[above.get(one, 0.0) for one in families]]),
                variant=np.zeros((1, m)),
            )
            quoted = quote_prices(signals, terms, weights, policy, place=place)
            prices[row] = quoted.quoted_minor[0]
        return segments, prices


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
