"""Weekly demand on the Complete Journey by the fixed protocol, and which brand is taken next."""

from __future__ import annotations

import numpy as np

from pricing.demand.core.families import make_families
from pricing.demand.core.leaderboard import score, take
from pricing.demand.core.metrics import mean_poisson_deviance, wmape
from pricing.demand.core.training_cells import OWN_PRICE
from tests.benchmarks.measure import Figures
from tests.statistical.pricing.brands import CATEGORIES, load_choices
from tests.statistical.pricing.household_choice import HouseholdChoice, choose_memory, log_loss
from tests.statistical.pricing.journey import (
    TRAIN_WEEKS,
    Yardstick,
    find_moved,
    fit_champion,
    load_yardstick,
)

TARGETS = {
    "journey_wmape": ("<=", 0.450),
    "journey_deviance": ("<=", 2.90),
    "journey_negative_share": (">=", 0.99),
    "journey_second_negative_share": (">=", 0.99),
    "brand_gain": (">=", 0.08),
    "brand_negative_share": (">=", 1.0),
}
DRAWS = 500


def measure() -> Figures:
    """Return forecast errors of weeks 44-53 with intervals, and gains in brand choice."""
    found: Figures = {}
    for split, prefix in (("first", "journey"), ("second", "journey_second")):
        named = measure_journey(split)
        found |= {name.replace("journey", prefix, 1): value for name, value in named.items()}
    return found | measure_brands()


def measure_brands() -> Figures:
    """Return by how much tastes, last choice and own price slopes lower the log-loss of a logit
    with loyalty, by category and on average, and the share of negative own-price elasticities."""
    gains, negative = {}, []
    for category in CATEGORIES:
        choices = load_choices(category)
        past, taken = choices.take(~choices.late), choices.chosen[choices.late]
        memory = choose_memory(past)
        losses = []
        for is_mixed in (False, True):
            model = HouseholdChoice(is_mixed=is_mixed, memory=memory).fit(past)
            losses.append(float(log_loss(model.forecast(choices), taken).mean()))
        negative.append(model.own_elasticities(past) < 0.0)
        gains[f"brand_gain_{category.split(maxsplit=1)[0].lower()}"] = round(
            1.0 - losses[1] / losses[0], 4
        )
    return gains | {
        "brand_gain": round(float(np.mean(list(gains.values()))), 4),
        "brand_negative_share": float(np.mean(negative)),
    }


def measure_journey(split: str = "first") -> Figures:
    """Return WMAPE and deviance of a split with 95 % intervals over products, and the share of
    negative elasticities among products whose price moved: as served, and before the sign was
    held."""
    cells = load_yardstick(split)
    model, design = fit_champion(cells)
    forecast = model.predict_units(design[:, :, TRAIN_WEEKS:], cells.department)
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
        found, _ = score(model, take(frame, is_past), take(frame, ~is_past))
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


def _interval(draws: np.ndarray) -> list[float]:
    return [round(float(one), 4) for one in np.percentile(draws, [2.5, 97.5])]
