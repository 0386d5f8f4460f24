"""Pictures of products: what was uploaded, and what was made of it."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shop.ground.catalog.models.catalog import Product, Variant


class ProductPicture(models.Model):
    """One picture of a product, or of one of its variants.

    `upload` names the file as it came, which nobody is ever served; it goes once the picture is
    ready or refused. `digest` begins the names of the files made of it, one for each of `widths`.
    """

    class State(models.TextChoices):
        PENDING = "pending", "being made"
        READY = "ready", "ready"
        REFUSED = "refused", "refused"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="pictures")
    variant = models.ForeignKey(
        Variant, on_delete=models.CASCADE, null=True, blank=True, related_name="pictures"
    )
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.CharField(max_length=200, blank=True)
    alt_zh = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.PENDING)
    refusal = models.CharField(max_length=20, blank=True, help_text="Why it was refused.")
    file_name = models.CharField(max_length=120, help_text="What the uploaded file was called.")
    source_digest = models.CharField(max_length=64, help_text="SHA-256 of the uploaded file.")
    upload = models.CharField(max_length=80, blank=True, editable=False)
    digest = models.CharField(max_length=32, blank=True, editable=False)
    widths = models.JSONField(blank=True, default=list, editable=False)
    width = models.PositiveIntegerField(default=0, editable=False)
    height = models.PositiveIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["product", "position", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["product", "source_digest"], name="product_picture_once"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(width__gt=0, height__gt=0) & ~Q(digest=""),
                name="product_picture_ready",
            ),
        ]
        indexes = [
            models.Index(
                fields=["id"], name="product_picture_pending", condition=Q(state="pending")
            )
        ]

    def __str__(self) -> str:
        return f"{self.product_id}: {self.file_name}"
