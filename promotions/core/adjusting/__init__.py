"""How a running campaign is changed by what it does: evidence, proposals, guardrails."""

from promotions.core.adjusting.evidence import bound_mean, bound_rate
from promotions.core.adjusting.feedback import propose_by_feedback
from promotions.core.adjusting.forecast import (
    BurnForecast,
    DepthResponse,
    fit_depth_response,
    forecast_burn,
    propose_by_forecast,
)
from promotions.core.adjusting.guardrails import bound_proposals
from promotions.core.adjusting.rules import propose_by_rules
from promotions.core.adjusting.values import (
    AdjustingTerms,
    CampaignState,
    Interval,
    Lever,
    Outcome,
    Proposal,
    PulseTotals,
    Ruling,
    Source,
)

__all__ = [
    "AdjustingTerms",
    "BurnForecast",
    "CampaignState",
    "DepthResponse",
    "Interval",
    "Lever",
    "Outcome",
    "Proposal",
    "PulseTotals",
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
