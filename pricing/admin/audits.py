"""Staff table of fairness audits: what was measured; two people may answer for a failed one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from pricing.fairness.models.audits import ModelAudit
from pricing.fairness.selectors import (
    AUDIT_STATES,
    audit_verdict,
    explain_findings,
    list_group_rows,
)
from pricing.fairness.services.fairness import ask_for_waiver, waive_audit
from pricing.publishing.core.changes import AUDIT_WAIVER
from shop.ground.approvals.admin import TwoPersonAdmin
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import age_column, show_tag
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.reasons import ReasonForm, account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin

HEADS = (
    *(_("Trait"), _("Group"), _("People"), _("Paid, of all"), _("Discount, of all")),
    *(_("Offers, of the best"), _("AUC of prices"), _("AUC of inputs")),
)


@admin.register(ModelAudit)
class ModelAuditAdmin(TwoPersonAdmin, ReadOnlyAdmin):
    blank_text = _("Every model is audited when it is trained, and the one in use every night.")
    list_display = [
        "id",
        "model_number",
        "place",
        "state",
        age_column("at", _("Audited")),
        "people",
        "compared",
        "is_blind",
        "first_reason",
    ]
    list_filter = ["is_passed", "is_blind", "market_code"]
    search_fields = ["sha256__startswith"]
    fields = [
        ("id", "model_number", "place", "state", "at"),
        "reasons",
        "meaning",
        ("people", "compared", "is_blind"),
        "groups",
        "hash_of_arrays",
        "second_person",
        ("waived_by", "waived_at"),
        "waiver_reason",
    ]
    readonly_fields = [
        "id",
        "model_number",
        "place",
        "state",
        "reasons",
        "meaning",
        "groups",
        "hash_of_arrays",
        "second_person",
    ]
    actions_detail = ["ask_to_answer", "approve", "send_back"]
    approval_kind = AUDIT_WAIVER
    act_permission = "pricing.change_demandmodelversion"  # who may ask for a model

    @admin.display(description=_("Model"), ordering="model")
    def model_number(self, row: ModelAudit) -> int:
        """Which model version was audited."""
        return int(row.model_id)

    @admin.display(description=_("Place"), ordering="market_code")
    def place(self, row: ModelAudit) -> str:
        """The market and channel whose prices and people were looked at."""
        return f"{row.market_code}/{row.channel}"

    @admin.display(description=_("State"))
    def state(self, row: ModelAudit) -> SafeString:
        """Whether the model may be used."""
        said, tone = AUDIT_STATES[audit_verdict(row).state]
        return show_tag(said, tone)

    @admin.display(description=_("Found"))
    def first_reason(self, row: ModelAudit) -> str:
        """The worst of what was found."""
        return next(iter(audit_verdict(row).reasons), EMPTY)

    @admin.display(description=_("Found"))
    def reasons(self, row: ModelAudit) -> SafeString | str:
        """Everything that was found, worst first."""
        found = audit_verdict(row).reasons
        return _list(found) if found else gettext("Nothing.")

    @admin.display(description=_("What the findings mean"))
    def meaning(self, row: ModelAudit) -> SafeString | str:
        """Why the verdict stands above findings, in three sentences."""
        told = explain_findings(row.report)
        return _list(told) if told else EMPTY

    @admin.display(description=_("Groups"))
    def groups(self, row: ModelAudit) -> SafeString | str:
        """What each group of 20 people and more pays, with intervals."""
        rows = list_group_rows(row.report)
        if not rows:
            return EMPTY
        head = format_html_join("", '<th scope="col">{}</th>', ((one,) for one in HEADS))
        body = format_html_join(
            "",
            "<tr>{}</tr>",
            ((format_html_join("", "<td>{}</td>", ((cell,) for cell in one)),) for one in rows),
        )
        return format_html(
            '<div class="ft-scroll ft-contained" tabindex="0"><table class="ft-table">'
            "<thead><tr>{}</tr></thead><tbody>{}</tbody></table></div>",
            head,
            body,
        )

    @admin.display(description=_("Hash"))
    def hash_of_arrays(self, row: ModelAudit) -> SafeString:
        """The arrays that were measured; breaks anywhere on narrow screens."""
        return format_html('<code class="ft-break">{}</code>', row.sha256)

    @action(
        description=_("Ask for a waiver"),
        permissions=["act"],
        url_path="ask-waiver",
        icon="front_hand",
        dialog=ask(
            _("Ask for a waiver of this audit"),
            _("The model stays out of use before a second person agrees. Your reason is kept."),
            form_class=ReasonForm,
            submit=_("Ask"),
        ),
    )
    def ask_to_answer(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """First step: say why the model may be used all the same."""
        reason = form.cleaned_data["reason"]
        tell_outcome(
            self,
            request,
            lambda: ask_for_waiver(
                audit_id=int(object_id), reason=reason, by_id=account_id(request), now=utc_now()
            ),
            _("Requested. Somebody else can approve the waiver now."),
        )
        return go_back(request)

    def approve_row(self, object_id: int, *, by_id: int, reason: str, now: datetime) -> object:
        """Answer for it: the model can be brought into use then."""
        return waive_audit(audit_id=object_id, by_id=by_id, now=now)


def _list(sentences: Iterable[str]) -> SafeString:
    items = format_html_join("", "<li>{}</li>", ((one,) for one in sentences))
    return format_html("<ul>{}</ul>", items)
