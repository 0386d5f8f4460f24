"""Training of a challenger: fit, checks, and conversion to serving arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from pricing.demand.core.backtest import Forecast
from pricing.demand.core.fitted_family import FittedFamily, fit_family
from pricing.demand.core.metrics import count_interval
from pricing.demand.core.served_family import measure_curve, measure_loss, read_slopes, serve_family
from pricing.demand.core.training import (
    HELD_OUT_WEEKS,
    MIN_ITEMS,
    Progress,
    Slot,
    Trained,
    describe_slopes,
    finish,
    held_out_rows,
    measure_forecast,
    prior_model,
)
from pricing.demand.core.training_cells import TrainingCells
from pricing.optimum.core.signals import SignalWeights

TOO_LITTLE = "there is too little history to fit another family"


def train_family(
    cells: TrainingCells,
    weights: SignalWeights,
    progress: Progress,
    slot: Slot,
    *,
    solver: str = "",
) -> Trained:
    """Fit the family of `slot` with `solver` ("": its usual one) on all weeks and compress it to
    what serving reads; figures as of `train`.

    The backtest is of the family's own forecasts; `compression` says what is lost where its price
    response is replaced by the elasticities that serve. `gate` says whether it may take the slot:
    by its elasticities beside randomised prices, never by forecast error.
    """
    weeks = cells.units.shape[1]
    if len(cells.variant_id) < MIN_ITEMS or weeks < 3 * HELD_OUT_WEEKS:
        return Trained(prior_model(weights), {"items": len(cells.variant_id)}, TOO_LITTLE)
    progress("checking on held-out weeks")
    cut = weeks - HELD_OUT_WEEKS
    metrics = _back_test(fit_family(slot.family, cells, cut, progress, solver), weights)
    fitted = fit_family(slot.family, cells, weeks, progress, solver)
    progress("compressing")
    slopes = read_slopes(fitted)
    served = serve_family(fitted, slopes, weights)
    metrics["compression"] |= measure_curve(fitted, served)
    raw = slopes.mean[slopes.known]
    metrics |= describe_slopes(cells, served, raw, served.dispersion)
    metrics |= _own_wrong_signs(fitted) | describe_end(fitted)
    return finish(cells, served, metrics, progress, slot)


def describe_end(fitted: FittedFamily) -> dict[str, Any]:
    """Return how the solver of a fit ended, {} for a family that has none to choose."""
    ends = [part.model.solution_ for part in fitted.parts if hasattr(part.model, "solution_")]
    if not ends:
        return {}
    return {
        "solver": fitted.parts[0].model.solver,
        "solver_steps": sum(one.steps for one in ends),
        "solver_gradient_max": max(one.gradient_max for one in ends),
        "solver_converged": all(one.is_converged for one in ends),
    }


def _own_wrong_signs(fitted: FittedFamily) -> dict[str, float]:
    """Return the share of wrong signs as a family says it that holds them itself, {} else."""
    told = [
        (len(part.item), part.model.wrong_sign_share_)
        for part in fitted.parts
        if hasattr(part.model, "wrong_sign_share_")
    ]
    if not told:
        return {}
    counts, shares = zip(*told, strict=True)
    return {"wrong_sign_share": float(np.average(shares, weights=counts))}


def _back_test(past: FittedFamily, weights: SignalWeights) -> dict[str, Any]:
    cells, cut = past.cells, past.until
    rows = held_out_rows(cells, cut)
    mean, sd, dispersion = past.forecast(rows, cells.price_minor)
    # Weeks nothing is asked of stay numbers: they are left out of every figure.
    mean, sd, dispersion = (
        np.nan_to_num(one, nan=fill) for one, fill in ((mean, 1.0), (sd, 0.0), (dispersion, 1.0))
    )
    later = (slice(None), slice(cut, None))
    variance = (dispersion * mean + sd**2)[later]
    forecast = Forecast(
        mean[later],
        count_interval(mean[later], variance, 0.8),
        count_interval(mean[later], variance, 0.9),
    )
    with np.errstate(invalid="ignore"):
        ratio = np.nan_to_num(np.log(cells.price_minor / past.usual_minor[:, None]))
    metrics = measure_forecast(cells, cut, forecast, ratio[later])
    served = serve_family(past, read_slopes(past), weights)
    metrics["compression"] = measure_loss(past, served, rows, mean)
    return metrics
