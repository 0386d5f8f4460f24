"""Groups of shoppers and what was derived about each."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q

from profiles.shoppers.models.shoppers import Shopper


class Segment(models.Model):
    """A group of shoppers: found by the fit (who buy alike), or defined by staff with a rule.

    Code and names of a found one survive refits. A `rule` is kept as in
    `profiles.segments.core.rules`; found segments have none.
    """

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    description_zh = models.TextField(blank=True)
    is_active = models.BooleanField(default=True)
    shopper_count = models.PositiveIntegerField(default=0)
    rule = models.JSONField(null=True, blank=True, help_text="Of a segment that staff define.")
    revision = models.PositiveIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class SegmentRevision(models.Model):
    """A rule that a staff-made segment had, who wrote it, when, and why."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="revisions")
    number = models.PositiveIntegerField()
    rule = models.JSONField()
    is_active = models.BooleanField(default=True)
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["segment", "number"], name="segment_revision_once")
        ]

    def __str__(self) -> str:
        return f"{self.segment_id}/{self.number}"


class SegmentSize(models.Model):
    """How many shoppers a segment held on a day, as the rule of that day or of a look back says."""

    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="sizes")
    day = models.DateField()
    shopper_count = models.PositiveIntegerField()
    is_estimated = models.BooleanField(
        default=False, help_text="Reckoned later, from the events up to that day."
    )

    class Meta:
        ordering = ["day"]
        constraints = [models.UniqueConstraint(fields=["segment", "day"], name="segment_size_once")]

    def __str__(self) -> str:
        return f"{self.segment_id} {self.day}"


class SegmentVersion(models.Model):
    """One fit of the clusters: centroids, scales and tag thresholds as plain arrays."""

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
                fields=["is_active"], name="segment_version_one_active", condition=Q(is_active=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.fitted_at:%Y-%m-%d %H:%M}"


class ShopperProfile(models.Model):
    """Derived features of a shopper as of the last refresh, for staff, export and price books."""

    shopper = models.OneToOneField(
        Shopper, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    features = models.JSONField(default=dict)
    segment = models.ForeignKey(
        Segment, on_delete=models.SET_NULL, null=True, blank=True, related_name="profiles"
    )
    tags = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    interests = models.JSONField(
        default=dict,
        db_default=models.Value({}, models.JSONField()),
        blank=True,
        help_text="Share of interest by department, of departments that are not sensitive.",
    )
    refreshed_at = models.DateTimeField()

    class Meta:
        ordering = ["shopper"]
        indexes = [GinIndex(fields=["tags"], name="shopper_profile_tags")]

    def __str__(self) -> str:
        return f"profile of {self.shopper_id}"
