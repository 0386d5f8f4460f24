"""Differentially private releases about households, and the privacy budget they used."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class PrivacyBudget(models.Model):
    """How much a data set's households may lose in a quarter (its first day), and have lost.

    Every release adds its epsilon and delta (basic composition). The table refuses a sum beyond
    the cap, whoever adds at the same time.
    """

    data_set = models.CharField(max_length=32, default="purchases")
    quarter = models.DateField(help_text="first day of the quarter")
    epsilon_cap = models.FloatField()
    epsilon_spent = models.FloatField(default=0.0)
    delta_cap = models.FloatField()
    delta_spent = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-quarter", "data_set"]
        constraints = [
            models.UniqueConstraint(fields=["data_set", "quarter"], name="budget_once"),
            # A billionth of slack: sums of decimal fractions are not exact in binary ones.
            models.CheckConstraint(
                condition=Q(epsilon_spent__gte=0, delta_spent__gte=0)
                & Q(epsilon_spent__lte=F("epsilon_cap") + 1e-9)
                & Q(delta_spent__lte=F("delta_cap") * (1 + 1e-9)),
                name="budget_never_beyond",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.data_set} {self.quarter}"


class PrivateRelease(models.Model):
    """One noisy count of a quarter's weeks, kept for good: reading it again costs nothing.

    `purpose` says what was counted: households per item, to choose what to measure, or per item
    and week. `most_cells` is what one household could add, `noise_sd` the noise on each number.
    """

    class Purpose(models.TextChoices):
        SELECTION = "selection", "households per item"
        CELLS = "cells", "households per item and week"

    budget = models.ForeignKey(PrivacyBudget, on_delete=models.PROTECT, related_name="releases")
    purpose = models.CharField(max_length=12, choices=Purpose)
    at = models.DateTimeField()
    first_week = models.DateField()
    end_week = models.DateField(help_text="the Monday after the last week")
    epsilon = models.FloatField()
    delta = models.FloatField()
    most_cells = models.PositiveIntegerField("most cells of a household")
    noise_sd = models.FloatField("noise sd")
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            # Weeks are released once: a second draw would let the noise be averaged away.
            models.UniqueConstraint(
                fields=["budget", "purpose", "first_week"], name="release_week_once"
            ),
            models.CheckConstraint(
                condition=Q(epsilon__gt=0, delta__gt=0, noise_sd__gt=0, most_cells__gt=0)
                & Q(end_week__gt=F("first_week")),
                name="release_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.first_week}"
