"""Price sensitivity from a shopper's own behavior: non-negative, growing, saturating.

Monotone by construction: every signal is a sum that one more event can only raise, every weight is
non-negative, and a stronger signal can only lower a price. So nobody pays more for having visited,
bought or spent more. Never used: spend, age, device, place, or shares that can fall with loyalty.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import numpy as np

from pricing.base.core.values import FloatArray, IntArray

# Names in the feature registry of the profiles room that a price may use.
SIGNAL_FEATURES = (
    "activity",
    "discounted",
    "offer_clicks",
    "category_affinity",
    "variant_affinity",
)
# Those of them that are sums of everything a shopper did.
GENERAL_FEATURES = ("activity", "discounted", "offer_clicks")
SIGNALS = ("deals", "offers", "category", "family", "variant")
RAW_SIGNALS = ("activity", *SIGNALS)
# Which named factor a signal belongs to when a price is explained.
FACTOR_OF = {
    "deals": "deals",
    "offers": "offers",
    "category": "interest",
    "family": "interest",
    "variant": "interest",
}


@dataclass(frozen=True, slots=True)
class SignalWeights:
    """How much each signal raises price sensitivity at full strength, and its half-way point.

    A weight w makes the elasticity (1 + w) times as large when the signal is saturated; a scale k
    is the decayed sum at which it is half as strong. All begin as a policy prior: who looks again
    and again without buying is near the price at which they would. `deals` is fitted on purchases
    where shoppers' own response is shown to be real (`household_response`). Decisions that sold
    move all weights from there, the more the more there are: `fit` is the fit of impressions they
    are of, 0 where they are the model version's own.

    >>> SignalWeights().deals >= 0
    True
    """

    deals: float = 0.25
    offers: float = 0.10
    category: float = 0.80
    family: float = 1.60
    variant: float = 1.00
    activity_scale: float = 1.5
    deals_scale: float = 40.0
    offers_scale: float = 3.0
    category_scale: float = 3.0
    family_scale: float = 3.0
    variant_scale: float = 3.0
    fit: float = 0

    def __post_init__(self) -> None:
        for item in fields(self):
            value = getattr(self, item.name)
            is_scale = item.name.endswith("_scale")
            if not np.isfinite(value) or value < 0 or (is_scale and value == 0):
                raise ValueError(f"{item.name} must be finite and not negative, not {value}")

    def as_numbers(self) -> dict[str, float]:
        """Return weights, scales and the fit by name, for storing."""
        return {name: float(value) for name, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class ShopperSignals:
    """Raw decayed sums of n shoppers for m variants.

    `activity` (n, 1): recent visits (views, clicks, searches, cart); `deals` (n, 1): lines bought
    on offer; `offers` (n, 1): offers opened; `category` (n, m): interest in the variant's own
    type; `family` (n, m): interest in the category above it, siblings included; `variant` (n, m):
    interest in the variant itself. Interest counts a view 1, an addition to the cart 2, a
    purchase 3.
    """

    activity: FloatArray
    deals: FloatArray
    offers: FloatArray
    category: FloatArray
    family: FloatArray
    variant: FloatArray

    def without(self, factor: str) -> ShopperSignals:
        """Return the signals as if nothing were known of `factor`, a value of FACTOR_OF."""
        kept = {name: getattr(self, name) for name in RAW_SIGNALS}
        for name in SIGNALS:
            if FACTOR_OF[name] == factor:
                kept[name] = np.zeros_like(kept[name])
        return ShopperSignals(**kept)

    def has(self, factor: str) -> bool:
        """Return whether anything is known of `factor`."""
        return any(getattr(self, name).any() for name in SIGNALS if FACTOR_OF[name] == factor)


def saturate(sums: FloatArray, scale: float) -> FloatArray:
    """Return s / (s + k): 0 at nothing, 1/2 at k, towards 1; increasing. Garbage counts as nothing.

    >>> saturate(np.array([0.0, 3.0, np.nan, -1.0]), 3.0).tolist()
    [0.0, 0.5, 0.0, 0.0]
    """
    clean = np.where(np.isfinite(sums) & (sums > 0.0), sums, 0.0)
    return clean / (clean + scale)


def strengths(signals: ShopperSignals, weights: SignalWeights) -> dict[str, FloatArray]:
    """Return the part of z that each signal adds, each (n, m), in the order SIGNALS.

    Interest counts as far as the shopper has been looking around lately (`activity`): a regular
    buyer who is not looking pays what everybody pays. What a shopper did in general (deals,
    offers) counts only where there is interest in the variant's family: a price is personal for a
    reason one can see.
    """
    raw = {
        name: getattr(weights, name)
        * saturate(getattr(signals, name), getattr(weights, f"{name}_scale"))
        for name in SIGNALS
    }
    looking = saturate(signals.activity, weights.activity_scale)
    # Of what is known, not of its weight: a weight may be learned to be 0.
    has_interest = (signals.category > 0.0) | (signals.family > 0.0) | (signals.variant > 0.0)
    general = {name: np.where(has_interest, raw[name], 0.0) for name in ("deals", "offers")}
    interest = {name: looking * raw[name] for name in ("category", "family", "variant")}
    return general | interest


def sensitivity_boost(signals: ShopperSignals, weights: SignalWeights) -> FloatArray:
    """Return z (n, m) >= 0: the shopper's elasticity is (1 + z) times the variant's.

    Sums are spelled out so that one shopper and a thousand give the same bits.

    >>> none, three = np.zeros((1, 1)), np.array([[3.0]])
    >>> seen = ShopperSignals(three, none, none, np.array([[1.0]]), three, none)
    >>> round(float(sensitivity_boost(seen, SignalWeights())[0, 0]), 4)
    0.6667
    """
    s = strengths(signals, weights)
    return (((s["deals"] + s["offers"]) + s["category"]) + s["family"]) + s["variant"]


def gather_signals(
    rows: Sequence[Mapping[str, float]],
    affinities: Sequence[tuple[Mapping[int, float], Mapping[int, float]]],
    variant_id: IntArray,
    category: IntArray,
    family_of: Mapping[int, int],
) -> ShopperSignals:
    """Return the signals of n shoppers for m variants from their feature rows.

    `rows` hold named features; `affinities` (category, variant) interest by id; `category` (m,) is
    the category id of each variant and `family_of` maps a category id to the one above it.

    >>> signals = gather_signals(
    ...     [{"activity": 4.0, "discounted": 2.0}], [({5: 1.0, 6: 2.0}, {9: 3.0})],
    ...     np.array([9]), np.array([5]), {5: 1, 6: 1},
    ... )
    >>> [float(getattr(signals, name)[0, 0]) for name in RAW_SIGNALS]
    [4.0, 2.0, 0.0, 1.0, 3.0, 3.0]
    """
    n, m = len(rows), len(variant_id)
    variants, categories = variant_id.tolist(), category.tolist()
    families = [family_of.get(one, one) for one in categories]
    own, above, itself = np.zeros((n, m)), np.zeros((n, m)), np.zeros((n, m))
    for i, (by_category, by_variant) in enumerate(affinities):
        if by_category:
            by_family = sum_families(by_category, family_of)
            own[i] = [by_category.get(one, 0.0) for one in categories]
            above[i] = [by_family.get(one, 0.0) for one in families]
        if by_variant:
            itself[i] = [by_variant.get(one, 0.0) for one in variants]
    return ShopperSignals(
        activity=np.array([[row.get("activity", 0.0)] for row in rows], dtype=np.float64),
        deals=np.array([[row.get("discounted", 0.0)] for row in rows], dtype=np.float64),
        offers=np.array([[row.get("offer_clicks", 0.0)] for row in rows], dtype=np.float64),
        category=own,
        family=above,
        variant=itself,
    )


def sum_families(
    by_category: Mapping[int, float], family_of: Mapping[int, int]
) -> dict[int, float]:
    """Return interest by the category above, siblings summed; negative sums count as nothing.

    >>> sum_families({5: 1.0, 6: 2.0, 9: 4.0}, {5: 1, 6: 1})
    {1: 3.0, 9: 4.0}
    """
    sums: dict[int, float] = {}
    # In order of id: a sum must not depend on the order in which Redis or SQL returned its parts.
    for one in sorted(by_category):
        family = family_of.get(one, one)
        sums[family] = sums.get(family, 0.0) + max(0.0, by_category[one])
    return sums


def group_kin(family_of: Mapping[int, int]) -> dict[int, tuple[int, ...]]:
    """Return the categories that `sum_families` adds up, by the category above, ascending.

    >>> group_kin({5: 1, 6: 1, 1: 1, 9: 8})
    {1: (1, 5, 6), 8: (8, 9)}
    """
    kin: dict[int, set[int]] = {}
    for one, family in family_of.items():
        kin.setdefault(family, set()).add(one)
    # A family that nobody places elsewhere is its own.
    return {
        family: tuple(sorted(ones | {family} if family not in family_of else ones))
        for family, ones in kin.items()
    }


def find_kin(
    category_ids: IntArray, family_of: Mapping[int, int], kin: Mapping[int, Sequence[int]]
) -> list[int]:
    """Return all categories whose interest counts for variants of `category_ids`.

    >>> find_kin(np.array([5, 7]), {5: 1, 6: 1}, {1: (1, 5, 6)})
    [1, 5, 6, 7]
    """
    families = {family_of.get(one, one) for one in category_ids.tolist()}
    return [one for family in sorted(families) for one in kin.get(family, (family,))]
