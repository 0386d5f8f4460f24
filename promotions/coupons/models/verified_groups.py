"""Groups shoppers prove to belong to, their proofs, and codes that prove it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from shop.ground.database.naming import name_for_reader


class VerifiedGroup(models.Model):
    """A group such as students. Who belongs is declared and proven, never inferred."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80, blank=True)
    takes_documents = models.BooleanField(default=True)
    takes_codes = models.BooleanField(default=True)
    mail_domains = models.JSONField(
        default=list, blank=True, help_text='Addresses there prove it: ["uni.example"].'
    )
    valid_days = models.PositiveSmallIntegerField(default=365)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)


class GroupClaim(models.Model):
    """A shopper's proof. The document lies in this row until the decision, and never longer.

    It has no address of its own: only a member of staff who may see personal data gets it.
    """

    class How(models.TextChoices):
        DOCUMENT = "document", "document"
        CODE = "code", "code"
        MAIL = "mail", "e-mail address"

    class State(models.TextChoices):
        PENDING = "pending", "waits for review"
        ACCEPTED = "accepted", "accepted"
        REFUSED = "refused", "refused"

    group = models.ForeignKey(VerifiedGroup, on_delete=models.PROTECT, related_name="claims")
    shopper = models.ForeignKey("profiles.Shopper", on_delete=models.CASCADE, related_name="+")
    how = models.CharField(max_length=8, choices=How)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    document = models.BinaryField(null=True, editable=False)
    document_type = models.CharField(max_length=20, blank=True, editable=False)
    submitted_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
    )
    reason = models.CharField(max_length=300, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["submitted_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shopper", "group"],
                condition=Q(state="pending"),
                name="groupclaim_open_once",
            ),
            models.CheckConstraint(
                condition=Q(state="pending") | Q(document__isnull=True),
                name="groupclaim_document_gone",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(valid_until__isnull=False),
                name="groupclaim_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"claim {self.pk} of {self.group_id}"


class GroupCode(models.Model):
    """A code that proves membership once. Only its digest is kept."""

    group = models.ForeignKey(VerifiedGroup, on_delete=models.CASCADE, related_name="codes")
    digest = models.CharField(max_length=48, unique=True)
    claim = models.OneToOneField(
        GroupClaim, on_delete=models.SET_NULL, related_name="code", null=True, blank=True
    )
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code {self.pk} of group {self.group_id}"
