"""Tokens by which other systems call the API, and those that do what a member of staff may do."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from promotions.tokens.core import PRICES_A_DAY, StaffScope


class AccessToken(models.Model):
    """The key of another system. Only its digest is kept; a revoked one stays."""

    prefix: ClassVar[str]

    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        abstract = True
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over; most tokens have no end."""
        return False


class StaffToken(AccessToken):
    """A key of one member of staff, who made it."""

    prefix = "staff_"

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, editable=False, related_name="+"
    )
    scopes = ArrayField(models.CharField(max_length=20))
    prices_a_day = models.PositiveIntegerField(
        "list prices within 24 hours",
        default=PRICES_A_DAY,
        db_default=PRICES_A_DAY,
        help_text="How many list prices it may change at most; first prices are not counted.",
    )
    expires_at = models.DateTimeField(help_text="A year from now at most.")

    class Meta(AccessToken.Meta):
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="stafftoken_ends"
            ),
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[scope.value for scope in StaffScope])
                & ~Q(scopes=[]),
                name="stafftoken_scopes",
            ),
        ]

    def has_expired(self, now: datetime) -> bool:
        """Whether its time is over."""
        return self.expires_at <= now
