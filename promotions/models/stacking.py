"""Which offers may stand together: groups in a tree, and categories across it."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

MAX_DEPTH = 5
TOO_DEEP = f"Groups nest at most {MAX_DEPTH} deep, and never in a circle."


class StackingGroup(models.Model):
    """A group of offers and groups; `promotions.core.stacking_rules` says what a mode allows."""

    class Mode(models.TextChoices):
        STACK = "stack", "all combine"
        ORDERED = "ordered", "the first that gives anything"
        BEST_UNIT = "best_unit", "for each unit the one that gives most"
        BEST = "best", "the one that gives most"
        EXCLUSIVE = "exclusive", "the best of them, and nothing else with it"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", null=True, blank=True
    )
    mode = models.CharField(max_length=9, choices=Mode, default=Mode.BEST_UNIT)
    priority = models.SmallIntegerField(
        default=0, help_text="Higher comes first in an ordered group."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="stackinggroup_not_its_own",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse circles and trees too deep to explain."""
        super().clean()
        above, depth = self.parent, 1
        while above is not None:
            depth += 1
            if above.pk == self.pk or depth > MAX_DEPTH:
                raise ValidationError({"parent": TOO_DEEP})
            above = above.parent


class StackingRevision(models.Model):
    """All groups and categories as they were from `at` on. A trigger writes it; append-only.

    `snapshot` has the rows of both tables under "groups" and "categories".
    """

    snapshot = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"stacking {self.at:%Y-%m-%d %H:%M}"


class StackingCategory(models.Model):
    """A kind of offer, wherever it stands in the tree."""

    class Mode(models.TextChoices):
        JOINT = "joint", "combines with every category"
        EXCLUSIVE = "exclusive", "combines with joint ones only"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    mode = models.CharField(max_length=9, choices=Mode, default=Mode.JOINT)
    max_offers = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most offers of it in one cart; empty: any number."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_offers__isnull=True) | Q(max_offers__gt=0),
                name="stackingcategory_some",
            )
        ]
        verbose_name_plural = "stacking categories"

    def __str__(self) -> str:
        return self.name
