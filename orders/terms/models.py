"""Tax rates and delivery methods: effective-dated rows staff can change."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _

from shop.ground.database.naming import name_for_reader


class TaxRate(models.Model):
    """The rate of a market for a part of the catalogue during `[valid_from, valid_to)`.

    The longest `category_path` that is a prefix of the product's path wins; "" is the market's
    general rate and "delivery" pseudo-path `@delivery` the rate on delivery. A rate with a
    `tax_class` is for products of that class and beats those without.
    """

    market_code = models.CharField(max_length=16)
    category_path = models.CharField(max_length=240, blank=True)
    tax_class = models.CharField(
        max_length=40,
        blank=True,
        default="",
        help_text="Only for products of this tax class, such as reduced; it beats the category.",
    )
    percent = models.DecimalField(max_digits=6, decimal_places=3)
    is_included = models.BooleanField(default=True, help_text="Shown prices contain this tax.")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["market_code", "category_path", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["market_code", "category_path", "tax_class", "valid_from"],
                name="taxrate_once",
            ),
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lt=100), name="taxrate_sensible"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="taxrate_interval",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market_code} {self.category_path or '*'} {self.percent} %"


class DeliveryMethod(models.Model):
    """A way the products reach the shopper, at a price disclosed before the cart."""

    market_code = models.CharField(max_length=16)
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80, blank=True)
    price_minor = models.BigIntegerField()
    free_from_minor = models.BigIntegerField(
        null=True,
        blank=True,
        help_text="Free for goods that cost everybody at least this, before any offer.",
    )
    min_days = models.PositiveSmallIntegerField(default=0)
    max_days = models.PositiveSmallIntegerField(default=0)
    needs_address = models.BooleanField(default=True)
    countries = ArrayField(
        models.CharField(max_length=2),
        default=list,
        blank=True,
        db_default=[],
        help_text="Two-letter codes such as DE,AT. Empty: the market's own country.",
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["market_code", "position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["market_code", "code"], name="deliverymethod_once"),
            models.CheckConstraint(condition=Q(price_minor__gte=0), name="deliverymethod_price"),
            models.CheckConstraint(
                condition=Q(min_days__lte=F("max_days")), name="deliverymethod_days"
            ),
        ]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)

    def clean(self) -> None:
        """Write country codes in capitals; refuse what is none."""
        self.countries = [code.strip().upper() for code in self.countries]
        unknown = [code for code in self.countries if not (code.isalpha() and len(code) == 2)]
        if unknown:
            said = _("Write two-letter country codes such as DE, AT; not %(codes)s.")
            raise ValidationError({"countries": said % {"codes": ", ".join(unknown)}})
