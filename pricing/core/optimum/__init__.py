"""Optimal prices: closed forms, feasible rungs, public and personal together, stock, markdown.

    from pricing.core.optimum import logit_price, plan_markdown

Pure numpy and scipy; every function names its formula and source and shows an example.
"""

from pricing.core.optimum.choose import Choice, choose_public
from pricing.core.optimum.clearance import clearance_price
from pricing.core.optimum.closed_forms import (
    constant_elasticity_price,
    implied_cost,
    logit_price,
    mnl_common_slope_prices,
    mnl_own_slopes_prices,
    mnl_profit,
)
from pricing.core.optimum.effect import Effect, expect_effect
from pricing.core.optimum.feasible import Feasible, Limits, find_feasible, name_rules
from pricing.core.optimum.joint import (
    DemandTerms,
    Segments,
    joint_worth,
    mix_segments,
    one_segment,
    personal_prices,
)
from pricing.core.optimum.markdown import MarkdownPlan, plan_markdown
from pricing.core.optimum.objective import expected_worth, expected_worth_of_draws
from pricing.core.optimum.opportunity import sibling_cost, stock_cost
from pricing.core.optimum.sentences import say_rule, say_why
from pricing.core.optimum.stock import RungPlan, Scarce, plan_rungs, price_scarce, price_shared
from pricing.core.optimum.substitutes import best_rungs, climb_rungs, enumerate_rungs

__all__ = [
    "Choice",
    "DemandTerms",
    "Effect",
    "Feasible",
    "Limits",
    "MarkdownPlan",
    "RungPlan",
    "Scarce",
    "Segments",
    "best_rungs",
    "choose_public",
    "clearance_price",
    "climb_rungs",
    "constant_elasticity_price",
    "enumerate_rungs",
    "expect_effect",
    "expected_worth",
    "expected_worth_of_draws",
    "find_feasible",
    "implied_cost",
    "joint_worth",
    "logit_price",
    "mix_segments",
    "mnl_common_slope_prices",
    "mnl_own_slopes_prices",
    "mnl_profit",
    "name_rules",
    "one_segment",
    "personal_prices",
    "plan_markdown",
    "plan_rungs",
    "price_scarce",
    "price_shared",
    "say_rule",
    "say_why",
    "sibling_cost",
    "stock_cost",
]
