"""Search words, and the catalogue version that caches compare."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class SearchWord(models.Model):
    """A word that some product can be found by; typos are corrected against these."""

    word = models.CharField(max_length=80, primary_key=True)
    products = models.PositiveIntegerField(help_text="how many active products carry it")

    class Meta:
        ordering = ["-products"]
        indexes = [
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="search_word_trigram")
        ]

    def __str__(self) -> str:
        return self.word


class CatalogVersion(models.Model):
    """One row that triggers count up on every change of the catalogue: caches compare it."""

    version = models.BigIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalog_version_one_row")]

    def __str__(self) -> str:
        return f"version {self.version}"
