"""Stored versions of the recommender's item similarity."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class SimilarityVersion(models.Model):
    """Which variants are bought by the same shoppers: nearest neighbors as plain arrays."""

    fitted_at = models.DateTimeField()
    as_of = models.DateTimeField()
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict)
    is_active = models.BooleanField(default=False)

    class Meta:
        ordering = ["-fitted_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"],
                name="similarity_version_one_active",
                condition=Q(is_active=True),
            )
        ]

    def __str__(self) -> str:
        return f"{self.fitted_at:%Y-%m-%d %H:%M}"
