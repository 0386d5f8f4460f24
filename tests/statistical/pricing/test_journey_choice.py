"""What real households take of the six most bought soft drinks: habit, taste, price, classes.

Baskets with exactly one of the six, of households with six such baskets or more; prices are weekly
medians of the chain. Learned from weeks 1-43, judged on weeks 44-53 with the habit of all before.
"""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import pytest

from pricing.core.demand import LatentClassLogit, MultinomialLogit
from tests.statistical.pricing.journey import DATA

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
ITEMS, LEAST_BASKETS, CUT, WEEKS = 6, 6, 43, 54

_LINES = """
CREATE TABLE lines AS SELECT household_id, basket_id, week, product_id,
    transaction_timestamp AS moment,
    (sales_value + coupon_match_disc) / quantity AS price
FROM transactions JOIN products USING (product_id)
WHERE product_category = 'SOFT DRINKS' AND quantity > 0 AND sales_value > 0
"""
_TOP = """
CREATE TABLE top AS SELECT product_id, row_number() OVER (ORDER BY count(*) DESC, product_id) - 1
    AS place FROM lines GROUP BY product_id ORDER BY place LIMIT 6
"""
_PRICES = "SELECT place, week, median(price) FROM lines JOIN top USING (product_id) GROUP BY ALL"
_BASKETS = """
SELECT household_id, any_value(week), any_value(place) FROM lines JOIN top USING (product_id)
GROUP BY household_id, basket_id
HAVING count(DISTINCT product_id) = 1 ORDER BY household_id, min(moment), basket_id
"""


@pytest.fixture(scope="module")
def choices() -> dict[str, Any]:
    """Rows of basket and item, with `chosen`."""
    db = duckdb.connect()
    for name in ("products", "transactions"):
        db.read_parquet(str(DATA / f"{name}.parquet")).create_view(name)
    db.execute(_LINES)
    db.execute(_TOP)
    price = np.full((ITEMS, WEEKS), np.nan)
    for place, week, median in db.execute(_PRICES).fetchall():
        price[place, week] = median
    for row in price:
        known = np.flatnonzero(~np.isnan(row))
        at = np.maximum.accumulate(np.where(np.isnan(row), known[0], np.arange(WEEKS)))
        row[:] = row[np.where(np.isnan(row), at, np.arange(WEEKS))]
    baskets = [(int(row[0]), row[1], row[2]) for row in db.execute(_BASKETS).fetchall()]
    household, week, chosen = np.array(baskets).T
    many, count = np.unique(household, return_counts=True)
    kept = np.isin(household, many[count >= LEAST_BASKETS])
    household, week, chosen = household[kept], week[kept], chosen[kept]
    return {
        "occasion": np.repeat(np.arange(len(week)), ITEMS),
        "household": np.repeat(household, ITEMS),
        "week": np.repeat(week, ITEMS),
        "item": np.tile(np.arange(ITEMS), len(week)),
        "price": price[:, week].T.ravel(),
        "chosen": np.eye(ITEMS)[chosen].ravel(),
    }


def past(choices: dict[str, Any]) -> dict[str, Any]:
    return {name: values[choices["week"] <= CUT] for name, values in choices.items()}


def score_later(model: MultinomialLogit, choices: dict[str, Any]) -> float:
    """Return the mean log likelihood of later baskets, habits made of all before each."""
    early = past(choices)
    before, all_rows = len(early["item"]) / ITEMS, len(choices["item"]) / ITEMS
    total = model.score(choices) * all_rows - model.score(early) * before
    return float(total / (all_rows - before))


def test_habit_and_taste_explain_later_baskets_and_neither_is_the_other(
    choices: dict[str, Any],
) -> None:
    early = past(choices)
    plain = MultinomialLogit().fit(early)
    habit = MultinomialLogit(has_loyalty=True, memory=0.8).fit(early)
    both = MultinomialLogit(has_loyalty=True, has_taste=True, memory=0.7).fit(early)
    scores = [score_later(model, choices) for model in (plain, habit, both)]
    assert scores[0] < -1.6
    assert scores[1] > -0.99
    assert scores[2] > scores[1] + 0.02
    # Half of what looks like habit is taste.
    assert both.loyalty_ < 0.6 * habit.loyalty_
    assert both.taste_variance_ > 0.5
    # Who ignores both takes loyal shoppers for ones who do not mind the price.
    assert plain.slope_ < habit.slope_ - 3 * habit.slope_sd_
    assert 3.0 < both.slope_ < 4.2
    assert both.slope_sd_ < 0.2


def test_substitution_is_between_drinks_and_all_own_elasticities_are_negative(
    choices: dict[str, Any],
) -> None:
    early = past(choices)
    model = MultinomialLogit(has_loyalty=True, memory=0.8).fit(early)
    table = model.cross_elasticities(early)
    assert (np.diag(table) < -0.3).all()
    assert (table[~np.eye(ITEMS, dtype=bool)] > 0).all()
    assert table.sum(axis=1) == pytest.approx(np.zeros(ITEMS), abs=1e-9)


def test_three_classes_of_drinkers_all_mind_the_price(choices: dict[str, Any]) -> None:
    early = past(choices)
    one = LatentClassLogit(classes=1).fit(early)
    three = LatentClassLogit(classes=3, n_init=1).fit(early)
    assert three.bic_ < one.bic_ - 1_000
    assert (three.slopes_ > 1.5).all()
    assert three.share_.min() > 0.1
    assert three.count_clear() > 0.8
