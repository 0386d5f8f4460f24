"""What prices are made of where weekly sales and impressions know different products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.base.core.values import Policy
from pricing.demand.core.choice.serve import example_choice
from pricing.demand.core.served import example_served
from pricing.learning.core.taught import teach
from pricing.optimum.core.joint import one_segment
from pricing.optimum.core.quote import example_terms
from pricing.publishing.core.publishing import scarce_cost
from shop.lab.shop_path_book import Morning, Shelf, draft_book


def test_looks_forecast_goods_that_weekly_sales_do_not_know() -> None:
    """Without a forecast stock would seem to last for ever, and a scarce good to cost nothing."""
    looked = replace(
        example_choice(),
        variant_id=np.array([7, 8]),
        base_log=np.log([9.0, 14.0]),
        usual_minor=np.array([400.0, 400.0]),
    )
    taught = teach(example_served(), looked, until_ms=0)
    products, price, one = np.array([7, 8, 9]), np.array([400, 400, 400]), np.ones(3)
    weekly = taught.expect_weekly(products, price, one)
    assert weekly[:2].round(6).tolist() == [round(float(np.exp(3.0)), 6), 14.0]
    assert np.isnan(weekly[2])
    dearer = taught.expect_weekly(products[1:2], np.array([440]), 2.0 * one[:1])
    assert dearer.round(4).tolist() == [round(14.0 * 1.1**-2.0, 4)]
    terms = example_terms()
    stock, short = 5.0 * np.ones(len(terms)), Policy(restock_days=7)
    assert (scarce_cost(terms, weekly[1] * np.ones(len(terms)), stock, short) > 0.0).all()
    assert (scarce_cost(terms, weekly[2] * np.ones(len(terms)), stock, short) == 0.0).all()


def test_looks_need_an_even_chance_where_weekly_sales_need_more() -> None:
    """A cut by a price point pays at any elasticity above 3.3: with 63 % at one of 4 +- 2."""
    one = np.array([7])
    weekly = replace(example_served(), elasticity=np.array([4.0]), elasticity_sd=np.array([2.0]))
    looked = replace(example_choice(), elasticity=np.array([4.0]), elasticity_sd=np.array([2.0]))
    none, listed = np.zeros(1, dtype=np.int64), np.array([400])
    shelf = Shelf(one, one, none + 1, listed, np.array([280]), listed, none, none)
    morning = Morning(
        policy=Policy(),
        served=weekly,
        is_stale=False,
        segments=one_segment(1),
        competitor_minor=None,
        stock=None,
        second=1_000_000,
        seed="market",
        week=None,
        ends_shocks=False,
    )
    told = {
        name: int(draft_book(shelf, replace(morning, served=served))[0].public_minor[0])
        for name, served in (("sales", weekly), ("looks", teach(weekly, looked, until_ms=0)))
    }
    assert told == {"sales": 400, "looks": 399}
