"""Public prices under experiment: which arm set which price, from when to when."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class ArmPrice(models.Model):
    """A treatment period of a variant's public price in an arm of an experiment, the plain arm
    included.

    `base_minor` is the price without the experiment, `arm_minor` what the arm asks for (never
    more), `shown_minor` what the gate left of it for everybody. `obstacle` says why they differ; it
    was last tried at `tried_at`. It holds from `began_at`, the moment of its book, to `ended_at`.
    `other_minor` is what the other arm would have asked for: a fair coin for the `cluster` and pair
    of turns decided. 0 where nothing was left to chance.
    """

    class Obstacle(models.TextChoices):
        NONE = "", "none"
        GATE = "gate", "a guardrail holds the price for now"
        STAFF = "staff", "staff set the price"
        CLOSED = "closed", "a kill switch, or goods whose price is left alone"

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    experiment = models.ForeignKey(
        "profiles.Experiment", on_delete=models.PROTECT, related_name="+"
    )
    arm = models.CharField(max_length=40)
    turn = models.PositiveSmallIntegerField()
    price_factor = models.FloatField()
    base_minor = models.PositiveIntegerField()
    arm_minor = models.PositiveIntegerField()
    shown_minor = models.PositiveIntegerField()
    other_minor = models.PositiveIntegerField(default=0, db_default=0)
    cluster = models.PositiveIntegerField(null=True, blank=True)
    obstacle = models.CharField(max_length=6, choices=Obstacle, blank=True, default="")
    book_version = models.PositiveIntegerField()
    began_at = models.DateTimeField()
    tried_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_version = models.PositiveIntegerField(
        null=True, blank=True, help_text="The book that ended it: looks name their book."
    )

    class Meta:
        ordering = ["-began_at", "variant"]
        indexes = [models.Index(fields=["variant", "-began_at"], name="arm_price_variant")]
        constraints = [
            # Two would lose what the price is without the experiment.
            models.UniqueConstraint(
                fields=["variant", "market", "channel"],
                condition=Q(ended_at__isnull=True),
                name="arm_price_one_running",
            ),
            models.CheckConstraint(
                condition=Q(base_minor__gt=0, arm_minor__gt=0, shown_minor__gt=0)
                & Q(arm_minor__lte=F("base_minor"), price_factor__gt=0.0, price_factor__lte=1.0),
                name="arm_price_not_above",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.arm} at {self.shown_minor} in turn {self.turn + 1}"
