"""Who remembers a price: the effect of the usual price is found, and the long run is served."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.choice import (
    Impressions,
    PricedVariants,
    add_usual,
    fit_choice,
    serve_choice,
)
from pricing.demand.core.choice.market import USUAL_DAYS, find_memory
from pricing.optimum.core.signals import SignalWeights

ITEMS, DAYS, VISITS = 12, 90, 3_000.0


def remember(memory: float, seed: int = 1) -> Impressions:
    """A market in which a price that was usual before makes that of today look cheap."""
    rng, usual, rows = np.random.default_rng(seed), np.zeros(ITEMS), []
    for _ in range(DAYS):
        log_price = np.log(rng.choice([0.9, 1.0, 1.1], ITEMS))
        utility = -2.0 + memory * usual - 3.0 * np.expm1(log_price)
        rows.append((log_price, rng.binomial(int(VISITS), 1.0 / (1.0 + np.exp(-utility)))))
        usual += (1.0 - 0.5 ** (1.0 / USUAL_DAYS)) * (log_price - usual)
    item = np.tile(np.arange(ITEMS), DAYS)
    return Impressions.of(
        set_id=np.arange(ITEMS * DAYS),
        item=item,
        category=item // 4,
        family=0 * item,
        log_price=np.concatenate([one for one, _ in rows]),
        bought=np.concatenate([one for _, one in rows]),
        weight=np.full(len(item), VISITS),
        day=np.repeat(np.arange(float(DAYS)), ITEMS),
    )


@pytest.mark.parametrize("memory", [0.0, 1.5])
def test_memory_is_found_and_taken_off_what_lasts(memory: float) -> None:
    seen, _ = add_usual(remember(memory))
    fit = fit_choice(seen)
    found = find_memory(fit, np.array([0, 99]))
    assert found == pytest.approx([memory] * 2, abs=0.3)
    ids, price = np.arange(ITEMS), np.full(ITEMS, 500.0)
    products = PricedVariants(ids, ids // 4, 0 * ids, price, price, np.full(ITEMS, np.nan))
    scene = seen.take_sets(seen.day >= DAYS - 7)
    served = serve_choice(
        fit, scene, products, day=DAYS, days=7.0, weights=SignalWeights()
    ).elasticity
    chance = 1.0 / (1.0 + np.exp(2.0))
    assert served.mean() == pytest.approx((3.0 - memory) * (1.0 - chance), abs=0.3)


def test_a_fit_without_the_column_remembers_nothing() -> None:
    seen = remember(1.5)
    assert find_memory(fit_choice(seen.take_sets(seen.day < 7)), np.array([0])).tolist() == [0.0]


def test_what_was_not_shown_stays_usual() -> None:
    one = Impressions.of(
        set_id=[0, 1, 2],
        item=[4, 4, 4],
        category=[1, 1, 1],
        family=[1, 1, 1],
        log_price=[-0.2, 0.0, 0.0],
        bought=[0.0, 0.0, 0.0],
        day=[0.0, 40.0, 40.5],
        weight=[3.0, 1.0, 1.0],
    )
    share = 1.0 - 0.5 ** (1.0 / USUAL_DAYS)
    assert add_usual(one)[0].goods[:, 0] == pytest.approx([0.0, -0.2 * share, -0.2 * share])
    assert add_usual(Impressions.nothing())[0].columns.goods == ("usual",)
