"""Prices that people set after demand teach no slope; set by plan, cost or lot they do."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.base.core.values import FloatArray
from pricing.demand.core.choice import Columns, Impressions
from pricing.learning.core.nights import (
    FOLLOWED,
    HISTORY,
    find_following,
    find_set_by_hand,
    fit_night,
    forget_followed,
)

GOODS, DAYS, VISITS, SLOPE = 40, 40, 200.0, 3.0


def live(rng: np.random.Generator, kind: str) -> Impressions:
    """Return days of products with demand that lasts, at prices that were set in some way."""
    good_times, price = np.zeros((DAYS, GOODS)), np.zeros((DAYS, GOODS))
    for day in range(1, DAYS):
        good_times[day] = 0.8 * good_times[day - 1] + rng.normal(0.0, 0.3, GOODS)
        fresh = rng.normal(0.0, 1.0, GOODS)
        price[day] = {
            "after demand": np.clip(0.3 * good_times[day] + 0.03 * fresh, -0.2, 0.2),
            "by lot": 0.1 * np.sign(fresh),
            "by a plan": 0.9 * price[day - 1] + 0.04 * fresh,
        }[kind]
    chance = 1.0 / (1.0 + np.exp(2.5 - good_times + SLOPE * np.expm1(price)))
    return see(price, rng.binomial(int(VISITS), chance))


def see(price: FloatArray, bought: FloatArray) -> Impressions:
    day, item = (one.ravel() for one in np.mgrid[:DAYS, :GOODS])
    return Impressions.of(
        set_id=np.arange(day.size),
        item=item,
        category=item,
        family=np.ones(day.size),
        log_price=price.ravel(),
        bought=bought.ravel(),
        weight=np.full(day.size, VISITS),
        day=day,
        public=np.ones((day.size, 1)),
        columns=Columns(public=(HISTORY,)),
    )


@pytest.mark.parametrize("kind", ["by lot", "by a plan"])
def test_prices_that_did_not_follow_demand_are_kept(kind: str) -> None:
    """Over seeds the figure has the spread of a t: none of twelve is far out."""
    every = np.ones(DAYS * GOODS, dtype=np.bool_)
    found = [find_following(live(np.random.default_rng(s), kind), every) for s in range(12)]
    assert max(found) < 3.0
    assert abs(float(np.mean(found))) < 0.8
    seen = live(np.random.default_rng(3), kind)
    assert forget_followed(seen, every) is seen


def test_prices_that_followed_demand_teach_no_slope() -> None:
    seen = live(np.random.default_rng(5), "after demand")
    assert find_following(seen, np.ones(len(seen), dtype=np.bool_)) > FOLLOWED
    later = live(np.random.default_rng(6), "by lot")
    both = seen.join(
        Impressions(**{**_fields(later), "day": later.day + DAYS, "public": 0.0 * later.public})
    )
    fit = fit_night(both, weekly=None, start=None, day=2.0 * DAYS).fit
    assert fit.sets == later.sets, "what people set is forgotten, what came after is not"
    assert float(np.exp(fit.at.item[:, 1]).mean()) == pytest.approx(SLOPE, rel=0.15)


def test_what_people_set_ends_when_chance_first_moves_a_price() -> None:
    seen = see(np.zeros((DAYS, GOODS)), np.ones((DAYS, GOODS)))
    assert find_set_by_hand(seen).all(), "the column says so"
    told = _fields(seen) | {"columns": Columns(), "public": np.zeros((seen.sets, 0))}
    moved = np.where(seen.day[seen.set_of] == 30.0, 0.05, np.nan)
    undrawn, drawn = Impressions(**told), Impressions(**told | {"moved": moved})
    assert find_set_by_hand(undrawn).all()
    assert find_set_by_hand(drawn).tolist() == (seen.day < 30.0).tolist()


def test_few_days_tell_nothing() -> None:
    seen = live(np.random.default_rng(5), "after demand")
    early = seen.day[seen.set_of] < 1.0
    assert find_following(seen, early) == 0.0
    assert find_following(seen, np.zeros(len(seen), dtype=np.bool_)) == 0.0


def _fields(seen: Impressions) -> dict[str, object]:
    return {name: getattr(seen, name) for name in Impressions.__dataclass_fields__}
