"""Requests for the decision of a second person, and the append-only trail of each."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class ApprovalRequest(models.Model):
    """A decision that one person asked for and another one makes. One at a time for a row."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a second person"
        APPROVED = "approved", "approved"
        SENT_BACK = "sent_back", "sent back"
        WITHDRAWN = "withdrawn", "withdrawn"

    kind = models.CharField(max_length=60, help_text="The label of the model of the row.")
    object_id = models.BigIntegerField()
    name = models.CharField(max_length=200, help_text="What the row was called when asked.")
    permission = models.CharField(max_length=100, help_text="The right of whoever may decide.")
    page = models.CharField(max_length=100, help_text="The address name of the row's staff page.")
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    reason = models.TextField(blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    asked_at = models.DateTimeField()
    deadline = models.DateTimeField(null=True, help_text="When the decision comes too late.")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)

    class Meta:
        ordering = [F("deadline").asc(nulls_last=True), "asked_at", "id"]
        indexes = [models.Index(fields=["kind", "object_id", "-id"], name="approval_of_row")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "object_id"],
                condition=Q(state="waiting"),
                name="approval_one_waits",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved")
                | Q(decided_by__isnull=True)
                | Q(asked_by__isnull=True)
                | ~Q(decided_by=F("asked_by")),
                name="approval_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.state})"


class ApprovalEvent(models.Model):
    """One line of a request's trail. Written once, never changed."""

    class Act(models.TextChoices):
        WROTE = "wrote", "wrote it"
        ASKED = "asked", "asked"
        AGREED = "agreed", "agreed to a first step"
        APPROVED = "approved", "approved"
        SENT_BACK = "sent_back", "sent back"
        WITHDRAWN = "withdrawn", "withdrew it"

    request = models.ForeignKey(ApprovalRequest, on_delete=models.PROTECT, related_name="events")
    act = models.CharField(max_length=9, choices=Act)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.act} {self.at:%Y-%m-%d %H:%M}"
