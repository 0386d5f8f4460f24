"""Search words, their synonyms, and the catalogue version that caches compare."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class SearchWord(models.Model):
    """A word that some product can be found by: typos are corrected against the English ones,
    pinyin is read as the Chinese ones. A job spells those; "" until then and for English."""

    word = models.CharField(max_length=80, primary_key=True)
    products = models.PositiveIntegerField(help_text="how many active products carry it")
    pinyin = models.CharField(max_length=200, default="", db_default="")
    initials = models.CharField(max_length=80, default="", db_default="")

    class Meta:
        ordering = ["-products"]
        indexes = [
            # Of what is not spelled in pinyin: typing errors are corrected in English words only.
            GinIndex(
                fields=["word"],
                opclasses=["gin_trgm_ops"],
                condition=Q(pinyin=""),
                fastupdate=False,
                name="search_word_latin",
            )
        ]

    def __str__(self) -> str:
        return self.word


class SearchSynonym(models.Model):
    """What shoppers call something that labels call otherwise: "scallions" are green onions.

    A term without meanings only keeps its words together: "gluten free".
    """

    term = models.CharField(
        max_length=80,
        help_text="What shoppers type. Singular and plural of an English word are one.",
    )
    meanings = ArrayField(
        models.CharField(max_length=80),
        default=list,
        blank=True,
        db_default=[],
        help_text="What products call it, separated by commas. Empty: the words of the term are"
        " looked for together only, like “gluten free”.",
    )
    language = models.CharField(
        max_length=16, choices=[("en", "English"), ("zh-hans", "Simplified Chinese")]
    )

    class Meta:
        ordering = ["language", "term"]
        constraints = [
            models.UniqueConstraint(fields=["language", "term"], name="search_synonym_term")
        ]

    def __str__(self) -> str:
        return self.term


class CatalogVersion(models.Model):
    """One row that triggers count up on every change of the catalogue: caches compare it."""

    version = models.BigIntegerField(default=1)
    changed_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="catalog_version_one_row")]

    def __str__(self) -> str:
        return f"version {self.version}"
