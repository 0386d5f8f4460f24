"""Tokens by which other systems do what a member of staff may do."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from promotions.tokens.core import StaffScope


class StaffToken(models.Model):
    """A key of one member of staff, who made it. Only its digest is kept; a revoked one stays."""

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, editable=False, related_name="+"
    )
    name = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=20))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(help_text="A year from now at most.")
    revoked_at = models.DateTimeField(null=True, editable=False)
    revoked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["-created_at", "-id"]
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

    def __str__(self) -> str:
        return self.name
