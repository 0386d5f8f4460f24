"""Optimal prices: closed forms, feasible rungs, public prices, personal ones below, markdown.

    from pricing.optimum.core import constant_elasticity_price, plan_markdown

Pure numpy and scipy; every function names its formula and source and shows an example.
"""

from pricing.optimum.core.choose import Choice, choose_public
from pricing.optimum.core.explain import say_rule, say_why
from pricing.optimum.core.feasible import (
    Effect,
    Feasible,
    Limits,
    expect_effect,
    find_feasible,
    name_rules,
)
from pricing.optimum.core.joint import (
    DemandTerms,
    Segments,
    expected_worth,
    mix_segments,
    one_segment,
    personal_prices,
)
from pricing.optimum.core.markdown import MarkdownPlan, clearance_price, plan_markdown
from pricing.optimum.core.quote import (
    constant_elasticity_price,
    implied_cost,
)
from pricing.optimum.core.stock import Scarce, price_scarce, sibling_cost, stock_cost

__all__ = [
    "Choice",
    "DemandTerms",
    "Effect",
    "Feasible",
    "Limits",
    "MarkdownPlan",
    "Scarce",
    "Segments",
    "choose_public",
    "clearance_price",
    "constant_elasticity_price",
    "expect_effect",
    "expected_worth",
    "find_feasible",
    "implied_cost",
    "mix_segments",
    "name_rules",
    "one_segment",
    "personal_prices",
    "plan_markdown",
    "price_scarce",
    "say_rule",
    "say_why",
    "sibling_cost",
    "stock_cost",
]
