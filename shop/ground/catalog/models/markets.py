"""Markets, and what variants cost in them."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from babel import Locale
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

__all__ = ["ListPrice", "Market"]


class Market(models.Model):
    """A place with one currency, one language and one set of laws."""

    code = models.CharField(max_length=16, primary_key=True)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="USD")
    country = models.CharField(max_length=2, default="US")
    jurisdiction_code = models.CharField(max_length=16, default="US")
    language = models.CharField(
        max_length=16,
        default="en",
        help_text="Of visitors whose browser asks for none of the market's languages.",
    )
    languages = ArrayField(
        models.CharField(max_length=16),
        default=list,
        blank=True,
        db_default=[],
        help_text="In which the storefront of this market can be read. None chosen: all.",
    )
    regions = ArrayField(
        models.CharField(max_length=16),
        default=list,
        blank=True,
        db_default=[],
        help_text="Which visitors may choose, as codes such as US-NY, US-MD or DE, AT; their price"
        " law holds. Empty: every place that has a price law.",
    )
    time_zone = models.CharField(
        max_length=40,
        default="UTC",
        help_text="Of weekdays, hours and daily limits of offers, such as America/New_York.",
    )
    minimum_age = models.PositiveSmallIntegerField(
        default=18,
        db_default=18,
        help_text="In years, to buy what is in an age-restricted category (alcohol, tobacco).",
    )

    is_active = models.BooleanField(default=True, db_default=True)
    # Its list prices and costs stand on the variants; those of other markets are ListPrice rows.
    is_home = models.BooleanField(default=False, db_default=False, editable=False)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_home"], condition=Q(is_home=True), name="market_one_home"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save it. The first market of a shop is its home market."""
        if self._state.adding and not Market.objects.filter(is_home=True).exists():
            self.is_home = True
        super().save(*args, **kwargs)

    def clean(self) -> None:
        """Refuse what is no currency, country or time zone, and a code that fits no address."""
        super().clean()
        known, wrong = Locale("en"), {}
        if not re.fullmatch(r"[a-z0-9-]{2,8}", self.code):
            wrong["code"] = _("Use two to eight small letters, digits or hyphens, such as eu.")
        if self.currency not in known.currencies:
            wrong["currency"] = _("There is no such currency: write three letters such as EUR.")
        if len(self.country) != 2 or self.country not in known.territories or self.country == "ZZ":
            wrong["country"] = _("There is no such country: write two letters such as DE.")
        if self.time_zone not in available_timezones():
            wrong["time_zone"] = _("There is no time zone of this name.")
        if self.languages and self.language not in self.languages:
            wrong["language"] = _("Choose one of the languages of this market.")
        self.regions = [code.strip() for code in self.regions]
        if wrong:
            raise ValidationError(wrong)


class ListPrice(models.Model):
    """What a variant costs in a market but the home one; without a row it is not sold there.

    Amounts are minor units of that market's currency.
    """

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="list_prices"
    )
    market = models.ForeignKey(Market, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.PositiveIntegerField()
    cost_minor = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["market", "variant"]
        constraints = [
            models.UniqueConstraint(fields=["variant", "market"], name="list_price_once"),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="list_price_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.variant_id} {self.market_id}"
