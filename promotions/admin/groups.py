"""The staff tables of verified groups and the queue of their proofs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from promotions.coupons.api import MAX_CODES_AT_ONCE, decide_claim, make_group_codes, read_document
from promotions.coupons.models import GroupClaim, VerifiedGroup
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, tag_column
from shop.ground.staff.log import write_act
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.phrases import join_names
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.roles import may_see_personal
from shop.ground.staff.tables import KeptAdmin, ReadOnlyAdmin

CLAIM_TONES = {"pending": "amber", "accepted": "green", "refused": "gray"}


class AmountForm(ConfirmForm):
    """Asks how many codes to make."""

    amount = forms.IntegerField(
        label=_("Codes"),
        min_value=1,
        max_value=MAX_CODES_AT_ONCE,
        widget=UnfoldAdminIntegerFieldWidget(),
    )


@admin.register(VerifiedGroup)
class VerifiedGroupAdmin(KeptAdmin):
    blank_text = _("Groups that shoppers prove to belong to, such as students, will be here.")
    list_display = ["name", "code", "takes_documents", "takes_codes", "valid_days", "is_active"]
    search_fields = ["name", "code"]
    fields = [
        ("name", "name_zh"),
        "code",
        ("takes_documents", "takes_codes"),
        "mail_domains",
        ("valid_days", "is_active"),
    ]
    actions_detail = ["codes"]

    @action(
        description=_("Make codes"),
        permissions=["act"],
        url_path="codes",
        icon="dialpad",
        dialog=ask(
            _("Make codes that prove membership?"),
            _("They are shown only once: only their digests are kept."),
            form_class=AmountForm,
            submit=_("Make codes"),
        ),
    )
    def codes(self, request: HttpRequest, form: AmountForm, object_id: str) -> HttpResponse:
        """Show new codes, each of which works once."""
        group_id, amount = int(object_id), form.cleaned_data["amount"]
        made = make_group_codes(group_id=group_id, amount=amount)
        act = write_act(_("Codes made: %(count)s."), count=show_count(len(made)))
        self.log_change(request, VerifiedGroup.objects.get(pk=group_id), act)
        messages.success(request, join_names(made))
        return go_back(request)


@admin.register(GroupClaim)
class GroupClaimAdmin(ReadOnlyAdmin):
    blank_text = _("Documents that wait for review will be here.")
    list_display = [
        age_column("submitted_at", _("Sent")),
        "group",
        "how",
        tag_column("state", _("State"), CLAIM_TONES),
        "document_link",
        "valid_until",
    ]
    list_select_related = ["group"]
    list_filter = [("state", ChoicesDropdownFilter), "group"]
    fields = ["group", "how", "state", "document_link", "reason", "decided_by", "valid_until"]
    readonly_fields = ["document_link"]
    actions_detail = ["accept", "refuse"]
    left_out = ["document"]

    def has_act_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        """Who decides must be able to read the document."""
        return super().has_act_permission(request) and may_see_personal(request.user)

    def get_urls(self) -> list[Any]:
        """Add the document."""
        read = self.admin_site.admin_view(self.read)
        return [path("<int:claim_id>/document/", read, name="group_document"), *super().get_urls()]

    def read(self, request: HttpRequest, claim_id: int) -> HttpResponse:
        """Send the document as a download; it never runs in the browser as a page of ours."""
        if not (self.has_view_permission(request) and may_see_personal(request.user)):
            raise PermissionDenied
        found = read_document(claim_id=claim_id)
        if found is None:
            raise Http404
        answer = HttpResponse(found[0], content_type=found[1])
        ending = found[1].rpartition("/")[2]
        answer["Content-Disposition"] = f'attachment; filename="claim-{claim_id}.{ending}"'
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.display(description=_("Document"))
    def document_link(self, row: GroupClaim) -> SafeString | str:
        """Where the document is, while there is one."""
        if row.state != GroupClaim.State.PENDING or row.how != GroupClaim.How.DOCUMENT:
            return EMPTY
        address = reverse("admin:group_document", args=[row.pk])
        return format_html('<a class="underline" href="{}">{}</a>', address, row.document_type)

    @action(
        description=_("Accept"),
        permissions=["act"],
        url_path="accept",
        icon="check",
        dialog=ask(
            _("Accept the proof?"),
            _("The document is deleted with the decision."),
            form_class=ConfirmForm,
            submit=_("Accept"),
        ),
    )
    def accept(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Let the shopper have the group's offers."""
        return self._decide(request, int(object_id), is_accepted=True, reason="")

    @action(
        description=_("Refuse"),
        permissions=["act"],
        url_path="refuse",
        icon="close",
        dialog=ask(
            _("Refuse the proof?"),
            _("The shopper reads the reason. The document is deleted with the decision."),
            form_class=ReasonForm,
            submit=_("Refuse"),
        ),
    )
    def refuse(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Tell the shopper why not."""
        reason = form.cleaned_data["reason"]
        return self._decide(request, int(object_id), is_accepted=False, reason=reason)

    def _decide(
        self, request: HttpRequest, claim_id: int, *, is_accepted: bool, reason: str
    ) -> HttpResponse:
        def act() -> None:
            decide_claim(
                claim_id=claim_id,
                is_accepted=is_accepted,
                reason=reason,
                account_id=account_id(request),
                now=utc_now(),
            )

        if tell_outcome(self, request, act, _("Decided. The document is deleted.")):
            claim = GroupClaim.objects.defer("document").get(pk=claim_id)
            said = _("The proof was accepted.") if is_accepted else _("The proof was refused.")
            self.log_change(request, claim, write_act(said, reason=reason))
        return go_back(request)
