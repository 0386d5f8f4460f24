"""Searches for settings that models do not learn by themselves."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class DemandTuning(models.Model):
    """One search: what was tried on which cells, and what was chosen so far.

    Trials follow from `seed` and their number, so a search that was cut off goes on where it was.
    Training uses `chosen` of the newest search.
    """

    fingerprint = models.CharField(
        max_length=64, unique=True, help_text="of the cells, the seed and the space searched"
    )
    seed = models.BigIntegerField(help_text="of the draws of all trials")
    window_start = models.DateField(help_text="the first day of the weeks it was tuned on")
    window_end = models.DateField(help_text="the day after the last of them")
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField(help_text="when the latest trial ended")
    seconds = models.FloatField(default=0.0, help_text="spent on all trials so far")
    trials = models.JSONField(default=list, help_text="settings and figures of each trial")
    chosen = models.JSONField(default=dict, help_text="settings that training uses")

    class Meta:
        ordering = ["-updated_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(window_end__gt=models.F("window_start")), name="tuning_window"
            ),
        ]

    def __str__(self) -> str:
        return f"search {self.pk}: {len(self.trials)} trials"
