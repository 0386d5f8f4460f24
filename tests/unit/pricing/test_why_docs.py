"""docs/pricing.md on why a price is what it is: every row is decided anew."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import Policy
from pricing.optimum.core.decide import MINUTE_MS, HeldQuotes
from pricing.optimum.core.explain import INPUTS, DecisionInputs, explain_prices
from pricing.optimum.core.signals import ShopperSignals, SignalWeights
from tests.factories.pricing import make_terms
from tests.unit.pricing.test_docs import Row, read_table, rows_of, whole


@rows_of("Why examples")
def test_why(row: Row) -> None:
    interest, none = np.array([[float(row["interest"])]]), np.zeros((1, 1))
    promised = whole(row["promised before"] or "0")
    public, deals = whole("400"), np.array([[float(row["lines on offer"])]])
    discount = np.where(promised > 0, public - promised, 0)
    inputs = DecisionInputs(
        signals=ShopperSignals(interest, deals, none, interest, interest, none),
        terms=make_terms(public, cost_share=0.7, elasticity=2.4, elasticity_sd=0.4),
        weights=SignalWeights(deals=0.9),
        policy=Policy(exploration=0.5 if row["draw"] else 0.0),
        held=HeldQuotes(promised, public, discount, whole("0"), whole("1") * MINUTE_MS),
        now_ms=0,
        draw=whole(row["draw"]) if row["draw"] else None,
        is_held_out=False,
        book_minor=None,
    )
    found = explain_prices(inputs)
    assert ", ".join(f"{name} {amount}" for name, amount in found.rows(0)) == row["rows"]
    without = [
        f"{name.removeprefix('without_')} {price}" for name, price in found.counterfactuals(0)
    ]
    assert ", ".join(without) == row["without"]


def test_the_documented_order_of_inputs_is_the_codes() -> None:
    assert [row["row"].strip("`") for row in read_table("Why this price")] == list(INPUTS)
