"""A campaign to adjust: ten percent for members, half of its fortnight over, selling well."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from promotions.tuning.core.values import AdjustingTerms, CampaignState, MetricTotals, Proposal

START = datetime(2026, 11, 1, tzinfo=UTC)
TERMS = AdjustingTerms(is_automatic=True)
# 4,000 looks, 200 orders of 20.00 that leave 6.00 each after a discount of 2.00.
PULSE = MetricTotals(
    minutes=4_000,
    impressions=4_000,
    clicks=400,
    redemptions=200,
    spend_minor=40_000,
    sales_minor=400_000,
    margin_minor=120_000,
    margin_squares=200 * 700.0**2,
)


def make_state(**fields: object) -> CampaignState:
    """A members' campaign of ten percent, half of its fortnight over."""
    state = CampaignState(
        campaign_id=1,
        audience="members",
        starts_at=START,
        ends_at=START + timedelta(days=14),
        now=START + timedelta(days=7),
        percent=10.0,
    )
    return replace(state, **fields)  # type: ignore[arg-type]  # fields of the state by name


def reasons(proposals: list[Proposal]) -> list[str]:
    return [one.reason_code for one in proposals]
