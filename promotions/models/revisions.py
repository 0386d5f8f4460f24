"""What a campaign said, version by version, and everything people did to it. Append-only."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from promotions.models.campaigns import Campaign


class CampaignRevision(models.Model):
    """A campaign with its offers as of one save. A trigger refuses UPDATE and DELETE.

    Only `by` may be emptied, with the account it names.
    """

    class Origin(models.TextChoices):
        FOUND = "found", "as it was found"
        SAVED = "saved", "saved by staff"
        ROLLBACK = "rollback", "rolled back"
        CLONE = "clone", "copied from another campaign"
        IMPORT = "import", "imported"

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin)
    source = models.CharField(max_length=80, blank=True, help_text="What it was made from.")
    snapshot = models.JSONField()
    content_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaignrevision_number")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"


class CampaignEvent(models.Model):
    """One step of a campaign: who, why, from where to where, and the revision concerned."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=12)
    from_status = models.CharField(max_length=9, choices=Campaign.Status)
    to_status = models.CharField(max_length=9, choices=Campaign.Status)
    revision = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.step} {self.at:%Y-%m-%d %H:%M}"
