"""Campaigns, their versions and steps, who else must agree, how far they may adjust themselves."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.core.claims import BadClaim, parse_claims
from shop.ground.database.naming import name_for_reader

PUBLIC_HOLDOUT = _(
    "A public offer is for everybody, so nobody can be held out. Make it a campaign for"
    " account holders or chosen shoppers, or measure it as a switchback by item clusters."
)

SPENT_ALREADY = _(
    "More than this is spent already: write at least what is spent, or end the campaign."
)


class Campaign(models.Model):
    """A dated plan with a purpose and, if it has one, a money budget.

    Live means: status is live and `starts_at <= now < ends_at`, judged whenever it is read, so
    that an offer ends at its second even when no job runs.
    """

    class Kind(models.TextChoices):
        PRICE_CUT = "price_cut", "price cut"
        COUPON = "coupon", "coupon"
        MEMBER = "member", "member exclusive"
        WELCOME = "welcome", "new shopper"
        LOYALTY = "loyalty", "loyalty mailing"
        WIN_BACK = "win_back", "win back"
        REFERRAL = "referral", "referral"
        PARTNER = "partner", "co-branded with a partner"

    class Goal(models.TextChoices):
        """What it is for: its results are read against it."""

        SALES = "sales", "more sales"
        MARGIN = "margin", "more margin"
        NEWCOMERS = "newcomers", "new shoppers"
        STOCK = "stock", "clear stock"
        LOYALTY = "loyalty", "shoppers who come back"

    class Audience(models.TextChoices):
        """Whom a price cut reaches: it decides label and reference price, so law reads it."""

        PUBLIC = "public", "everybody"
        MEMBERS = "members", "account holders"
        PERSONAL = "personal", "chosen shoppers"

    class Status(models.TextChoices):
        """What people decided; `status_at` says what that and the dates make of a moment."""

        DRAFT = "draft", "draft"
        SCHEDULED = "scheduled", "waits for a second person"
        LIVE = "live", "live"
        PAUSED = "paused", "paused"
        ENDED = "ended", "ended"

    code = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=12, choices=Kind)
    goal = models.CharField(
        max_length=9,
        choices=Goal,
        default=Goal.SALES,
        db_default=Goal.SALES,
        help_text="What its results are read against.",
    )
    audience = models.CharField(max_length=8, choices=Audience, default=Audience.PUBLIC)
    status = models.CharField(max_length=9, choices=Status, default=Status.DRAFT)
    market_code = models.CharField(
        max_length=8, blank=True, help_text="Empty: every market. Money is in its currency."
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first moment it is over.")
    promised_ends_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The end that shoppers were told: it can only come sooner.",
    )
    claims = models.JSONField(
        default=dict, blank=True, help_text="What the offer says of itself; see the law page."
    )
    holdout_percent = models.PositiveSmallIntegerField(
        default=0, help_text="Of members or chosen shoppers, the share that does not get it."
    )
    revision = models.PositiveIntegerField(default=0, editable=False)
    pending_revision = models.PositiveIntegerField(null=True, blank=True, editable=False)
    sells_below_floor = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Its offers may sell below the price floor; two people agree to that.",
    )
    external_ref = models.CharField(max_length=60, null=True, blank=True, unique=True)
    budget_minor = models.BigIntegerField(null=True, blank=True)
    spent_minor = models.BigIntegerField(
        default=0, editable=False, help_text="Held and committed discounts; kept for budgets only."
    )
    returns_give_back = models.BooleanField(
        default=True,
        db_default=True,
        help_text="A return in full gives uses and budget back; otherwise they stay used.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-starts_at", "-id"]
        indexes = [models.Index(fields=["status", "ends_at"], name="campaign_status_ends")]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("starts_at")), name="campaign_ends_later"
            ),
            models.CheckConstraint(condition=Q(spent_minor__gte=0), name="campaign_spent_positive"),
            # The last line of defense: no code path can overspend, not even a wrong one.
            models.CheckConstraint(
                condition=Q(budget_minor__isnull=True) | Q(spent_minor__lte=F("budget_minor")),
                name="campaign_within_budget",
            ),
            # What a countdown counted to stays: nobody can move it away by any path.
            models.CheckConstraint(
                condition=Q(promised_ends_at__isnull=True) | Q(ends_at__lte=F("promised_ends_at")),
                name="campaign_end_kept",
            ),
            models.CheckConstraint(
                condition=Q(holdout_percent__lte=50)
                & (~Q(audience="public") | Q(holdout_percent=0)),
                name="campaign_holdout_share",
            ),
        ]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)

    def clean(self) -> None:
        """Refuse unreadable claims, a holdout of what all see, and a budget that is overspent."""
        super().clean()
        if self.audience == self.Audience.PUBLIC and self.holdout_percent:
            raise ValidationError({"holdout_percent": PUBLIC_HOLDOUT})
        if self.budget_minor is not None and self.budget_minor < self.spent_minor:
            raise ValidationError({"budget_minor": SPENT_ALREADY})
        try:
            parse_claims(self.claims)
        except BadClaim as refusal:
            raise ValidationError({"claims": refusal.message}) from refusal


class CampaignShopper(models.Model):
    """A shopper whom a personal campaign addresses.

    With an `offer`, only with that one of its offers: what the allocator decided.
    """

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="targets")
    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    offer = models.ForeignKey(
        "promotions.Offer", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    reason = models.CharField(max_length=20, blank=True, default="", db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shopper", "campaign"], name="campaignshopper_once")
        ]

    def __str__(self) -> str:
        return f"campaign {self.campaign_id} for shopper {self.shopper_id}"


class CampaignPolicy(models.Model):
    """A version of the thresholds. Depths are percent of a price, the budget is minor units.

    A version that replaces another takes effect when somebody else than its author approves it.
    """

    version = models.PositiveIntegerField(unique=True)
    is_active = models.BooleanField(default=False)
    two_person_budget_minor = models.BigIntegerField(default=500_000)
    two_person_depth = models.FloatField(default=30.0)
    two_person_depth_unbudgeted = models.FloatField(default=20.0)
    two_person_stack = models.FloatField(
        default=25.0,
        db_default=25.0,
        help_text="Percent that it and other campaigns take off the same unit together.",
    )
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "campaign policies"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="campaignpolicy_one_active"
            ),
            models.CheckConstraint(
                condition=Q(created_by__isnull=True)
                | Q(approved_by__isnull=True)
                | ~Q(approved_by=F("created_by")),
                name="campaignpolicy_second_approver",
            ),
            models.CheckConstraint(
                condition=Q(two_person_budget_minor__gte=0)
                & Q(two_person_depth__gte=0, two_person_depth__lte=100)
                & Q(two_person_depth_unbudgeted__gte=0, two_person_depth_unbudgeted__lte=100)
                & Q(two_person_stack__gte=0, two_person_stack__lte=100),
                name="campaignpolicy_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"policy {self.version}"


class CampaignRevision(models.Model):
    """A campaign with its offers as of one save. A trigger refuses UPDATE and DELETE.

    Only `by` may be emptied, with the account it names.
    """

    class Origin(models.TextChoices):
        FOUND = "found", "as it was found"
        SAVED = "saved", "saved by staff"
        ROLLBACK = "rollback", "rolled back"
        CLONE = "clone", "copied from another campaign"
        IMPORT = "import", "imported"

    campaign = models.ForeignKey(
        Campaign, on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    number = models.PositiveIntegerField()
    origin = models.CharField(max_length=8, choices=Origin)
    source = models.CharField(max_length=80, blank=True, help_text="What it was made from.")
    snapshot = models.JSONField()
    content_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["campaign", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "number"], name="campaignrevision_number")
        ]

    def __str__(self) -> str:
        return f"revision {self.number}"


class CampaignEvent(models.Model):
    """One step of a campaign: who, why, from where to where, and the revision concerned."""

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="events")
    step = models.CharField(max_length=12)
    from_status = models.CharField(max_length=9, choices=Campaign.Status)
    to_status = models.CharField(max_length=9, choices=Campaign.Status)
    revision = models.PositiveIntegerField()
    reason = models.CharField(max_length=300)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.step} {self.at:%Y-%m-%d %H:%M}"


class CampaignTuning(models.Model):
    """How far a campaign may adjust itself, and its exposure weight. No row: it only proposes."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="tuning"
    )
    is_automatic = models.BooleanField(
        default=False, help_text="Apply what the guardrails allow; otherwise only propose."
    )
    exposure_weight = models.FloatField(
        default=1.0, help_text="How much more often it is shown than others of the same fit."
    )
    depth_min = models.FloatField(default=0.0, help_text="percent")
    depth_max = models.FloatField(default=30.0, help_text="percent")
    depth_step = models.FloatField(default=2.5, help_text="percentage points in one change")
    cooldown_hours = models.PositiveSmallIntegerField(default=6)
    approve_above_minor = models.BigIntegerField(
        default=100_000, help_text="A change expected to move more than this asks a person."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)
    fault = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        default="",
        db_default="",
        help_text="Why the last check of it failed; empty if it did not.",
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(exposure_weight__gt=0, exposure_weight__lte=16),
                name="campaigntuning_weight",
            ),
            models.CheckConstraint(
                condition=Q(
                    depth_min__gte=0,
                    depth_max__gt=F("depth_min"),
                    depth_max__lte=100,
                    depth_step__gt=0,
                    depth_step__lte=10,
                ),
                name="campaigntuning_depth",
            ),
            models.CheckConstraint(
                condition=Q(cooldown_hours__gte=1, approve_above_minor__gte=0),
                name="campaigntuning_care",
            ),
        ]

    def __str__(self) -> str:
        return f"tuning of campaign {self.campaign_id}"
