"""Evidence about elasticities as arrays, and the sightings it is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import FloatArray, IntArray

ALARM_NUMBERS = 11  # of one `DriftAlarm`


@dataclass(frozen=True, slots=True)
class Sightings:
    """n decisions that were shown and what became of them, arrays (n,).

    `log_ratio` is (1 + z) log(shown / public), at most 0; `centered` the same less its mean over
    the prices that could have been shown, by their logged probabilities: what chance alone did to
    the price. `interest` is log(1 + z); `bought` is 1 or 0.
    """

    variant_id: IntArray
    family_id: IntArray
    log_ratio: FloatArray
    centered: FloatArray
    interest: FloatArray
    bought: FloatArray

    def __len__(self) -> int:
        return len(self.variant_id)

    @staticmethod
    def of_draws(
        *,
        variant_id: IntArray,
        family_id: IntArray,
        boost: FloatArray,
        public_minor: IntArray,
        shown_minor: IntArray,
        rung_minor: IntArray,
        probability: FloatArray,
        bought: NDArray[np.bool_],
    ) -> Sightings:
        """Return drawn decisions as sightings: what was shown of `rung_minor` (n, R), each with its
        logged `probability` (n, R), to shoppers of boost z (n,).

        >>> one = np.array([1])
        >>> seen = Sightings.of_draws(
        ...     variant_id=one, family_id=one, boost=np.zeros(1), public_minor=400 * one,
        ...     shown_minor=360 * one, rung_minor=np.array([[400, 360]]),
        ...     probability=np.array([[0.5, 0.5]]), bought=one > 0,
        ... )
        >>> seen.log_ratio.round(4).tolist(), seen.centered.round(4).tolist()
        ([-0.1054], [-0.0527])
        """
        public = public_minor.astype(np.float64)
        weight = 1.0 + boost
        shown = weight * np.log(shown_minor / public)
        ratios = weight[:, None] * np.log(rung_minor / public[:, None])
        return Sightings(
            variant_id=variant_id,
            family_id=family_id,
            log_ratio=shown,
            centered=shown - (ratios * probability).sum(axis=1),
            interest=np.log1p(boost),
            bought=bought.astype(np.float64),
        )

    @staticmethod
    def of_one(*, variant_id: int, family_id: int, log_ratio: float) -> Sightings:
        """Return one decision that was not bought, for examples."""
        half = np.array([log_ratio / 2.0])
        ids = np.array([variant_id]), np.array([family_id])
        return Sightings(*ids, np.array([log_ratio]), half, np.zeros(1), np.zeros(1))


@dataclass(frozen=True, slots=True)
class Evidence:
    """What outcomes said so far about N variants (ascending by `variant_id`), without any prior.

    `weighted` and `precision` are the natural parameters of a normal likelihood of the elasticity:
    with a prior N(m, s²) its posterior has precision 1/s² + `precision` and mean
    (m/s² + `weighted`) / (that precision). So another model can stand below the same evidence.
    `level` is the log of purchases per decision, of precision `level_precision`. `trust` in (0, 1]
    multiplies the prior's precision: below 1 after an alarm, until a model was fitted after it.
    `sent_mean` and `sent_sd` are the elasticity as it was last handed to the publisher.

    `interest` is how the log purchase rate grows with log(1 + z), with its precision; `base` counts
    purchases and decisions over all goods. `alarm_family` (F,), ascending, carries the state of
    each family's alarm, (F, 11). `model_version` is the model that `trust` is about.
    """

    variant_id: IntArray
    family_id: IntArray
    level: FloatArray
    level_precision: FloatArray
    weighted: FloatArray
    precision: FloatArray
    trust: FloatArray
    sent_mean: FloatArray
    sent_sd: FloatArray
    interest: FloatArray
    base: FloatArray
    alarm_family: IntArray
    alarm: FloatArray
    model_version: int = 0

    def __len__(self) -> int:
        return len(self.variant_id)

    @staticmethod
    def nothing(model_version: int = 0) -> Evidence:
        """Return the evidence of no sighting: one purchase in fifty decisions is believed."""
        ids, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        return Evidence(
            variant_id=ids,
            family_id=ids,
            level=none,
            level_precision=none,
            weighted=none,
            precision=none,
            trust=none,
            sent_mean=none,
            sent_sd=none,
            interest=np.array([0.0, 1.0]),
            base=np.array([1.0, 50.0]),
            alarm_family=ids,
            alarm=np.zeros((0, ALARM_NUMBERS)),
            model_version=model_version,
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays for `pack_arrays`; `from_arrays` reads them back.

        >>> Evidence.from_arrays(Evidence.nothing(3).arrays()).model_version
        3
        """
        packed: dict[str, NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        return packed | {"model_version": np.array([self.model_version])}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Evidence:
        """Return the evidence that `arrays` was made from."""
        kept = {name: arrays[name] for name in _ARRAYS}
        return Evidence(**kept, model_version=int(arrays["model_version"][0]))


_ARRAYS = tuple(name for name in Evidence.__annotations__ if name != "model_version")


def find_sorted(known: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return where each wanted id stands in ascending `known` (0 if absent), and whether it does.

    >>> find_sorted(np.array([3, 5]), np.array([5, 4]))[1].tolist()
    [True, False]
    """
    if not len(known):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=np.bool_)
    at = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
    is_there = known[at] == wanted
    return np.where(is_there, at, 0), is_there
