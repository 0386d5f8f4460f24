"""The actions of the second person on any staff table, and the table of all requests."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm

from shop.ground.approvals.core.values import Kind
from shop.ground.approvals.models import ApprovalEvent, ApprovalRequest
from shop.ground.approvals.selectors import find_waiting, list_trail, waits_now
from shop.ground.approvals.services import list_involved, send_back_request
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import age_column, show_lines, show_link, show_tag, tag_column
from shop.ground.staff.log import write_act
from shop.ground.staff.reasons import (
    LONGEST_REASON,
    ReasonForm,
    ReasonWidget,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.tables import ReadOnlyAdmin, ReadOnlyInline, StaffAdmin

STATE_TONES = {"waiting": "amber", "approved": "green", "sent_back": "red", "withdrawn": "gray"}


class ApprovalForm(BaseDialogForm):
    """Asks for a word that is kept with the approval; none is needed."""

    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        widget=ReasonWidget(),
        help_text=_("Kept with the change and shown to auditors."),
    )


class TwoPersonAdmin(StaffAdmin):
    """A table whose rows wait for a second person: add its two actions to those of the table."""

    approval_kind: Kind

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Approve through the service of the room; each table says which."""
        raise NotImplementedError  # no table may do without

    def send_back_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Send back; a row that becomes something else by it does so in its room's service."""
        return send_back_request(self.approval_kind, object_id, by_id=by_id, reason=reason, now=now)

    def has_approve_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Whether the reader may be the second person."""
        return request.user.has_perm(self.approval_kind.permission)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Say of each row whether it waits for a second person."""
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.annotate(waits_now=waits_now(self.approval_kind))

    def get_actions_detail(self, request: HttpRequest, object_id: int | str) -> list[Any]:
        """Offer the decision only while the row waits for it, and a yes only to a second person.
        Two queries."""
        offered = list(super().get_actions_detail(request, object_id))
        waiting = find_waiting(self.approval_kind, int(object_id))
        hidden = ("approve", "send_back") if waiting is None else ("approve",)
        if waiting is not None and request.user.pk not in list_involved(waiting):
            return offered
        return [one for one in offered if not one.action_name.endswith(hidden)]

    @admin.display(description=_("Second person"))
    def second_person(self, row: Any) -> SafeString | str:
        """Who asked, agreed, approved or sent back, and why: the newest request's trail."""
        return show_lines(list_trail(self.approval_kind, row.pk))

    @action(
        description=_("Approve (second person)"),
        permissions=["approve"],
        url_path="approve",
        icon="verified",
        dialog=ask(
            _("Approve this?"),
            _("Whoever asked for it or wrote it cannot approve it."),
            form_class=ApprovalForm,
            submit=_("Approve"),
        ),
    )
    def approve(self, request: HttpRequest, form: ApprovalForm, object_id: str) -> HttpResponse:
        """Be the second person."""
        return self._decide(request, form, object_id, is_approved=True)

    @action(
        description=_("Send back"),
        permissions=["approve"],
        url_path="send-back",
        icon="undo",
        dialog=ask(
            _("Send this back?"),
            _("Nothing changes for shoppers. Whoever asked reads your reason."),
            form_class=ReasonForm,
            submit=_("Send back"),
        ),
    )
    def send_back(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Say no, and why."""
        return self._decide(request, form, object_id, is_approved=False)

    def _decide(
        self, request: HttpRequest, form: forms.Form, object_id: str, *, is_approved: bool
    ) -> HttpResponse:
        decide = self.approve_row if is_approved else self.send_back_row
        reason = form.cleaned_data["reason"].strip()
        is_done = tell_outcome(
            self,
            request,
            lambda: decide(int(object_id), by_id=account_id(request), reason=reason, now=utc_now()),
            _("Approved.") if is_approved else _("Sent back."),
        )
        if is_done:
            row = self.model.objects.get(pk=object_id)
            said = _("Approved.") if is_approved else _("Sent back.")
            self.log_change(request, row, write_act(said, reason=reason))
        return go_back(request)


class VersionAdmin(TwoPersonAdmin):
    """Versions of a policy: added and approved, never edited or deleted."""

    actions_detail = ["approve", "send_back"]
    actions = None
    allows_change = False  # propose a new version
    allows_delete = False  # what was decided under a version names it

    @admin.display(description=_("State"))
    def state(self, row: Any) -> SafeString:
        """Active, waiting for a second person, replaced or sent back."""
        if row.is_active:
            return show_tag(_("active"), "green")
        if row.approved_by_id is not None or row.created_by_id is None:
            return show_tag(_("replaced"))
        if row.waits_now:
            return show_tag(_("waits for a second person"), "amber")
        return show_tag(_("sent back"), "red")

    def propose(self, changes: dict[str, Any], *, reason: str, by_id: int, now: datetime) -> int:
        """Propose through the service of the room, which numbers the version."""
        raise NotImplementedError  # no table may do without

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any) -> None:
        """Propose the version that the form says."""
        said = dict(form.cleaned_data)
        reason = said.pop("reason")
        obj.version = self.propose(said, reason=reason, by_id=account_id(request), now=utc_now())
        obj.pk = self.model.objects.values_list("pk", flat=True).get(version=obj.version)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Say the service's own sentence when it refuses a draft."""
        try:
            return super().add_view(request, form_url, extra_context)
        except FairtagError as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.path)


class EventInline(ReadOnlyInline):
    """The trail of a request."""

    model = ApprovalEvent
    fields = ["at", "act", "by", "reason"]
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever sees the request sees its trail."""
        return request.user.has_perm("shop.view_approvalrequest")


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(ReadOnlyAdmin):
    blank_text = _("Decisions that two people made together are listed here, with their history.")
    list_display = [
        "name",
        tag_column("state", _("State"), STATE_TONES),
        "where",
        "reason",
        "asked_by",
        age_column("asked_at", _("Asked")),
        "deadline",
        "decided_by",
        age_column("decided_at", _("Decided")),
    ]
    list_select_related = ["asked_by", "decided_by"]
    list_filter = [("state", ChoicesDropdownFilter), "kind"]
    ordering = ["-id"]
    fields = [
        ("name", "where"),
        tag_column("state", _("State"), STATE_TONES),
        "reason",
        ("asked_by", "asked_at", "deadline"),
        ("decided_by", "decided_at"),
    ]
    readonly_fields = ["where", fields[1]]
    inlines = [EventInline]

    @admin.display(description=_("Page"))
    def where(self, row: ApprovalRequest) -> SafeString | str:
        """The page of what is decided about."""
        return show_link(row.page, row.object_id, _("open"))
