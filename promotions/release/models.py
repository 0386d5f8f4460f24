"""Checks of a campaign that staff request and a worker runs: rehearsal and law."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from promotions.campaigns.models import Campaign


class CampaignCheck(models.Model):
    """A question about a campaign: who asked, how far the answer is, and the answer once done.

    At most one is open for each campaign and kind, so that pressing twice asks once. The answer
    is kept as it is shown, by language, with the version of the campaign it was made of. One that
    failed as it was refused keeps why, likewise.
    """

    class Kind(models.TextChoices):
        REHEARSAL = "rehearsal", "rehearsal on recorded carts"
        LAW = "law", "what the law says"

    class State(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"
        STOPPED = "stopped", "stopped"

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="checks", db_index=False
    )
    kind = models.CharField(max_length=9, choices=Kind)
    state = models.CharField(max_length=7, choices=State, default=State.WAITING)
    depth = models.PositiveSmallIntegerField(
        default=50, help_text="A rehearsal shows what campaigns take off together from here on."
    )
    step = models.CharField(max_length=9, blank=True, help_text="What is being worked at.")
    percent = models.PositiveSmallIntegerField(default=0, help_text="How far the answer is.")
    tries = models.PositiveSmallIntegerField(default=0)
    revision = models.PositiveIntegerField(null=True, help_text="The version that was asked about.")
    rule = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="The goods this rule names are taken out of the draft before the law is asked.",
    )
    about = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        help_text="The answer that named these goods.",
    )
    is_taken_out = models.BooleanField(default=False, db_default=False)
    answer = models.JSONField(null=True, help_text="As it is shown, by language.")
    failure = models.CharField(max_length=9, blank=True, help_text="Why there is no answer.")
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    begun_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    stopped_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["campaign", "kind", "-id"], name="campaigncheck_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "kind"],
                condition=Q(state__in=("waiting", "running")),
                name="campaigncheck_one_open",
            ),
            models.CheckConstraint(condition=Q(percent__lte=100), name="campaigncheck_percent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of campaign {self.campaign_id}"
