"""Say that a campaign reached half, four fifths or all of its budget: each once."""

from __future__ import annotations

import logging
from datetime import datetime

from django.db import transaction

from promotions.coupons.models import BudgetAlert
from promotions.metrics import budget_alerts_total
from shop.ground.outbox.services import write_fact

log = logging.getLogger("fairtag.promotions")
MOST_AT_ONCE = 500


@transaction.atomic
def announce_budget_alerts(*, now: datetime) -> int:
    """Announce alerts that a trigger raised and nobody announced; return how many.

    Each becomes the fact BudgetShareReached, a line of the log and a count of the metric. Safe to
    run twice at once: rows are taken with SKIP LOCKED and marked in the same transaction.
    """
    rows = BudgetAlert.objects.filter(announced_at__isnull=True).select_related("campaign")
    due = list(rows.select_for_update(skip_locked=True, of=["self"]).order_by("at")[:MOST_AT_ONCE])
    for alert in due:
        payload = {
            "campaign_id": alert.campaign_id,
            "percent": alert.percent,
            "budget_minor": alert.budget_minor,
            "spent_minor": alert.spent_minor,
        }
        write_fact(kind="BudgetShareReached", payload=payload, occurred_at=alert.at)
        log.warning("Campaign %s has spent %s %% of its budget", alert.campaign.code, alert.percent)
        budget_alerts_total.labels(percent=str(alert.percent)).inc()
    BudgetAlert.objects.filter(pk__in=[alert.pk for alert in due]).update(announced_at=now)
    return len(due)
