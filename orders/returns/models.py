"""Rules of returns, and returns with their lines."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from orders.returns.core import Payer, ReturnState


class ReturnRule(models.Model):
    """What comes back of a part of the catalogue; the longest path wins, "" is the shop's default.

    The sentences about returns on the product's page, the returns page and the order's page are
    made from these rows.
    """

    class PaidBy(models.TextChoices):
        SHOPPER = Payer.SHOPPER, "the shopper"
        SHOP = Payer.SHOP, "the shop"

    category_path = models.CharField(
        max_length=240, blank=True, unique=True, help_text="Empty: the shop's default."
    )
    window_days = models.PositiveSmallIntegerField(help_text="0: nothing is taken back.")
    payer = models.CharField(
        max_length=8,
        choices=PaidBy,
        default=PaidBy.SHOPPER,
        help_text="Of the postage. What arrived damaged or wrong comes back at the shop's cost.",
    )
    instruction = models.TextField(
        blank=True,
        max_length=600,
        help_text="Where to send or bring the pieces. Empty: the default's.",
    )
    instruction_zh = models.TextField(blank=True, max_length=600)

    class Meta:
        ordering = ["category_path"]
        constraints = [
            models.CheckConstraint(condition=Q(window_days__lte=366), name="returnrule_window")
        ]

    def __str__(self) -> str:
        return f"{self.category_path or '*'} {self.window_days} d"


class Return(models.Model):
    """Pieces of an order on their way back. Who did what is in the order's timeline."""

    class State(models.TextChoices):
        REQUESTED = ReturnState.REQUESTED, "requested"
        RECEIVED = ReturnState.RECEIVED, "received"
        SETTLED = ReturnState.SETTLED, "settled"
        WITHDRAWN = ReturnState.WITHDRAWN, "withdrawn"

    class Reason(models.TextChoices):
        CHANGED_MIND = "changed_mind", "changed mind"
        UNLIKE = "unlike", "not as described"
        DAMAGED = "damaged", "arrived damaged"
        WRONG = "wrong", "wrong product"
        LATE = "late", "came too late"
        OTHER = "other", "another reason"

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="returns")
    number = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=State, default=State.REQUESTED)
    reason = models.CharField(max_length=16, choices=Reason)
    comment = models.CharField(max_length=500, blank=True)
    refusal = models.CharField(
        max_length=300, blank=True, help_text="Told to the shopper: why pieces were not accepted."
    )
    shop_pays = models.BooleanField(default=False, help_text="The shop pays the postage.")
    refunded_minor = models.BigIntegerField(default=0)
    requested_at = models.DateTimeField()
    received_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-requested_at", "-id"]
        indexes = [
            models.Index(
                fields=["received_at"], condition=Q(state="received"), name="return_to_settle"
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(refunded_minor=0) | Q(state="settled", refunded_minor__gt=0),
                name="return_refund_when_settled",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReturnLine(models.Model):
    """How many pieces of an order line come back, and how many of them were accepted."""

    item = models.ForeignKey(Return, on_delete=models.CASCADE, related_name="lines", db_index=False)
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="returns")
    quantity = models.PositiveIntegerField()
    variant = models.ForeignKey(
        "shop.Variant",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        help_text="What comes back, where a piece was exchanged before. Empty: what was bought.",
    )
    is_kept = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Perishable: the shopper keeps it, and nothing of it is sent back.",
    )
    accepted_quantity = models.PositiveIntegerField(null=True, blank=True)
    restocked_quantity = models.PositiveIntegerField(
        default=0,
        help_text="So many accepted pieces went back on the shelf; the others were written off.",
    )

    class Meta:
        ordering = ["line__position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "line"], name="returnline_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & (Q(accepted_quantity__isnull=True) | Q(accepted_quantity__lte=F("quantity"))),
                name="returnline_pieces",
            ),
            models.CheckConstraint(
                condition=Q(restocked_quantity=0)
                | Q(restocked_quantity__lte=F("accepted_quantity")),
                name="returnline_restocked",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x line {self.line_id}"


class ReturnExchange(models.Model):
    """Pieces of a return that the shopper wants to exchange, and for what; the rest is refunded.

    The pieces are held under the return's own name (`services.holding`). `sent_quantity` is None
    until the return is settled; what was not accepted, or is not in stock any more, is not sent.
    """

    line = models.ForeignKey(ReturnLine, on_delete=models.CASCADE, related_name="exchanges")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sku = models.CharField(max_length=60)
    name = models.CharField(max_length=240)
    quantity = models.PositiveIntegerField()
    sent_quantity = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["line", "variant"], name="returnexchange_once"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & (Q(sent_quantity__isnull=True) | Q(sent_quantity__lte=F("quantity"))),
                name="returnexchange_pieces",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"
