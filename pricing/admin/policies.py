"""The staff table of policy versions: proposed by one person, made active by another."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from pricing.admin.bounds import BOUNDS, GROUPS, Bound
from pricing.policy.models.policy import PricingPolicy
from pricing.publishing.core.approvals import POLICY
from pricing.rollout.services.approvals import approve_policy, propose_policy
from shop.ground.approvals.admin import VersionAdmin
from shop.ground.staff.columns import age_column
from shop.ground.staff.numbers import EMPTY

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
