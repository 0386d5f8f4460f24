"""Reverted prices: randomized and experiment prices that a kill switch took back."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from pricing.ledger.models.books import PriceBook
from pricing.policy.models.policy import KillSwitch


class ChanceReturn(models.Model):
    """What a book asks for some of its products from `holds_from` on, in place of what it says.

    Written with the flip, so that every process has it by then without a new book, a worker or
    Redis; `public_minors[i]` is the price of `variant_ids[i]` without what chance or an arm did,
    `before_minors[i]` with it, `sources[i]` which of the two it was. `settled_at` is when the
    ledger was told: by the next run of the publisher, with the moment from which the price held.
    """

    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="returns")
    switch = models.ForeignKey(KillSwitch, on_delete=models.CASCADE, related_name="returns")
    holds_from = models.DateTimeField()
    variant_ids = ArrayField(models.BigIntegerField())
    before_minors = ArrayField(models.PositiveIntegerField())
    public_minors = ArrayField(models.PositiveIntegerField())
    sources = ArrayField(models.CharField(max_length=10))
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["book", "switch"], name="chance_return_once"),
            models.CheckConstraint(
                condition=Q(variant_ids__len=F("public_minors__len"))
                & Q(variant_ids__len=F("before_minors__len"))
                & Q(variant_ids__len=F("sources__len")),
                name="chance_return_rows",
            ),
        ]

    def __str__(self) -> str:
        return f"{len(self.variant_ids)} prices taken back"
