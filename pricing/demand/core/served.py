"""A fitted model as plain arrays: what prices are made from, item by item, with fall-backs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.shrink import positive_moments
from pricing.demand.core.training_cells import COLUMNS, OWN_PRICE
from pricing.optimum.core.signals import SignalWeights
from shop.ground.kernel.arrays import pack_arrays

WEEKS_OF_YEAR = 53


@dataclass(frozen=True, slots=True)
class ServedDemand:
    """Elasticities of items, families and all products, and what a demand curve needs.

    Items (N,) are ascending by `variant_id`; `base_log` is the log of weekly units at the usual
    price without promotion, local level included; `usual_minor` the usual price. Families (F,) are
    ascending by `family_id`. `is_causal` says that a randomised source backs the elasticity;
    without one it is observational and may move a public price a price point beyond those seen of
    late.
    """

    variant_id: IntArray
    elasticity: FloatArray
    elasticity_sd: FloatArray
    base_log: FloatArray
    usual_minor: FloatArray
    dispersion: FloatArray
    is_causal: BoolArray
    family_id: IntArray
    family_elasticity: FloatArray
    family_elasticity_sd: FloatArray
    global_elasticity: FloatArray
    department_id: IntArray
    season: FloatArray
    weights: SignalWeights

    def elasticities(self, variant_id: IntArray, family_id: IntArray) -> tuple[FloatArray, ...]:
        """Return mean, sd and depth (0 item, 1 family, 2 all products) of each variant's
        elasticity.

        >>> served = example_served()
        >>> mean, sd, depth = served.elasticities(np.array([7, 8, 9]), np.array([1, 1, 5]))
        >>> mean.tolist(), depth.tolist()
        ([2.0, 1.5, 1.2], [0, 1, 2])
        """
        item, has_item = find_sorted(self.variant_id, variant_id)
        family, has_family = find_sorted(self.family_id, family_id)
        mean = np.full(len(variant_id), self.global_elasticity[0])
        sd = np.full(len(variant_id), self.global_elasticity[1])
        if len(self.family_id):
            mean = np.where(has_family, self.family_elasticity[family], mean)
            sd = np.where(has_family, self.family_elasticity_sd[family], sd)
        if len(self.variant_id):
            mean = np.where(has_item, self.elasticity[item], mean)
            sd = np.where(has_item, self.elasticity_sd[item], sd)
        depth = np.where(has_item, 0, np.where(has_family, 1, 2))
        return mean, sd, depth

    def expect_weekly(
        self, variant_id: IntArray, price_minor: IntArray, elasticity: FloatArray
    ) -> FloatArray:
        """Return expected units a week at prices (m,), exp(base) (p / usual)^-e of each item's own
        fit at `elasticity` (m,); NaN where never modelled.

        >>> two = np.array([7, 8])
        >>> example_served().expect_weekly(two, np.array([400, 400]), np.ones(2)).round(2).tolist()
        [20.09, nan]
        """
        at, is_known = find_sorted(self.variant_id, variant_id)
        if not is_known.any():
            return np.full(len(variant_id), np.nan)
        away = np.log(price_minor / self.usual_minor[at])
        return np.where(is_known, np.exp(self.base_log[at] - elasticity * away), np.nan)

    def backed_by_chance(self, variant_id: IntArray, family_id: IntArray) -> BoolArray:
        """Return whose elasticity a randomised source backs, (m,): here each variant's own.

        >>> example_served().backed_by_chance(np.array([7, 8]), np.array([1, 1])).tolist()
        [False, False]
        """
        at, is_known = find_sorted(self.variant_id, variant_id)
        if not is_known.any():
            return is_known
        found: BoolArray = is_known & self.is_causal[at]
        return found

    @property
    def asks_certainty(self) -> bool:
        """Whether a change of price needs more than an even chance to pay: weekly sales, which do
        not tell who looked and did not buy, may be wrong the same way everywhere."""
        return True

    def siblings_lose(self, family_id: IntArray) -> FloatArray:
        """Return the share of the units a lower price wins that siblings lose, (m,): not known of
        weekly sales, 0.

        >>> example_served().siblings_lose(np.array([1, 5])).tolist()
        [0.0, 0.0]
        """
        return np.zeros(len(family_id))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays for `pack_arrays`; `from_arrays` reads them back."""
        packed: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        numbers = self.weights.as_numbers()
        packed["weight_values"] = np.array([numbers[name] for name in sorted(numbers)])
        packed["weight_names"] = np.array(sorted(numbers))
        return packed

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> ServedDemand:
        """Return the model that `arrays` was made from.

        >>> served = example_served()
        >>> ServedDemand.from_arrays(served.arrays()).weights == served.weights
        True
        """
        names, values = arrays["weight_names"].tolist(), arrays["weight_values"].tolist()
        weights = SignalWeights(**dict(zip(names, values, strict=True)))
        return ServedDemand(**{name: _widen(arrays[name]) for name in _ARRAYS}, weights=weights)


_ARRAYS = tuple(name for name in ServedDemand.__annotations__ if name != "weights")


def _widen(array: NDArray[Any]) -> NDArray[Any]:
    """Return stored numbers in double precision: they may have been compressed."""
    wide = {"f": np.float64, "i": np.int64}
    return array.astype(wide.get(array.dtype.kind, array.dtype), copy=False)


def find_sorted(sorted_ids: IntArray, wanted: IntArray) -> tuple[IntArray, BoolArray]:
    """Return the position of each wanted id (0 if absent) and whether it is there."""
    if not len(sorted_ids):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    is_there = sorted_ids[at] == wanted
    return np.where(is_there, at, 0), is_there


def serve(
    model: PooledPoisson,
    *,
    variant_id: IntArray,
    usual_log_price: FloatArray,
    family_id: IntArray,
    department_id: IntArray,
    week_of_year: IntArray,
    weights: SignalWeights,
) -> ServedDemand:
    """Return the serving arrays of a fitted model.

    `variant_id` (N,) ascending and `usual_log_price` (N,) in minor units describe its items,
    `family_id` (C,) and `department_id` (D,) the ids behind its category and department numbers,
    `week_of_year` (W,) in 0..52 its weeks.
    """
    learned = model.hierarchy_
    family_sd = np.sqrt(
        learned.item_covariance[OWN_PRICE, OWN_PRICE] + learned.category_variance[:, OWN_PRICE]
    )
    family = positive_moments(-learned.category_mean[:, OWN_PRICE], family_sd)
    between = learned.category_mean[:, OWN_PRICE].var()
    global_sd = np.sqrt(learned.item_covariance[OWN_PRICE, OWN_PRICE] + between)
    overall = positive_moments(-learned.mean[[OWN_PRICE]], global_sd[None])
    order = np.argsort(family_id)
    return ServedDemand(
        variant_id=variant_id,
        elasticity=model.elasticity_,
        elasticity_sd=model.elasticity_sd_,
        base_log=model.coef_[:, COLUMNS.index("level")] + np.log(model.level_),
        usual_minor=np.exp(usual_log_price),
        dispersion=model.dispersion_,
        is_causal=np.zeros(len(variant_id), dtype=np.bool_),
        family_id=family_id[order],
        family_elasticity=family[0][order],
        family_elasticity_sd=family[1][order],
        global_elasticity=np.array([overall[0][0], overall[1][0]]),
        department_id=department_id,
        season=season_by_week_of_year(model.season_, week_of_year),
        weights=weights,
    )


def season_by_week_of_year(season: FloatArray, week_of_year: IntArray) -> FloatArray:
    """Return the mean log effect of each week of the year (D, 53); 0 for weeks never seen.

    >>> season_by_week_of_year(np.array([[0.1, 0.3]]), np.array([0, 0]))[0, :2].round(2).tolist()
    [0.2, 0.0]
    """
    table = np.zeros((len(season), WEEKS_OF_YEAR))
    count = np.bincount(week_of_year, minlength=WEEKS_OF_YEAR)
    for row, effects in enumerate(season):
        table[row] = np.bincount(week_of_year, effects, WEEKS_OF_YEAR)
    return table / np.maximum(count, 1)


def example_served() -> ServedDemand:
    """Return a model of one item for examples."""
    return ServedDemand(
        variant_id=np.array([7]),
        elasticity=np.array([2.0]),
        elasticity_sd=np.array([0.3]),
        base_log=np.array([3.0]),
        usual_minor=np.array([400.0]),
        dispersion=np.array([1.5]),
        is_causal=np.array([False]),
        family_id=np.array([1]),
        family_elasticity=np.array([1.5]),
        family_elasticity_sd=np.array([0.5]),
        global_elasticity=np.array([1.2, 0.7]),
        department_id=np.array([1]),
        season=np.zeros((1, WEEKS_OF_YEAR)),
        weights=SignalWeights(),
    )


# Season effects smaller than this change a forecast by less than a thousandth: they become 0.
SMALLEST_EFFECT = 1e-3
# What compression may cost before it is refused: a ten-thousandth of an elasticity or of units.
MOST_LOSS = 1e-4


def compress_served(served: ServedDemand) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """Return the arrays to store for a served model, and what was saved and lost.

    Floats become single precision, ids the smallest integers that hold them, negligible season
    effects 0. `ServedDemand.from_arrays` reads both forms. Loss is the largest relative error of
    elasticities, their sds and units at the usual price; above MOST_LOSS the arrays stay as they
    were and `is_compressed` is False.

    >>> from pricing.demand.core.served import example_served
    >>> small, figures = compress_served(example_served())
    >>> small["elasticity"].dtype.name, figures["is_compressed"]
    ('float32', True)
    """
    whole = served.arrays()
    small = {name: _shrink(name, array) for name, array in whole.items()}
    loss = measure_loss(served, ServedDemand.from_arrays(small))
    is_small = loss <= MOST_LOSS
    kept = small if is_small else whole
    figures = {
        "is_compressed": is_small,
        "bytes_before": len(pack_arrays(whole)),
        "bytes_after": len(pack_arrays(kept)),
        "memory_before": sum(array.nbytes for array in whole.values()),
        "memory_after": sum(array.nbytes for array in kept.values()),
        "largest_relative_loss": float(f"{loss if is_small else 0.0:.3g}"),
    }
    return kept, figures


def measure_loss(served: ServedDemand, other: ServedDemand) -> float:
    """Return the largest relative difference of what prices are made from; inf if not finite."""
    pairs = (
        (served.elasticity, other.elasticity),
        (served.elasticity_sd, other.elasticity_sd),
        (served.family_elasticity, other.family_elasticity),
        (served.family_elasticity_sd, other.family_elasticity_sd),
        (np.exp(served.base_log), np.exp(other.base_log)),
        (served.usual_minor, other.usual_minor),
    )
    return max(_relative(one, two) for one, two in pairs)


def _relative(one: FloatArray, two: FloatArray) -> float:
    if not len(one):
        return 0.0
    gap = np.abs(one - two) / np.maximum(np.abs(one), 1e-12)
    return float(gap.max()) if np.isfinite(gap).all() else float("inf")


def _shrink(name: str, array: NDArray[Any]) -> NDArray[Any]:
    # A handful of named weights decide every personal price: they keep all their digits.
    if name.startswith("weight") or array.dtype.kind not in "fi":
        return array
    if array.dtype.kind == "i":
        fits = not array.size or np.abs(array).max() <= np.iinfo(np.int32).max
        return array.astype(np.int32) if fits else array
    if name == "season":
        array = np.where(np.abs(array) < SMALLEST_EFFECT, 0.0, array)
    return array.astype(np.float32)
