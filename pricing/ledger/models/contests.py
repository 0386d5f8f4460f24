"""Prices that shoppers question, and what the shop answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

LONGEST_TEXT, LONGEST_ANSWER = 1_000, 2_000


class PriceContest(models.Model):
    """A shopper asks a person to look at a price: why, and what the shop answered.

    Whoever questions the same quote again changes their words until there is an answer.
    """

    quote_id = models.UUIDField()
    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    email = models.EmailField()
    language = models.CharField(max_length=8)
    text = models.CharField(max_length=LONGEST_TEXT)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=LONGEST_ANSWER, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = "questioned price"
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["quote_id", "shopper"], name="contest_once"),
            models.CheckConstraint(
                condition=Q(answer="", answered_at=None)
                | (~Q(answer="") & Q(answered_at__isnull=False)),
                name="contest_answer_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["asked_at"], name="contest_open", condition=Q(answered_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return self.text
