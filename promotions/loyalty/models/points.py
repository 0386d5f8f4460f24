"""Loyalty points: accounts, a two-sided ledger, lots that expire, and one row an order."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from promotions.loyalty.models.terms import ProgrammeTerms


class Bucket(models.TextChoices):
    """Where points are. The first four belong to an account, the others to the shop."""

    PENDING = "pending", "pending"
    AVAILABLE = "available", "available"
    HELD = "held", "held for an order"
    OWED = "owed", "owed by the shopper"
    ISSUED = "issued", "issued by the shop"
    REDEEMED = "redeemed", "redeemed"
    EXPIRED = "expired", "expired"
    ADJUSTED = "adjusted", "adjusted by staff"


OWN_BUCKETS = (Bucket.PENDING, Bucket.AVAILABLE, Bucket.HELD, Bucket.OWED)


class PointsAccount(models.Model):
    """A member's balances. No balance is ever negative: what is owed is kept as a balance of its
    own, and paid from what is earned next.

    `member_number` is said at a till: it can earn and nothing else. Erasure takes `shopper`,
    `invite_code` and `member_number` away; the books keep the rest.
    """

    shopper = models.OneToOneField(
        "profiles.Shopper", on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    market_code = models.CharField(max_length=16)
    pending = models.BigIntegerField(default=0)
    available = models.BigIntegerField(default=0)
    held = models.BigIntegerField(default=0)
    owed = models.BigIntegerField(default=0)
    invite_code = models.CharField(max_length=16, unique=True, null=True, blank=True)
    member_number = models.CharField(max_length=12, unique=True, null=True, blank=True)
    joined_at = models.DateTimeField()
    tier_warned_for = models.DateTimeField(
        null=True, blank=True, help_text="The loss of a tier that was announced last."
    )

    class Meta:
        ordering = ["-joined_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(pending__gte=0, available__gte=0, held__gte=0, owed__gte=0),
                name="pointsaccount_never_negative",
            )
        ]

    def __str__(self) -> str:
        return str(self.shopper_id or "–")


class PointsEntry(models.Model):
    """One movement of points from one bucket to another: both sides of the books in one row.

    Append-only, guarded by a trigger. `key` makes a repeated act harmless.
    """

    class Kind(models.TextChoices):
        EARN = "earn", "earned"
        RELEASE = "release", "became available"
        HOLD = "hold", "held for an order"
        UNHOLD = "unhold", "given back from an order"
        REDEEM = "redeem", "used"
        RETURN = "return", "given back with a return"
        REVERSE = "reverse", "taken back with a return"
        SETTLE = "settle", "paid off what was owed"
        EXPIRE = "expire", "expired"
        ADJUST = "adjust", "adjusted by staff"
        REFER = "refer", "for a friend"
        ERASE = "erase", "given up"

    account = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="entries", db_index=False
    )
    kind = models.CharField(max_length=8, choices=Kind)
    source = models.CharField(max_length=9, choices=Bucket)
    target = models.CharField(max_length=9, choices=Bucket)
    points = models.BigIntegerField()
    order_ref = models.CharField(max_length=64, blank=True)
    note = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "points entries"
        indexes = [
            models.Index(fields=["account", "-at", "-id"], name="pointsentry_account"),
            models.Index(
                fields=["order_ref"], condition=~Q(order_ref=""), name="pointsentry_order"
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(points__gt=0), name="pointsentry_positive"),
            models.CheckConstraint(
                condition=~Q(source=F("target"))
                & (Q(source__in=OWN_BUCKETS) | Q(target__in=OWN_BUCKETS)),
                name="pointsentry_moves",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.points} {self.source} -> {self.target}"


class PointsLot(models.Model):
    """Points that became available together and expire together. The lots of an account sum to
    what it has available.

    A lot expires only after its owner was told (`warned_at`).
    """

    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="lots")
    points = models.BigIntegerField()
    left = models.BigIntegerField()
    since = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    warned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["expires_at", "id"]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(left__gt=0), name="pointslot_expires")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(left__gte=0) & Q(left__lte=F("points")), name="pointslot_left"
            )
        ]

    def __str__(self) -> str:
        return f"{self.left} of {self.points}"


class PointsOrder(models.Model):
    """What one order earned and spent, line by line, and what of it went back.

    `lines` holds for each line {"line", "quantity", "earned", "spent", "minor"}: points earned and
    spent and the goods' price, all of the whole line. `counted_minor` is what counts for the tier.
    """

    class State(models.TextChoices):
        OPEN = "open", "not paid"
        PAID = "paid", "points pending"
        RELEASED = "released", "points available"
        VOID = "void", "canceled or returned"

    account = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="orders", db_index=False
    )
    terms = models.ForeignKey(ProgrammeTerms, on_delete=models.PROTECT, related_name="+")
    order_ref = models.CharField(max_length=64, unique=True)
    state = models.CharField(max_length=8, choices=State, default=State.OPEN)
    lines = models.JSONField(default=list)
    earned = models.BigIntegerField(default=0)
    reversed = models.BigIntegerField(default=0)
    spent = models.BigIntegerField(default=0)
    spent_minor = models.BigIntegerField(default=0)
    returned = models.BigIntegerField(default=0)
    spent_lasts_until = models.DateTimeField(
        null=True, blank=True, help_text="Expiry of the longest-lived points that were spent."
    )
    counted_minor = models.BigIntegerField(default=0)
    identity = models.JSONField(default=list, blank=True)
    at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["account", "-paid_at"], name="pointsorder_account"),
            models.Index(fields=["due_at"], condition=Q(state="paid"), name="pointsorder_due"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(reversed__gte=0)
                & Q(reversed__lte=F("earned"))
                & Q(returned__gte=0)
                & Q(returned__lte=F("spent")),
                name="pointsorder_within",
            )
        ]

    def __str__(self) -> str:
        return f"{self.order_ref}: +{self.earned} -{self.spent}"


class PointsAdjustment(models.Model):
    """A correction by staff, with its reason; a large one waits for a second person."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a second person"
        APPLIED = "applied", "applied"
        REFUSED = "refused", "refused"

    account = models.ForeignKey(PointsAccount, on_delete=models.PROTECT, related_name="adjustments")
    points = models.BigIntegerField(help_text="Positive: given. Negative: taken.")
    reason = models.CharField(max_length=300)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(condition=~Q(points=0), name="pointsadjustment_not_zero")
        ]

    def __str__(self) -> str:
        return f"{self.points:+} ({self.state})"


class Referral(models.Model):
    """One invited member. A shopper can be invited once; the rest is a state and its reason."""

    class State(models.TextChoices):
        JOINED = "joined", "joined"
        REWARDED = "rewarded", "rewarded"
        REFUSED = "refused", "not counted"
        REVERSED = "reversed", "taken back"

    class Reason(models.TextChoices):
        SAME_HOUSEHOLD = "same_household", "same household"
        CAP_REACHED = "cap_reached", "limit of the period reached"
        RETURNED = "returned", "the order was returned"
        NOBODY = "nobody", "the inviter is gone"

    referrer = models.ForeignKey(
        PointsAccount, on_delete=models.PROTECT, related_name="invited", db_index=False
    )
    invited = models.OneToOneField(PointsAccount, on_delete=models.PROTECT, related_name="referral")
    state = models.CharField(max_length=8, choices=State, default=State.JOINED)
    reason = models.CharField(max_length=14, choices=Reason, blank=True)
    order_ref = models.CharField(max_length=64, blank=True)
    points = models.PositiveIntegerField(default=0)
    at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["referrer", "state"], name="referral_referrer")]
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(referrer=models.F("invited")), name="referral_not_oneself"
            )
        ]

    def __str__(self) -> str:
        return f"{self.referrer_id} invited {self.invited_id} ({self.state})"
