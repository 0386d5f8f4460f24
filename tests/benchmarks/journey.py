"""Weekly demand on the Complete Journey by the fixed protocol, and elasticities on known truth."""

from __future__ import annotations

import numpy as np

from pricing.core.demand import (
    OWN_PRICE,
    make_families,
    mean_poisson_deviance,
    residualized_elasticity,
    shock_debias,
    wmape,
)
from pricing.core.demand.leaderboard import score, take
from tests.benchmarks.measure import Figures
from tests.statistical.pricing.endogenous import CONTROLS, make_endogenous
from tests.statistical.pricing.journey import (
    TRAIN_WEEKS,
    Yardstick,
    find_moved,
    fit_champion,
    load_yardstick,
)

TARGETS = {
    "journey_wmape": ("<=", 0.470),
    "journey_deviance": ("<=", 3.05),
    "journey_negative_share": (">=", 0.99),
    "elasticity_mape_5pct": ("<=", 0.18),
    "elasticity_coverage90_low": (">=", 0.88),
    "elasticity_coverage90": ("<=", 0.92),
}
DRAWS, SEEDS = 500, 40
UNSEEN = 1_000  # the first of the markets that nothing was tuned on


def measure() -> Figures:
    """Return forecast errors of weeks 44-53 with intervals, and of elasticities over seeds."""
    return measure_journey() | measure_elasticities()


def measure_journey() -> Figures:
    """Return WMAPE and deviance with 95 % intervals over products, and the share of negative
    elasticities among products whose price moved: as served, and before the sign was held."""
    cells = load_yardstick()
    model, design = fit_champion(cells)
    forecast = model.predict(design[:, :, TRAIN_WEEKS:], cells.department)
    actual = cells.units[:, :, TRAIN_WEEKS:]
    moved = find_moved(cells, 0.02)
    rng = np.random.default_rng(1)
    draws = rng.integers(0, len(actual), (DRAWS, len(actual)))
    errors = np.array([wmape(actual[draw], forecast[draw]) for draw in draws])
    deviances = np.array([mean_poisson_deviance(actual[draw], forecast[draw]) for draw in draws])
    return {
        "journey_wmape": round(wmape(actual, forecast), 4),
        "journey_wmape_interval": _interval(errors),
        "journey_deviance": round(mean_poisson_deviance(actual, forecast), 4),
        "journey_deviance_interval": _interval(deviances),
        "journey_negative_share": round(float(np.mean(model.elasticity_[moved] > 0)), 4),
        "journey_negative_share_before_prior": round(
            1.0 - float(np.mean(model.coef_[moved, OWN_PRICE] >= 0)), 4
        ),
        "journey_products_moved": int(moved.sum()),
    }


def measure_families() -> Figures:
    """Return WMAPE, deviance and 90 % coverage of every family on the same weeks, each product in
    each cluster an item of its own. Two minutes: not part of `measure`."""
    cells = load_yardstick()
    frame = tabulate_yardstick(cells)
    figures: Figures = {}
    for name, model in make_families(("display", "mailer")).items():
        is_past = frame["week"] < TRAIN_WEEKS
        found = score(model, take(frame, is_past), take(frame, ~is_past))
        for figure in ("wmape", "deviance", "coverage_90", "wrong_sign_share"):
            figures[f"{name}_{figure}"] = round(found[figure], 4)
    return figures


def tabulate_yardstick(cells: Yardstick) -> dict[str, np.ndarray]:
    """Return the yardstick as a frame of item-weeks."""
    shape = cells.units.shape
    number = np.arange(shape[0] * shape[1]).reshape(*shape[:2], 1)
    columns = {
        "item": number,
        "category": cells.category[:, None, None] * shape[1] + np.arange(shape[1])[:, None],
        "department": cells.department[:, None, None],
        "week": np.arange(float(shape[2])),
        "price": cells.price[:, None, :],
        "display": cells.display,
        "mailer": cells.mailer,
        "purchases": cells.units,
        "exposures": np.full(1, 5.0 * cells.units.max()),
    }
    return {name: np.broadcast_to(values, shape).ravel() for name, values in columns.items()}


def measure_elasticities() -> Figures:
    """Return error and 90 % coverage where 5 % of item-weeks are randomised, over SEEDS markets."""
    errors, inside = [], []
    for seed in range(UNSEEN, UNSEEN + SEEDS):
        frame, truth = make_endogenous(seed, 0.05)
        pairs = residualized_elasticity(frame, controls=CONTROLS, instruments=["cost"])
        found = shock_debias(pairs)
        gap = np.abs(found.elasticity - truth)
        errors.append(float(np.mean(gap / np.abs(truth))))
        inside.append(float(np.mean(gap < 1.645 * found.sd)))
    coverage = round(float(np.mean(inside)), 4)
    return {
        "elasticity_mape_5pct": round(float(np.mean(errors)), 4),
        "elasticity_mape_5pct_interval": _mean_interval(errors),
        "elasticity_coverage90": coverage,
        "elasticity_coverage90_low": coverage,
        "elasticity_coverage90_interval": _mean_interval(inside),
    }


def _interval(draws: np.ndarray) -> list[float]:
    return [round(float(one), 4) for one in np.percentile(draws, [2.5, 97.5])]


def _mean_interval(values: list[float]) -> list[float]:
    half = 1.96 * float(np.std(values, ddof=1)) / len(values) ** 0.5
    mean = float(np.mean(values))
    return [round(mean - half, 4), round(mean + half, 4)]
