"""Staff table of prices that shoppers question."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import action
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget

from pricing.ledger.models.contests import LONGEST_ANSWER, PriceContest
from pricing.ledger.selectors.references import ANSWER_WITHIN
from pricing.ledger.services import answer_contest
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_ago, show_link
from shop.ground.staff.masked import MaskedAdmin, mask_addresses
from shop.ground.staff.reasons import account_id, ask, go_back, tell_outcome
from shop.ground.staff.tables import ReadOnlyAdmin


class ContestAnswerForm(BaseDialogForm):
    """Asks for the answer to a questioned price."""

    text = forms.CharField(
        label=_("Answer"),
        max_length=LONGEST_ANSWER,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5}),
        help_text=_("Sent to the shopper by e-mail, and shown beside the reasons of the price."),
    )


@admin.register(PriceContest)
class PriceContestAdmin(MaskedAdmin, ReadOnlyAdmin):
    blank_text = _("Prices that shoppers question are listed here. Each is answered in 72 hours.")
    personal = {"email": mask_addresses}
    list_display = ["text", "email", "due", "answered_at", "quote_link"]
    list_filter = [
        ("answered_at", admin.EmptyFieldListFilter),
        ("asked_at", RangeDateTimeFilter),
    ]
    search_fields = ["email"]
    ordering = ["asked_at", "id"]
    fields = [
        *("text", "email", "shopper", "quote_link", "asked_at", "due"),
        *("answer", "answered_at", "answered_by"),
    ]
    readonly_fields = ["quote_link", "due"]
    actions_detail = ["answer_question"]

    @admin.display(description=_("Answer due"), ordering="asked_at")
    def due(self, row: PriceContest) -> Any:
        """Return until when it must be answered; nothing once it is."""
        return show_ago(None if row.answered_at else row.asked_at + ANSWER_WITHIN, utc_now())

    @admin.display(description=_("Price"))
    def quote_link(self, row: PriceContest) -> Any:
        """Return the way to the decision behind the price."""
        return show_link("admin:quote", row.quote_id, _("inspect"))

    @action(
        description=_("Answer"),
        permissions=["act"],
        url_path="answer",
        icon="reply",
        dialog=ask(_("Answer this shopper"), form_class=ContestAnswerForm, submit=_("Send")),
    )
    def answer_question(
        self, request: HttpRequest, form: ContestAnswerForm, object_id: str
    ) -> HttpResponse:
        """Keep the answer and have it sent."""
        by_id, text = account_id(request), form.cleaned_data["text"]
        tell_outcome(
            self,
            request,
            lambda: answer_contest(
                contest_id=int(object_id), text=text, by_id=by_id, now=utc_now()
            ),
            _("The answer is on its way."),
        )
        return go_back(request)
