"""Staff tables of points: members, ledger, corrections, terms, invitations."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from promotions.campaigns.api import ADJUSTMENT
from promotions.loyalty.api import (
    adjust_points,
    approve_adjustment,
    read_member_number,
    read_tier,
    refuse_adjustment,
)
from promotions.loyalty.models import PointsAccount, PointsAdjustment, PointsEntry, Referral
from shop.ground.approvals.admin import TwoPersonAdmin
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, tag_column
from shop.ground.staff.keys import KeySearchAdmin, read_number, read_text
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyInline

KIND_TONES = {
    **dict.fromkeys(("earn", "release", "refer", "return", "unhold"), "green"),
    **dict.fromkeys(("hold", "redeem"), "blue"),
    **dict.fromkeys(("reverse", "expire", "settle"), "amber"),
    "adjust": "red",
}
STATE_TONES = {"waiting": "amber", "applied": "green", "refused": "gray"}
REFERRAL_TONES = {"joined": "blue", "rewarded": "green", "refused": "gray", "reversed": "amber"}
MOST = 1_000_000


class PointsForm(ReasonForm):
    """How many points, and why."""

    points = forms.IntegerField(
        label=_("Points (negative takes away)"),
        min_value=-MOST,
        max_value=MOST,
        widget=UnfoldAdminIntegerFieldWidget(),
    )
    field_order = ["points", "reason"]


class EntryInline(ReadOnlyInline):
    model = PointsEntry
    fields = ["at", "kind", "source", "target", "points", "order_ref", "note"]
    readonly_fields = fields
    ordering = ["-id"]


@admin.register(PointsAccount)
class PointsAccountAdmin(KeySearchAdmin):
    list_display = [
        "member",
        "available",
        "pending",
        "held",
        "owed",
        age_column("joined_at", _("Joined")),
    ]
    search_keys = {
        "shopper__id": read_number,
        "invite_code": read_text,
        "member_number": read_member_number,
    }
    readonly_fields = ["tier"]
    fields = ["shopper", "market_code", "tier", "available", "pending", "held", "owed", "joined_at"]
    inlines = [EntryInline]
    actions_detail = ["correct"]
    actions_row = ["correct"]
    blank_text = _("Shoppers who joined the programme are listed here with their balances.")
    act_permission = "promotions.add_pointsadjustment"

    @admin.display(description=_("Member"), ordering="shopper")
    def member(self, row: PointsAccount) -> str:
        """The shopper's number; nobody after erasure."""
        return f"#{row.shopper_id}" if row.shopper_id else EMPTY

    @admin.display(description=_("Tier"))
    def tier(self, row: PointsAccount) -> str:
        """The tier at this moment."""
        if row.shopper_id is None:
            return EMPTY
        return read_tier(shopper_id=row.shopper_id, now=utc_now()) or EMPTY

    @action(
        description=_("Correct points"),
        permissions=["act"],
        url_path="correct",
        icon="exposure",
        dialog=ask(
            _("Correct this member's points?"),
            _("A large correction waits for a second person."),
            form_class=PointsForm,
            submit=_("Correct points"),
        ),
    )
    def correct(self, request: HttpRequest, form: PointsForm, object_id: str) -> HttpResponse:
        """Ask for a correction; small ones apply at once."""

        def act() -> None:
            adjust_points(
                account_id=int(object_id),
                points=form.cleaned_data["points"],
                reason=form.cleaned_data["reason"],
                by_id=account_id(request),
                now=utc_now(),
            )

        tell_outcome(self, request, act, _("The correction is noted; see Point corrections."))
        return go_back(request)


@admin.register(PointsEntry)
class PointsEntryAdmin(KeySearchAdmin):
    list_display = [
        age_column("at", _("When")),
        "account",
        tag_column("kind", _("Kind"), KIND_TONES),
        "source",
        "target",
        "points",
        "order_ref",
    ]
    list_select_related = ["account"]
    list_filter = [("kind", ChoicesDropdownFilter), ("at", RangeDateTimeFilter)]
    search_keys = {"order_ref": read_text, "account__id": read_number}
    ordering = ["-id"]
    blank_text = _("Every movement of points is listed here, with both sides.")


@admin.register(PointsAdjustment)
class PointsAdjustmentAdmin(TwoPersonAdmin, KeySearchAdmin):
    list_display = [
        age_column("at", _("Asked")),
        "account",
        "points",
        "reason",
        tag_column("state", _("State"), STATE_TONES),
        "asked_by",
        "decided_by",
    ]
    list_select_related = ["account", "asked_by", "decided_by"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_keys = {"account__id": read_number}
    approval_kind = ADJUSTMENT
    actions_detail = ["approve", "send_back"]
    blank_text = _("Corrections by staff are listed here; large ones wait for somebody else.")

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Apply the correction."""
        return approve_adjustment(adjustment_id=object_id, by_id=by_id, now=now)

    def send_back_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Say no; nothing moves."""
        return refuse_adjustment(adjustment_id=object_id, reason=reason, by_id=by_id, now=now)


@admin.register(Referral)
class ReferralAdmin(KeySearchAdmin):
    list_display = [
        age_column("at", _("When")),
        "referrer",
        "invited",
        tag_column("state", _("State"), REFERRAL_TONES),
        "reason",
        "points",
        "order_ref",
    ]
    list_select_related = ["referrer", "invited"]
    list_filter = [("state", ChoicesDropdownFilter)]
    search_keys = {
        "referrer__id": read_number,
        "invited__id": read_number,
        "order_ref": read_text,
    }
    blank_text = _("Invitations between members are listed here, with their outcome.")
