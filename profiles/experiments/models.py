"""Experiments: what was promised, who saw which arm, what shoppers did, what was read."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from profiles.shoppers.models.shoppers import Shopper

# The namespace that holds no experiments: its holdout is held out of all of them.
EVERYTHING = "everything"


class ExperimentNamespace(models.Model):
    """A layer of a thousand slots: experiments in it never meet in a shopper.

    `holdout_share` of the shoppers get the plain arm of all its experiments.
    """

    code = models.SlugField(max_length=40, unique=True)
    salt = models.CharField(max_length=32)
    holdout_share = models.FloatField(default=0.0)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(holdout_share__gte=0.0, holdout_share__lt=1.0),
                name="namespace_holdout_share",
            )
        ]

    def __str__(self) -> str:
        return self.code


class Experiment(models.Model):
    """A question put to shoppers, or to clusters of products.

    While it is a draft all may be changed. Starting freezes `registration`, and what is read later
    is read by it alone: a column changed past the services changes no verdict. `revision` counts
    changes of the shares.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "draft"
        RUNNING = "running", "running"
        STOPPED = "stopped", "stopped"
        DECIDED = "decided", "decided"

    class Unit(models.TextChoices):
        SHOPPER = "shopper", "shoppers"
        CLUSTER = "cluster", "clusters of goods, turn by turn"

    class Mode(models.TextChoices):
        FIXED = "fixed", "fixed shares"
        BANDIT = "bandit", "shares follow what earns"

    class Subject(models.TextChoices):
        OFFERS = "offers", "offers of a campaign"
        RECOMMENDATIONS = "recommendations", "recommendations"
        PRICES = "prices", "personal prices"
        PUBLIC_PRICES = "public_prices", "public prices"
        ALLOCATOR = "allocator", "who gets which offer"
        PAGES = "pages", "what a page shows"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    hypothesis = models.TextField()
    subject = models.CharField(max_length=16, choices=Subject)
    subject_ref = models.CharField(max_length=80, blank=True)
    unit = models.CharField(max_length=8, choices=Unit, default=Unit.SHOPPER)
    mode = models.CharField(max_length=8, choices=Mode, default=Mode.FIXED)
    namespace = models.ForeignKey(
        ExperimentNamespace, on_delete=models.PROTECT, related_name="experiments"
    )
    traffic = models.FloatField(default=1.0, help_text="share of the namespace, 0 to 1")
    first_slot = models.PositiveSmallIntegerField(default=0)
    end_slot = models.PositiveSmallIntegerField(default=0)
    purpose = models.CharField(max_length=16)
    targeting = models.JSONField(default=dict, blank=True)
    primary_metric = models.CharField(max_length=40)
    guards = models.JSONField(default=dict, blank=True, help_text="metric: tolerated relative loss")
    minimum_effect = models.FloatField(help_text="smallest relative effect worth seeing")
    planned_units = models.PositiveIntegerField()
    planned_days = models.PositiveSmallIntegerField()
    alpha = models.FloatField(default=0.05)
    least_share = models.FloatField(default=0.1, help_text="of each arm of a bandit")
    period_days = models.PositiveSmallIntegerField(default=7)
    wash_out_days = models.PositiveSmallIntegerField(default=1)
    salt = models.CharField(max_length=32)
    state = models.CharField(max_length=8, choices=State, default=State.DRAFT)
    revision = models.PositiveIntegerField(default=1)
    registration = models.JSONField(default=dict, blank=True)
    registration_sha256 = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    stop_reason = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.CharField(max_length=40, blank=True)
    decision_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["state", "-id"], name="experiment_state")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", started_at=None)
                | (
                    Q(started_at__isnull=False, end_slot__gt=F("first_slot"), end_slot__lte=1_000)
                    & ~Q(registration_sha256="")
                ),
                name="experiment_registered_before_start",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "running"], stopped_at=None)
                | Q(state__in=["stopped", "decided"], stopped_at__isnull=False),
                name="experiment_stopped_at",
            ),
            models.CheckConstraint(
                condition=Q(alpha__gt=0.0, alpha__lt=1.0, traffic__gt=0.0, traffic__lte=1.0)
                & ~Q(minimum_effect=0.0),
                name="experiment_numbers",
            ),
            models.CheckConstraint(
                condition=~Q(state="decided") | ~Q(decision=""), name="experiment_decision"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ExperimentArm(models.Model):
    """One arm; `settings` is what the room that asks reads of it."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="arms")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    name_zh = models.CharField(max_length=80, blank=True)
    position = models.PositiveSmallIntegerField()
    share = models.FloatField()
    is_control = models.BooleanField(default=False)
    price_factor = models.FloatField(
        default=1.0, help_text="of the public price; never above 1", db_default=1.0
    )
    settings = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["experiment", "position"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "code"], name="arm_code_once"),
            models.UniqueConstraint(
                fields=["experiment"], condition=Q(is_control=True), name="arm_one_control"
            ),
            models.CheckConstraint(
                condition=Q(price_factor__gt=0.0, price_factor__lte=1.0),
                name="arm_not_above_public_price",
            ),
            models.CheckConstraint(condition=Q(share__gt=0.0, share__lt=1.0), name="arm_share"),
        ]

    def __str__(self) -> str:
        return self.code


class ExperimentShares(models.Model):
    """The shares of the arms from a moment on. Append-only: an exposure names its revision."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="shares")
    revision = models.PositiveIntegerField()
    at = models.DateTimeField()
    shares = models.JSONField(help_text="arm code: share")
    reason = models.CharField(max_length=200)

    class Meta:
        ordering = ["experiment", "revision"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "revision"], name="shares_revision_once")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} revision {self.revision}"


class Exposure(models.Model):
    """The first time a shopper really saw the arm they were given. Append-only.

    `propensity` is the chance with which this arm was drawn, under the shares of `revision`.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="+")
    arm = models.ForeignKey(ExperimentArm, on_delete=models.PROTECT, related_name="+")
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    propensity = models.FloatField()
    revision = models.PositiveIntegerField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            # By shopper first: what a shopper saw is asked on a page.
            models.UniqueConstraint(fields=["shopper", "experiment"], name="exposure_first_only"),
            models.CheckConstraint(
                condition=Q(propensity__gt=0.0, propensity__lte=1.0), name="exposure_propensity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.arm_id} {self.at:%Y-%m-%d %H:%M}"


class ExperimentDeviation(models.Model):
    """What was changed after registration, why and by whom. Append-only; the read-out names it."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="deviations")
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    field = models.CharField(max_length=40)
    before = models.JSONField()
    after = models.JSONField()
    reason = models.CharField(max_length=300)

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.field}"


class ExperimentOutcome(models.Model):
    """What a shopper did on one day after the exposure, or (`is_before`) in the weeks before the
    start. Amounts are minor units; `paid_minor` and `margin_minor` are net of returns.
    """

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="+")
    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    day = models.DateField()
    is_before = models.BooleanField(default=False)
    orders = models.PositiveIntegerField(default=0)
    units = models.PositiveIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    margin_minor = models.BigIntegerField(default=0)
    returned_units = models.PositiveIntegerField(default=0)
    views = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    cart_adds = models.PositiveIntegerField(default=0)
    offer_views = models.PositiveIntegerField(default=0)
    offer_clicks = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["experiment", "day"]
        constraints = [
            models.UniqueConstraint(
                fields=["experiment", "shopper", "day", "is_before"], name="outcome_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.day}"


class ExperimentItem(models.Model):
    """The cluster a variant stands in, for experiments whose unit is a cluster of products."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="items")
    variant_id = models.BigIntegerField()
    cluster = models.PositiveIntegerField()

    class Meta:
        ordering = ["experiment", "cluster", "variant_id"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "variant_id"], name="item_one_cluster")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.variant_id}"


class ExperimentReadout(models.Model):
    """What was read of an experiment up to the end of a day: one row a day, the newest replaced."""

    experiment = models.ForeignKey(Experiment, on_delete=models.CASCADE, related_name="readouts")
    day = models.DateField()
    at = models.DateTimeField()
    figures = models.JSONField()

    class Meta:
        ordering = ["experiment", "day"]
        constraints = [
            models.UniqueConstraint(fields=["experiment", "day"], name="readout_once_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.experiment_id} {self.day}"
