"""Orders with frozen price stages. What stands here is what was agreed and is never repriced."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Upper


class Order(models.Model):
    """An agreement: what, at which price, for whom, where to.

    Money is in minor units of `currency`. `tax_minor` is all tax; `tax_added_minor` is the part
    that prices did not include. The ledger always closes:
    total = subtotal - discount + delivery + tax_added.
    """

    class Status(models.TextChoices):
        AWAITING_PAYMENT = "awaiting_payment", "awaiting payment"
        PAID = "paid", "paid"
        FULFILLED = "fulfilled", "fulfilled"
        CANCELLED = "cancelled", "cancelled"
        EXPIRED = "expired", "expired unpaid"
        REFUNDED = "refunded", "refunded in full"

    number = models.CharField(max_length=32, unique=True)
    # The secret link: only its hash, the random part of what it is made from, and its end.
    link_key = models.UUIDField(null=True, blank=True, editable=False)
    link_hash = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    link_until = models.DateTimeField(null=True, blank=True, editable=False)
    shopper = models.ForeignKey(
        "profiles.Shopper",
        on_delete=models.SET_NULL,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    channel = models.CharField(max_length=16, default="online")
    market_code = models.CharField(max_length=16)
    jurisdiction_code = models.CharField(max_length=16, blank=True)
    language = models.CharField(max_length=10, default="en")
    store = models.ForeignKey(
        "shop.Store",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
    )
    external_ref = models.CharField(max_length=60, null=True, blank=True, unique=True)
    cart_id = models.UUIDField(null=True, blank=True)

    identity = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        db_default=[],
        help_text="Hashed keys of the contact: e-mail address, phone, delivery address.",
    )
    email = models.EmailField(blank=True)
    phone = models.CharField(max_length=40, blank=True)
    name = models.CharField(max_length=120, blank=True)
    address_line1 = models.CharField(max_length=160, blank=True)
    address_line2 = models.CharField(max_length=160, blank=True)
    city = models.CharField(max_length=80, blank=True)
    region = models.CharField(max_length=80, blank=True)
    postcode = models.CharField(max_length=20, blank=True)
    country = models.CharField(max_length=2, blank=True)
    delivery_method = models.CharField(max_length=40, blank=True)

    currency = models.CharField(max_length=3)
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    delivery_minor = models.BigIntegerField(default=0)
    tax_minor = models.BigIntegerField(default=0)
    tax_added_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    coupon_codes = models.JSONField(default=list, blank=True)
    points_spent = models.PositiveBigIntegerField(default=0, db_default=0)
    points_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="What points paid; part of the discount."
    )
    points_earned = models.PositiveBigIntegerField(default=0, db_default=0)
    delivery_adjustments = models.JSONField(
        default=list, db_default=Value([], models.JSONField()), blank=True
    )

    personal_cap = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="The cap on personal discounts it was made under, hundredths of a percent."
        " Empty: none was asked.",
    )

    is_simulated = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Placed by a simulated visit of the demo: nobody bought anything.",
    )

    status = models.CharField(max_length=16, choices=Status, default=Status.AWAITING_PAYMENT)
    placed_at = models.DateTimeField()
    pay_until = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-placed_at", "-id"]
        indexes = [
            models.Index(fields=["-placed_at", "-id"], name="order_placed"),
            models.Index(fields=["shopper", "-placed_at"], name="order_shopper_placed"),
            models.Index(
                fields=["pay_until"], condition=Q(status="awaiting_payment"), name="order_unpaid"
            ),
            # What is to be packed, shipped or handed over.
            models.Index(
                fields=["-placed_at", "-id"], condition=Q(status="paid"), name="order_to_fulfil"
            ),
            models.Index(
                fields=["currency", "status"],
                condition=Q(is_simulated=True),
                name="order_simulated",
            ),
            GinIndex(fields=["identity"], name="order_identity", condition=~Q(identity=[])),
            GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="order_name_words"),
            models.Index(fields=["email"], condition=~Q(email=""), name="order_email"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    total_minor=F("subtotal_minor")
                    - F("discount_minor")
                    + F("delivery_minor")
                    + F("tax_added_minor")
                ),
                name="order_ledger_closes",
            ),
            models.CheckConstraint(
                condition=Q(
                    discount_minor__gte=0,
                    delivery_minor__gte=0,
                    tax_minor__gte=0,
                    total_minor__gte=0,
                ),
                name="order_nothing_negative",
            ),
            models.CheckConstraint(
                condition=Q(points_minor__gte=0) & Q(points_minor__lte=F("discount_minor")),
                name="order_points_within_discount",
            ),
            models.CheckConstraint(
                condition=Q(refunded_minor__gte=0) & Q(refunded_minor__lte=F("total_minor")),
                name="order_refund_within_total",
            ),
            # One cart becomes one order, whatever two tabs press.
            models.UniqueConstraint(
                fields=["cart_id"],
                condition=Q(status__in=["awaiting_payment", "paid", "fulfilled"]),
                name="order_one_per_cart",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """A line with the stages frozen: list -> public -> quoted (each per unit) -> adjusted.

    The adjusted price is `subtotal_minor - discount_minor` of the whole line, because a prorated
    discount need not divide by the quantity; `orders.order.core` gives each unit's exact
    share.
    """

    # The unique (order, position) serves look-ups by order: a second index would cost a year of
    # lines for nothing. The same goes for the shopper of an order and the cart of a line.
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField()
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    sku = models.CharField(max_length=60)
    name = models.CharField(max_length=240)
    quantity = models.PositiveIntegerField()
    list_minor = models.BigIntegerField()
    public_minor = models.BigIntegerField()
    quoted_minor = models.BigIntegerField()
    subtotal_minor = models.BigIntegerField()
    discount_minor = models.BigIntegerField(default=0)
    points_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="What points paid; part of the discount."
    )
    tax_minor = models.BigIntegerField(default=0)
    tax_added_minor = models.BigIntegerField(default=0)
    total_minor = models.BigIntegerField()
    refunded_quantity = models.PositiveIntegerField(default=0)
    refunded_minor = models.BigIntegerField(default=0)
    packed_quantity = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Pieces in parcels that are not cancelled."
    )
    taken_back_quantity = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Packed pieces that were sent back and refunded."
    )
    replacing_quantity = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Pieces that came back and whose replacement has not left yet.",
    )
    cost_minor = models.BigIntegerField(
        null=True, blank=True, help_text="What one unit cost the shop then. Empty: not known."
    )
    quote_id = models.UUIDField(null=True, blank=True)
    adjustments = models.JSONField(default=list, blank=True)
    label_code = models.CharField(max_length=40, blank=True)
    is_personal = models.BooleanField(default=False)
    is_gift = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Given away by an offer: not a sale to learn from.",
    )

    class Meta:
        ordering = ["order", "position"]
        indexes = [
            # From a quote to the order it became; imported lines have no quote and cost nothing.
            models.Index(
                fields=["quote_id"], condition=Q(quote_id__isnull=False), name="orderline_quote"
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="orderline_position"),
            models.CheckConstraint(
                condition=Q(quantity__gt=0)
                & Q(discount_minor__gte=0, total_minor__gte=0, quoted_minor__gte=0)
                & Q(total_minor=F("subtotal_minor") - F("discount_minor") + F("tax_added_minor"))
                & Q(quoted_minor__lte=F("public_minor"))
                & Q(refunded_quantity__lte=F("quantity"))
                & Q(refunded_minor__lte=F("total_minor")),
                name="orderline_ledger_closes",
            ),
            models.CheckConstraint(
                condition=Q(packed_quantity__lte=F("quantity"))
                & Q(taken_back_quantity__lte=F("packed_quantity"))
                & Q(taken_back_quantity__lte=F("refunded_quantity")),
                name="orderline_packed_within_bought",
            ),
            # What is to be replaced is not refunded as well.
            models.CheckConstraint(
                condition=Q(replacing_quantity__lte=F("quantity") - F("refunded_quantity"))
                & Q(replacing_quantity__lte=F("packed_quantity")),
                name="orderline_replaced_or_refunded",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x {self.name}"


class OrderEvent(models.Model):
    """The timeline of an order: append-only, but erasure empties `reason`.

    `detail` holds ids, codes and numbers; `reason` is a code or what staff wrote.
    """

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=40)
    detail = models.JSONField(default=dict, blank=True)
    reason = models.CharField(max_length=300, blank=True, default="", db_default="")
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["at", "id"], name="orderevent_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"
