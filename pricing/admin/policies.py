"""The staff table of policy versions, and the bounds of its fields as the form asks them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from pricing.policy.models.policy import PricingPolicy
from pricing.publishing.core.changes import POLICY
from pricing.rollout.services.approvals import approve_policy, propose_policy
from shop.ground.approvals.admin import VersionAdmin
from shop.ground.staff.columns import age_column
from shop.ground.staff.numbers import EMPTY

type Text = str | Promise


class Bound(NamedTuple):
    """What a bound is called, what it does, and between which numbers it may lie."""

    label: Text
    help_text: Text
    low: float | None = None
    high: float | None = None


GROUPS: dict[Text, dict[str, Bound]] = {
    _("What prices aim at"): {
        "objective": Bound(_("Goal"), _("What public prices maximize.")),
        "target_margin": Bound(
            _("Target margin"), _("Over cost; it gives way before the floor does."), 0, 9.99
        ),
        "won_purchase_share": Bound(
            _("Value of a won purchase"),
            _("Share of the price that a won purchase counts beside its margin."),
            *(0, 0.99),
        ),
        "min_confidence": Bound(
            _("How sure the model must be"),
            _(
                "How likely a new price must be to be better before it is used. Where "
                "impressions taught the model, 50 % is enough."
            ),
            *(0.5, 0.999),
        ),
        "substitution_share": Bound(
            _("Sales taken from substitutes"),
            _(
                "Share of the units a lower price wins that others of the category lose at least;"
                " what was learned of them counts where it is more."
            ),
            *(0, 0.9),
        ),
        "restock_days": Bound(
            _("Days until restocking"),
            _(
                "Prices rise for products whose stock would not last this long. A known delivery "
                "date is used instead. 0: stock changes no price."
            ),
            *(0, 365),
        ),
    },
    _("Bounds of the public price"): {
        "floor_margin": Bound(
            _("Margin floor"), _("No price below cost and this margin."), 0, 0.99
        ),
        "ceiling_over_list": Bound(
            _("Ceiling over the list price"), _("0: never above the list price."), 0, 1
        ),
        "assumed_cost_share": Bound(
            _("Cost where none is known"), _("As a share of the list price."), 0.01, 0.99
        ),
        "step_cap": Bound(_("Largest change a day"), _("Up or down, as a share."), 0.001, 0.5),
        "max_changes_per_day": Bound(_("Changes a day"), _("In 24 hours, at most."), 0, 100),
        "hold_minutes": Bound(
            _("Minimum time between changes (minutes)"),
            _("A price stays unchanged for at least this time."),
            0,
            60 * 24 * 7,
        ),
        "cooldown_hours": Bound(
            _("Cooldown (hours)"),
            _("The model leaves a changed price alone for this time."),
            0,
            24 * 28,
        ),
        "keeps_to_competitors": Bound(
            _("Keep to competitors"),
            _(
                "On: no price rises further above the lowest fresh price of competitors than the"
                " next bound says. No price falls because of theirs."
            ),
        ),
        "competitor_above": Bound(
            _("Above competitors"), _("Largest distance above the lowest fresh price."), 0, 5
        ),
        "causal_reach": Bound(
            _("Reach with experiments"),
            _(
                "How far a price may go from the merchant's, where randomized prices back the "
                "model."
            ),
            *(0, 0.5),
        ),
    },
    _("Personal prices"): {
        "personal_cap": Bound(
            _("Largest personal discount"),
            _("Above 0.10 only with a second person; never above 0.30."),
            *(0, 0.3),
        ),
        "spread_aversion": Bound(
            _("Weight of equal prices"),
            _("Penalty for treating shoppers differently; usually 20."),
            0,
            1000,
        ),
        "quote_minutes": Bound(
            _("Quote validity (minutes)"),
            _("The price seen is the price paid for this time."),
            30,
            60 * 24,
        ),
        "no_rise_hours": Bound(
            _("Hours without a personal price increase"),
            _("The discount in money stays for this time."),
            0,
            24 * 7,
        ),
        "max_model_age_hours": Bound(
            _("Maximum model age (hours)"),
            _("With an older model no price moves; a nightly fit counts as new."),
            1,
            24 * 90,
        ),
    },
    _("Learning"): {
        "learns_from_looks": Bound(
            _("Learn from impressions"),
            _(
                "On: elasticities come from how often prices were shown and bought at, on top of "
                "weekly sales, each night and minute. Off: from weekly sales alone."
            ),
        ),
        "holdout_share": Bound(
            _("Holdout"), _("Share of willing shoppers who always see public prices."), 0, 0.5
        ),
        "exploration": Bound(
            _("Exploration"),
            _("Share of an elasticity's uncertainty that is drawn at random."),
            0,
            1,
        ),
        "shock_share": Bound(
            _("Weekly price tests"),
            _(
                "Largest share of products whose price a test moves by one price point for a "
                "week; fewer where much is known."
            ),
            0,
            0.25,
        ),
    },
    _("Who decides"): {
        "auto_publish": Bound(
            _("Publish by itself"), _("Off: the model's changes wait in the change inbox.")
        ),
        "two_person_step": Bound(
            _("Two people above"), _("Changes above this share need two people."), 0, 0.5
        ),
    },
}
BOUNDS = {name: bound for group in GROUPS.values() for name, bound in group.items()}


REASON_SHOWN = 60


class PolicyForm(forms.ModelForm):
    """A new version starts from the active one; every number says what it does and how far."""

    class Meta:
        model = PricingPolicy
        fields = [*BOUNDS, "reason"]
        labels = {name: bound.label for name, bound in BOUNDS.items()}
        help_texts = {name: bound.help_text for name, bound in BOUNDS.items()} | {
            "reason": _("Kept with the version and shown to auditors.")
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        active = PricingPolicy.objects.filter(is_active=True).first()
        if active is not None:
            started = {name: getattr(active, name) for name in BOUNDS}
            kwargs["initial"] = {**started, **(kwargs.get("initial") or {})}
        super().__init__(*args, **kwargs)
        if "reason" in self.fields:
            self.fields["reason"].required = True
        for name in self.fields.keys() & BOUNDS.keys():
            self._limit(self.fields[name], BOUNDS[name])

    def clean(self) -> dict[str, Any]:
        """Refuse what the table's own constraints would, in words."""
        given: dict[str, Any] = super().clean() or {}
        if given.get("objective") == "units" and not given.get("target_margin"):
            self.add_error(
                "target_margin",
                _("Units alone would price everything at its floor: set a target margin, too."),
            )
        return given

    def _limit(self, field: forms.Field, bound: Bound) -> None:
        if bound.low is None or bound.high is None:
            return
        field.validators += [MinValueValidator(bound.low), MaxValueValidator(bound.high)]
        field.widget.attrs |= {"min": bound.low, "max": bound.high, "step": "any"}


@admin.register(PricingPolicy)
class PricingPolicyAdmin(VersionAdmin):
    """Versions of the bounds and goals of pricing."""

    blank_text = _("Propose the first version of the pricing policy. A second person approves it.")
    form = PolicyForm
    list_display = [
        "version",
        "state",
        "why",
        "objective",
        "auto_publish",
        "created_by",
        "approved_by",
        age_column("created_at", _("Proposed")),
    ]
    list_select_related = ["created_by", "approved_by"]
    list_filter = ["is_active"]
    search_fields = ["version__exact", "reason"]
    approval_kind = POLICY
    fixed_fields = ["version", "state", "changes", "second_person", "created_at"]

    def get_fieldsets(self, request: HttpRequest, obj: PricingPolicy | None = None) -> list[Any]:
        """Bounds by what they are for, and the reason; of a stored version its changes first."""
        bounds: list[Any] = [(title, {"fields": list(group)}) for title, group in GROUPS.items()]
        if obj is None:
            bounds[0][1]["description"] = _("Shares are fractions: 0.10 is 10 %.")
            return [*bounds, (_("Why"), {"fields": ["reason"]})]
        said = ["version", "state", "changes", "reason", "second_person", "created_at"]
        return [(_("What it changes, and why"), {"fields": said}), *bounds]

    @admin.display(description=_("Reason"))
    def why(self, row: PricingPolicy) -> str:
        """The beginning of the reason."""
        return Truncator(row.reason).chars(REASON_SHOWN) or EMPTY

    @admin.display(description=_("Changes"))
    def changes(self, row: PricingPolicy) -> SafeString | str:
        """Every bound that differs from the version in use before it. One query."""
        before = find_predecessor(row)
        if before is None:
            return EMPTY
        lines = [
            (bound.label, _show(getattr(before, name)), _show(getattr(row, name)))
            for name, bound in BOUNDS.items()
            if getattr(before, name) != getattr(row, name)
        ]
        return format_html_join(SafeString("<br>"), "{}: {} → <strong>{}</strong>", lines) or EMPTY

    def propose(self, changes: dict[str, Any], *, reason: str, by_id: int, now: datetime) -> int:
        """Propose a draft of the active policy with what the form says."""
        return propose_policy(changes=changes, reason=reason, by_id=by_id, now=now)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Make the draft the active policy."""
        return approve_policy(policy_id=object_id, by_id=by_id, now=now)


def find_predecessor(row: PricingPolicy) -> PricingPolicy | None:
    """Return what a version is read against: a draft the active one, others the one used before."""
    used = PricingPolicy.objects.filter(approved_by__isnull=False) | PricingPolicy.objects.filter(
        created_by__isnull=True
    )
    is_draft = not row.is_active and row.approved_by_id is None
    active = PricingPolicy.objects.filter(is_active=True).exclude(pk=row.pk).first()
    if is_draft and active is not None:
        return active
    return used.filter(version__lt=row.version).order_by("-version").first()


def _show(value: object) -> object:
    """Return a bound as people say it."""
    return (_("yes") if value else _("no")) if isinstance(value, bool) else value
