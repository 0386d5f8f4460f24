"""Traits that exist to measure fairness only. No model, rule, price or offer may read them.

A contract test proves that nothing but the fairness audit and privacy imports this module.
"""

from __future__ import annotations

from django.db import models

from profiles.shoppers.models.shoppers import Shopper


class AuditTrait(models.Model):
    """One trait a shopper declared, such as an age band: for group reports, never for pricing."""

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=80)

    class Meta:
        ordering = ["shopper", "name"]
        constraints = [
            models.UniqueConstraint(fields=["shopper", "name"], name="audit_trait_unique")
        ]

    def __str__(self) -> str:
        return self.name
