"""Storage format of a fit: named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray
from pricing.demand.core.choice.fit import ChoiceFit
from pricing.demand.core.choice.impressions import Columns
from pricing.demand.core.choice.layout import Calendar, Layout, Tree
from pricing.demand.core.choice.likelihood import Coefficients
from pricing.demand.core.choice.posterior import Doubt
from pricing.demand.core.choice.prior import SlopePrior
from pricing.demand.core.choice.spreads import Spreads

_NAMES = tuple(Columns.__annotations__)
_LEVELS = tuple(Coefficients.__annotations__)


def pack_fit(fit: ChoiceFit) -> dict[str, NDArray[Any]]:
    """Return a fit as named arrays for `pack_arrays`: all but the arrow.

    >>> from pricing.demand.core.choice import Impressions, fit_choice
    >>> seen = Impressions.of(
    ...     set_id=[0, 1], item=[4, 4], category=[7, 7], family=[3, 3], log_price=[0.0, 0.2],
    ...     bought=[10.0, 5.0], weight=[50.0, 50.0],
    ... )
    >>> fit = fit_choice(seen)
    >>> again = read_fit(pack_fit(fit))
    >>> bool((again.at.item == fit.at.item).all()), again.spreads == fit.spreads
    (True, True)
    """
    packed: dict[str, NDArray[Any]] = {
        f"tree_{name}": getattr(fit.tree, name) for name in Tree.__annotations__
    }
    packed |= {f"at_{name}": getattr(fit.at, name) for name in _LEVELS}
    packed |= {
        f"names_{name}": np.array(getattr(fit.layout.columns, name), dtype=np.str_)
        for name in _NAMES
    }
    calendar = fit.layout.calendar
    packed["calendar"] = np.array([float(getattr(calendar, n)) for n in Calendar.__annotations__])
    packed["own"] = np.array(fit.layout.own, dtype=np.int64)
    packed["spread_level"] = np.array([level for level, _ in fit.spreads.sd], dtype=np.int64)
    packed["spread_kind"] = np.array([kind for _, kind in fit.spreads.sd], dtype=np.str_)
    packed["spread_sd"] = np.array(list(fit.spreads.sd.values()))
    packed |= {f"doubt_{name}": getattr(fit.doubt, name) for name in _LEVELS}
    packed["shape_size"] = np.array([len(one) for one in fit.shapes], dtype=np.int64)
    packed["shape"] = np.concatenate([_triangle(one) for one in fit.shapes] or [np.zeros(0)])
    packed["seen"] = np.array([fit.log_likelihood, fit.sets, fit.rows, fit.trust])
    packed |= {"slopes_stay": np.ones(1)} if fit.slopes_stay else {}
    return packed | fit.known.arrays()


def read_fit(arrays: Mapping[str, NDArray[Any]]) -> ChoiceFit:
    """Return the fit that `arrays` was made from; it cannot draw."""
    names: dict[str, Any] = {name: tuple(arrays[f"names_{name}"].tolist()) for name in _NAMES}
    last, knots, step, has_year, has_week = arrays["calendar"].tolist()
    calendar = Calendar(last, int(knots), step, has_year=bool(has_year), has_week=bool(has_week))
    kinds = zip(arrays["spread_level"].tolist(), arrays["spread_kind"].tolist(), strict=True)
    value, sets, rows, trust = arrays["seen"].tolist()
    return ChoiceFit(
        tree=Tree(**{name: arrays[f"tree_{name}"] for name in Tree.__annotations__}),
        layout=Layout(Columns(**names), calendar, tuple(arrays["own"].tolist())),
        at=Coefficients(**{name: arrays[f"at_{name}"] for name in _LEVELS}),
        spreads=Spreads(dict(zip(kinds, arrays["spread_sd"].tolist(), strict=True))),
        doubt=Doubt(**{name: arrays[f"doubt_{name}"] for name in _LEVELS}),
        log_likelihood=value,
        sets=int(sets),
        rows=int(rows),
        trust=trust,
        slopes_stay="slopes_stay" in arrays,
        known=SlopePrior.from_arrays(arrays),
        shapes=tuple(_squares(arrays["shape"], arrays["shape_size"].tolist())),
    )


def _triangle(square: FloatArray) -> FloatArray:
    upper: FloatArray = square[np.triu_indices(len(square))]
    return upper


def _squares(packed: FloatArray, sizes: list[int]) -> list[FloatArray]:
    found, start = [], 0
    for size in sizes:
        stop = start + size * (size + 1) // 2
        square = np.zeros((size, size))
        square[np.triu_indices(size)] = packed[start:stop]
        found.append(square + np.triu(square, 1).T)
        start = stop
    return found
