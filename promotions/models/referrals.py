"""Who was invited by whom, and what became of it."""

from __future__ import annotations

from django.db import models

from promotions.models.points import PointsAccount


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
