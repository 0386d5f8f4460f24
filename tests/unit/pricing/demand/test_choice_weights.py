"""Weights of response columns begin at what is believed, and go where impressions lead."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.choice import Columns, Impressions, Weekly, fit_choice
from pricing.demand.core.choice.prior import SlopePrior

ITEMS = 12


def meet(visits: float, weight: float) -> Impressions:
    """A market without chance in which a full signal makes the price effect (1 + weight) times."""
    grid = np.meshgrid(np.arange(ITEMS), np.log([0.9, 1.0, 1.1]), [0.0, 0.5, 1.0], indexing="ij")
    item, log_price, signal = (one.ravel() for one in grid)
    utility = -2.0 - 3.0 * np.expm1(log_price) * (1.0 + weight * signal)
    return Impressions.of(
        set_id=np.arange(len(item)),
        item=item,
        category=item // 4,
        family=0 * item,
        log_price=log_price,
        bought=visits / (1.0 + np.exp(-utility)),
        weight=np.full(len(item), visits),
        response=signal,
        columns=Columns(response=("deals",)),
    )


@pytest.mark.parametrize("believed", [0.0, 0.8])
@pytest.mark.parametrize("weekly", [True, False])
def test_weights_begin_at_what_is_believed(believed: float, weekly: bool) -> None:
    weights = {"deals": believed, "offers": 9.0}
    items = np.arange(ITEMS)
    told = Weekly(items, 0 * items, np.full(ITEMS, np.log(3.0)), weights)

    def learn(visits: float, truth: float) -> float:
        seen = meet(visits, truth)
        if weekly:
            return fit_choice(seen, weekly=told).response["deals"]
        return fit_choice(seen, prior=told.expect(0.0)).response["deals"]

    assert learn(0.01, 2.0) == pytest.approx(believed, abs=0.02)
    assert learn(20_000.0, 0.3) == pytest.approx(0.3, abs=0.05)


def test_weights_are_not_stored() -> None:
    known = Weekly(*(np.zeros(0, np.int64),) * 2, np.zeros(0), {"deals": 0.3}).expect(0.5)
    assert known.weights == {"deals": 0.3}
    assert SlopePrior.from_arrays(known.arrays()).weights == {}
