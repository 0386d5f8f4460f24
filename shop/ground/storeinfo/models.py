"""The one row of what the shop says about itself."""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

__all__ = ["StoreProfile"]

ACCENT = "#1d6340"
UNNAMED = "Shop"


class StoreProfile(models.Model):
    """Name, look, sender, imprint and legal texts. One row, which a migration makes."""

    name = models.CharField(max_length=60, default=UNNAMED)
    name_zh = models.CharField(max_length=60, blank=True)
    tagline = models.CharField(max_length=120, blank=True)
    tagline_zh = models.CharField(max_length=120, blank=True)
    accent = models.CharField(
        max_length=7, default=ACCENT, validators=[RegexValidator(r"^#[0-9a-fA-F]{6}$")]
    )
    logo = models.BinaryField(default=b"", editable=False)
    icon = models.BinaryField(default=b"", editable=False)
    logo_key = models.CharField(max_length=16, blank=True, editable=False)
    logo_width = models.PositiveSmallIntegerField(default=0, editable=False)
    logo_height = models.PositiveSmallIntegerField(default=0, editable=False)
    sender_name = models.CharField(max_length=60, blank=True)
    sender_email = models.EmailField(blank=True)
    company = models.CharField(max_length=120, blank=True)
    address = models.TextField(blank=True, max_length=400)
    register = models.CharField(max_length=120, blank=True)
    vat_id = models.CharField(max_length=30, blank=True)
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=30, blank=True)
    privacy_email = models.EmailField(blank=True)
    links = models.TextField(blank=True, max_length=1000)
    terms = models.TextField(blank=True, max_length=60_000)
    terms_zh = models.TextField(blank=True, max_length=60_000)
    delivery = models.TextField(blank=True, max_length=20_000)
    delivery_zh = models.TextField(blank=True, max_length=20_000)
    returns = models.TextField(blank=True, max_length=20_000)
    returns_zh = models.TextField(blank=True, max_length=20_000)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="store_profile_one_row"),
            models.CheckConstraint(condition=~Q(name=""), name="store_profile_has_name"),
        ]

    def __str__(self) -> str:
        return self.name
