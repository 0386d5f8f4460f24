"""Automatic adjustment of running campaigns: evidence, proposals, guardrails."""

from promotions.tuning.core.forecast import (
    BurnForecast,
    DepthResponse,
    fit_depth_response,
    forecast_burn,
    propose_by_forecast,
)
from promotions.tuning.core.guardrails import bound_mean, bound_proposals, bound_rate
from promotions.tuning.core.rules import propose_by_feedback, propose_by_rules
from promotions.tuning.core.values import (
    AdjustingTerms,
    CampaignAction,
    CampaignState,
    Interval,
    MetricTotals,
    Outcome,
    Proposal,
    Ruling,
    Source,
)

__all__ = [
    "AdjustingTerms",
    "BurnForecast",
    "CampaignAction",
    "CampaignState",
    "DepthResponse",
    "Interval",
    "MetricTotals",
    "Outcome",
    "Proposal",
    "Ruling",
    "Source",
    "bound_mean",
    "bound_proposals",
    "bound_rate",
    "fit_depth_response",
    "forecast_burn",
    "propose_by_feedback",
    "propose_by_forecast",
    "propose_by_rules",
]
