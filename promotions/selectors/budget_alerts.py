"""Read which running campaigns have spent half, four fifths or all of their budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from promotions.models import BudgetAlert, Campaign

MOST = 20


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """A running campaign and the highest share of its budget of now that it ever reached, with
    what is spent now: what came back may be less."""

    campaign_id: int
    name: str
    name_zh: str
    percent: int
    reached_at: datetime
    spent_minor: int
    budget_minor: int

    @property
    def is_spent(self) -> bool:
        """Nothing is left: its offers apply to nobody any more."""
        return self.spent_minor >= self.budget_minor


def list_budget_alerts(*, now: datetime) -> list[BudgetRow]:
    """Return the MOST campaigns that spent most of their budget, first the fullest. One query.

    A paused campaign goes on counting: somebody may let it run again.
    """
    alerts = BudgetAlert.objects.filter(
        campaign__status__in=[Campaign.Status.LIVE, Campaign.Status.PAUSED],
        campaign__ends_at__gt=now,
        budget_minor=F("campaign__budget_minor"),
    )
    highest = alerts.order_by("campaign_id", "-percent").distinct("campaign_id")
    rows = [
        BudgetRow(*row)
        for row in highest.values_list(
            "campaign_id",
            "campaign__name",
            "campaign__name_zh",
            "percent",
            "at",
            "campaign__spent_minor",
            "budget_minor",
        )
    ]
    rows.sort(key=lambda row: (-row.spent_minor / max(row.budget_minor, 1), row.campaign_id))
    return rows[:MOST]
