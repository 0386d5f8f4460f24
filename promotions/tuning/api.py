"""The door of `tuning`, the only module of it that others import.

Campaigns that adjust themselves within bounds.
"""

from promotions.tuning.core.guardrails import read_group
from promotions.tuning.selectors.staff_pages import (
    TABS,
    AdjustmentRow,
    CampaignMetrics,
    count_adjustments,
    list_adjustments,
    list_faults,
    list_pulses,
)
from promotions.tuning.services.adjusting import (
    adjust_campaigns,
    decide_adjustment,
    set_automatic,
    undo_adjustment,
)
from promotions.tuning.services.campaign_metrics import collect_pulse

__all__ = [
    "TABS",
    "AdjustmentRow",
    "CampaignMetrics",
    "adjust_campaigns",
    "collect_pulse",
    "count_adjustments",
    "decide_adjustment",
    "list_adjustments",
    "list_faults",
    "list_pulses",
    "read_group",
    "set_automatic",
    "undo_adjustment",
]
