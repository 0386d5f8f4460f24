"""Plans, decisions and beliefs of personal offers, and who had the weekly letter."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from promotions.campaigns.models import Campaign, Offer


class AllocationPlan(models.Model):
    """A personal campaign whose offers (its depths) are given out by the allocator.

    `control_share` of shoppers get none and `depth_share` get each depth by chance, always: what
    is learned comes from them. `price` is lambda, what a unit of budget must earn; it moves with
    spending (`paced_at`, `spent_at_pace` and `blocks` are the pacer's memory).
    """

    campaign = models.OneToOneField(Campaign, on_delete=models.CASCADE, related_name="allocation")
    is_on = models.BooleanField(default=True)
    control_share = models.FloatField(default=0.05)
    depth_share = models.FloatField(default=0.02)
    exploration_share = models.FloatField(
        default=0.2,
        help_text="Share of shoppers for whom what an offer earns is drawn while it is new.",
    )
    frequency_cap = models.PositiveSmallIntegerField(
        default=4, help_text="Personal offers per shopper in four weeks, over all campaigns."
    )
    outcome_days = models.PositiveSmallIntegerField(
        default=14, help_text="Purchases so many days after a decision are its outcome."
    )
    salt = models.CharField(max_length=40)
    price = models.FloatField(default=1.0, editable=False)
    paced_at = models.DateTimeField(null=True, blank=True, editable=False)
    spent_at_pace = models.BigIntegerField(default=0, editable=False)
    blocks = models.PositiveIntegerField(default=0, editable=False)
    report = models.JSONField(default=dict, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(control_share__gte=0.05, control_share__lt=1),
                name="allocation_control_always",
            ),
            models.CheckConstraint(
                condition=Q(depth_share__gte=0.02, depth_share__lt=1),
                name="allocation_depths_always",
            ),
            models.CheckConstraint(condition=Q(price__gte=0), name="allocation_price_positive"),
            models.CheckConstraint(
                condition=Q(exploration_share__gte=0, exploration_share__lte=0.5),
                name="allocation_explores_at_most_half",
            ),
        ]

    def __str__(self) -> str:
        return f"allocation of campaign {self.campaign_id}"


class OfferBelief(models.Model):
    """What is believed of an offer's effect, relative to what the uplift model expects of it.

    `effect` and `effect_sd` are what its own randomised decisions showed, as far as there are
    enough; `mean` and `sd` hold offers like it too. While it `is_new` the allocator draws from
    them. Draws are repeated from `seed`, which changes when the belief does.
    """

    offer = models.OneToOneField(Offer, on_delete=models.CASCADE, related_name="belief")
    is_new = models.BooleanField(default=True)
    mean = models.FloatField()
    sd = models.FloatField()
    effect = models.FloatField(null=True, blank=True)
    effect_sd = models.FloatField(null=True, blank=True)
    decisions = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    seed = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(sd__gt=0), name="offer_belief_has_doubt"),
        ]

    def __str__(self) -> str:
        return f"{self.mean:.2f} ± {self.sd:.2f}"


class UpliftVersion(models.Model):
    """One fitted uplift model: plain arrays (npz, never pickle), their hash, and its metrics."""

    class Status(models.TextChoices):
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"
        REFUSED = "refused", "refused by its own judges"

    status = models.CharField(max_length=7, choices=Status)
    trained_at = models.DateTimeField()
    rows = models.PositiveIntegerField()
    metrics = models.JSONField(default=dict)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-trained_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="active"), name="uplift_one_active"
            )
        ]

    def __str__(self) -> str:
        return f"uplift model {self.pk}"


class OfferDecision(models.Model):
    """What was decided for a shopper in a campaign, with its probability. Append-only: a trigger
    refuses UPDATE and DELETE, but for forgetting whose it was."""

    class Arm(models.TextChoices):
        CONTROL = "control", "no offer, by chance"
        CHANCE = "chance", "this depth, by chance"
        CHOSEN = "chosen", "the best offer, or none"

    at = models.DateTimeField()
    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="+")
    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    offer = models.ForeignKey(
        Offer, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    arm = models.CharField(max_length=7, choices=Arm)
    propensity = models.FloatField(help_text="The chance of this arm and depth.")
    chances = models.JSONField(
        default=dict,
        blank=True,
        help_text="The chance of each arm and depth: control, chosen, and offers by id.",
    )
    depth = models.FloatField(default=0.0)
    model = models.ForeignKey(
        UpliftVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    value_minor = models.FloatField(default=0.0, help_text="Expected margin added, before funding.")
    cost_minor = models.FloatField(default=0.0, help_text="Expected cost to the budget.")
    price = models.FloatField(default=0.0, help_text="Lambda when it was decided.")
    reason = models.CharField(max_length=20)
    exploration_share = models.FloatField(
        null=True, blank=True, help_text="The plan's share when it was decided: who explores."
    )
    draws = models.JSONField(
        default=dict,
        blank=True,
        help_text="New offers of the campaign, by id: seed, mean and sd believed, and the draw.",
    )

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["shopper", "campaign", "-id"], name="offerdecision_latest"),
            models.Index(fields=["campaign", "at"], name="offerdecision_campaign_at"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(propensity__gt=0, propensity__lte=1), name="offerdecision_propensity"
            ),
            models.CheckConstraint(
                condition=~Q(arm="control") | Q(offer=None), name="offerdecision_control_is_none"
            ),
            models.CheckConstraint(
                condition=Q(offer=None, depth=0) | Q(offer__isnull=False, depth__gt=0),
                name="offerdecision_depth",
            ),
        ]

    def __str__(self) -> str:
        return f"decision {self.pk}"


class OfferDigest(models.Model):
    """A shopper's turn in an ISO week ("2026-W48"): once, whether or not there was an offer.

    Written in the transaction that sends the letter; the constraint decides between two senders.
    """

    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    week = models.CharField(max_length=8)
    offers = models.PositiveSmallIntegerField(help_text="0: no letter was sent.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shopper", "week"], name="offerdigest_once_a_week")
        ]

    def __str__(self) -> str:
        return f"digest {self.week} of shopper {self.shopper_id}"
