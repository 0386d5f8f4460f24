"""Compression of serving arrays: single precision, unused arrays dropped, loss measured."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray
from pricing.demand.core.served import ServedDemand
from shop.ground.kernel.arrays import pack_arrays

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
