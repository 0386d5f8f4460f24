"""The one demand model: a hierarchical multinomial logit of impressions (docs/choice.md)."""

from pricing.demand.core.choice.check import (
    Calibration,
    Compared,
    check_slopes,
    find_gains,
)
from pricing.demand.core.choice.fit import ChoiceFit, fit_choice
from pricing.demand.core.choice.impressions import Columns, Impressions
from pricing.demand.core.choice.market import (
    Market,
    Predicted,
    Usual,
    add_usual,
    draw_log_slopes,
    find_doubt,
    find_market,
    predict,
)
from pricing.demand.core.choice.prior import SlopePrior, Weekly
from pricing.demand.core.choice.serve import (
    PricedVariants,
    ServedChoice,
    pack_fit,
    read_fit,
    restate_served,
    serve_choice,
    weigh_signals,
)
from pricing.demand.core.choice.update import update_choice, widen_doubt

__all__ = [
    "Calibration",
    "ChoiceFit",
    "Columns",
    "Compared",
    "Impressions",
    "Market",
    "Predicted",
    "PricedVariants",
    "ServedChoice",
    "SlopePrior",
    "Usual",
    "Weekly",
    "add_usual",
    "check_slopes",
    "draw_log_slopes",
    "find_doubt",
    "find_gains",
    "find_market",
    "fit_choice",
    "pack_fit",
    "predict",
    "read_fit",
    "restate_served",
    "serve_choice",
    "update_choice",
    "weigh_signals",
    "widen_doubt",
]
