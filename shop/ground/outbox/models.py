"""Facts on their way to their handlers."""

from __future__ import annotations

import uuid

from django.db import models

MAX_ATTEMPTS = 12  # then a fact waits for a person


class Fact(models.Model):
    """Something that happened: past tense, ids only, no personal data."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=60)
    payload = models.JSONField(default=dict)
    occurred_at = models.DateTimeField()
    due_at = models.DateTimeField()
    delivered_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at"],
                name="fact_undelivered",
                condition=models.Q(delivered_at__isnull=True),
            )
        ]
        ordering = ["occurred_at", "id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
