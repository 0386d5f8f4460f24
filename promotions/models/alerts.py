"""Budget alerts: a row appears by trigger the moment spending crosses 50, 80 or 100 percent."""

from __future__ import annotations

from django.db import models

from promotions.models.campaigns import Campaign


class BudgetAlert(models.Model):
    """A campaign reached `percent` of a budget. Once per campaign, share and budget."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    percent = models.PositiveSmallIntegerField()
    budget_minor = models.BigIntegerField()
    spent_minor = models.BigIntegerField()
    at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["at"],
                condition=models.Q(announced_at__isnull=True),
                name="budgetalert_to_announce",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "percent", "budget_minor"], name="budgetalert_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.budget_minor}"
