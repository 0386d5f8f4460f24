"""Optimal prices: closed forms, feasible rungs, public prices, personal ones below, markdown.

    from pricing.optimum.core import constant_elasticity_price, plan_markdown

Pure numpy and scipy; every function names its formula and source and shows an example.
"""

from pricing.optimum.core.choose import Choice, choose_public
from pricing.optimum.core.clearance import clearance_price
from pricing.optimum.core.effect import Effect, expect_effect
from pricing.optimum.core.feasible import Feasible, Limits, find_feasible, name_rules
from pricing.optimum.core.joint import (
    DemandTerms,
    Segments,
    mix_segments,
    one_segment,
    personal_prices,
)
from pricing.optimum.core.markdown import MarkdownPlan, plan_markdown
from pricing.optimum.core.objective import expected_worth
from pricing.optimum.core.opportunity import sibling_cost, stock_cost
from pricing.optimum.core.quote import (
    constant_elasticity_price,
    implied_cost,
)
from pricing.optimum.core.sentences import say_rule, say_why
from pricing.optimum.core.stock import Scarce, price_scarce

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
