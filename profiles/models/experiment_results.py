"""What shoppers did after they saw an arm, and what was read of it."""

from __future__ import annotations

from django.db import models

from profiles.models.experiments import Experiment
from profiles.models.shoppers import Shopper


class ExperimentOutcome(models.Model):
    """What a shopper did on one day after the exposure, or (`is_before`) in the weeks before the
    start. Amounts are minor units; `paid_minor` and `margin_minor` are net of returns.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="+")
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    is_before = models.BooleanField(default=False)
    orders = models.PositiveIntegerField(default=0)
    units = models.PositiveIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    margin_minor = models.BigIntegerField(default=0)
    returned_units = models.PositiveIntegerField(default=0)
    views = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    cart_adds = models.PositiveIntegerField(default=0)
    offer_views = models.PositiveIntegerField(default=0)
    offer_clicks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["experiment", "day"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "shopper", "day", "is_before"], name="outcome_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.day}"


class ExperimentItem(models.Model):
    """The cluster a variant stands in, for experiments whose unit is a cluster of goods."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="items")
    variant_id = models.BigIntegerField()
    cluster = models.PositiveIntegerField()

    class Meta:
        ordering = ["experiment", "cluster", "variant_id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "variant_id"], name="item_one_cluster")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.variant_id}"


class ExperimentReadout(models.Model):
    """What was read of an experiment up to the end of a day: one row a day, the newest replaced."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="readouts")
    day = models.DateField()
    at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["experiment", "day"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "day"], name="readout_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.day}"
