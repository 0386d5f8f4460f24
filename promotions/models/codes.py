"""Codes by the thousand: batches that are made, files that are read in, rows that were refused."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from promotions.core.codes import WeakPattern, check_pattern
from promotions.models.offers import Offer


class CodeBatch(models.Model):
    """A wish for `amount` unguessable codes of one offer; a job makes them, step by step.

    `made` is raised in the transaction that inserts the codes, so the job may stop anywhere and
    go on later, and run twice without making one too many.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "being made"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped"

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="code_batches")
    name = models.CharField(max_length=80)
    pattern = models.CharField(
        max_length=40,
        help_text="# stands for a letter or digit that nobody confuses: SPRING-####-####.",
    )
    amount = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0, editable=False)
    max_redemptions = models.PositiveIntegerField(
        null=True, blank=True, default=1, help_text="Uses of each code. Empty: not limited."
    )
    per_shopper_limit = models.PositiveSmallIntegerField(null=True, blank=True, default=1)
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From this moment its codes are over; empty: with the campaign.",
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "code batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(made__lte=F("amount")), name="codebatch_not_too_many"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="codebatch_some"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a pattern whose codes somebody could guess."""
        super().clean()
        self.pattern = self.pattern.upper()
        try:
            check_pattern(self.pattern, self.amount or 1)
        except WeakPattern as refusal:
            raise ValidationError({"pattern": refusal.message}) from refusal
        offer = Offer.objects.filter(pk=self.offer_id).first()
        if offer is not None and not offer.requires_coupon:
            raise ValidationError({"offer": _("This offer applies without a code.")})


class CodeImport(models.Model):
    """A file of codes that was read: what was good, what was not and why."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=120)
    is_dry_run = models.BooleanField(default=True)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict, help_text="How many rows were refused, by reason.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class RefusedCode(models.Model):
    """A row of an imported file that was not taken over, kept as it came, with its reason."""

    code_import = models.ForeignKey(CodeImport, on_delete=models.CASCADE, related_name="refused")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=200)
    reason = models.CharField(max_length=40)

    class Meta:
        ordering = ["line"]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"
