"""Staff tables of price changes: what waits for a decision, and prices set by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from pricing.admin.change_cells import (
    CELLS,
    chance_of_gain,
    elasticity_of,
    expected_effect,
    gained,
    money_of,
    show_band,
    weighed_prices,
)
from pricing.ledger.models.proposals import PriceProposal
from pricing.optimum.core import say_why
from pricing.publishing.services.proposals import (
    Decided,
    ProposalRefused,
    approve_proposals,
    edit_proposal,
    reject_proposals,
    snooze_proposals,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import (
    age_column,
    money_column,
    show_link,
    tag_column,
)
from shop.ground.staff.filters import ChannelFilter
from shop.ground.staff.money import price_field, read_currency
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.tables import ReadOnlyAdmin

STATE_TONES = {
    "pending": "amber",
    "snoozed": "gray",
    "approved": "blue",
    "edited": "blue",
    "rejected": "red",
    "published": "green",
    "withdrawn": "gray",
}


class EditForm(ReasonForm):
    """Asks for another price, in major units as people write it."""

    amount = price_field(label=_("Price instead"))
    field_order = ["amount", "reason"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = PriceProposal.objects.filter(pk=int(self.object_id or 0))
        self.fields["amount"].use_currency(read_currency(rows))


class SnoozeForm(ReasonForm):
    """Asks for how many days to put a change off."""

    days = forms.IntegerField(
        label=_("Days"), min_value=1, max_value=90, widget=UnfoldAdminIntegerFieldWidget()
    )
    field_order = ["days", "reason"]


def expect_decided(decided: Decided, object_id: str) -> Decided:
    """Return what was decided; raise the sentence of a proposal that was skipped."""
    why = decided.skipped.get(int(object_id))
    if why == "needs_second_person":
        raise ProposalRefused(str(_("You approved this change: somebody else must, too.")))
    if why is not None:
        raise ProposalRefused(str(_("This change no longer waits for a decision.")))
    return decided


@admin.register(PriceProposal)
class PriceProposalAdmin(ReadOnlyAdmin):
    blank_text = _(
        "Changes of public prices are listed here once there are a demand model and a price book."
    )
    list_display = [
        "variant",
        tag_column("state", _("State"), STATE_TONES),
        "cause",
        money_column("current_minor", _("Price then"), currency_field="market.currency"),
        money_column("final_minor", _("New price"), currency_field="market.currency"),
        "profit_a_week",
        "reasons",
        "needs_two",
        age_column("created_at", _("Proposed")),
        "curve_link",
    ]
    list_select_related = ["variant", "market"]
    list_filter = [
        ("state", ChoicesDropdownFilter),
        ("cause", ChoicesDropdownFilter),
        "needs_two",
        ChannelFilter,
        ("created_at", RangeDateTimeFilter),
    ]
    search_fields = ["variant__sku__startswith"]
    ordering = ["-id"]
    fields = [
        ("variant", "market", "channel"),
        tag_column("state", _("State"), STATE_TONES),
        "cause",
        money_column("current_minor", _("Price then"), currency_field="market.currency"),
        money_column("proposed_minor", _("Proposed price"), currency_field="market.currency"),
        money_column("final_minor", _("New price"), currency_field="market.currency"),
        money_column("floor_minor", _("Floor"), currency_field="market.currency"),
        money_column("ceiling_minor", _("Ceiling"), currency_field="market.currency"),
        "reasons",
        ("objective", gained, chance_of_gain),
        (elasticity_of, "is_causal"),
        expected_effect,
        weighed_prices,
        ("policy_version", "model_version", "book_version"),
        ("needs_two", "first_by", "decided_by", "decided_at"),
        ("snoozed_until", "reason"),
        "curve_link",
    ]
    readonly_fields = ["reasons", "curve_link", *CELLS, *(one for one in fields if callable(one))]
    actions_detail = ["approve", "edit", "snooze", "reject"]
    actions_row = ["approve", "edit", "snooze", "reject"]

    @admin.display(description=_("Profit a week"))
    def profit_a_week(self, row: PriceProposal) -> str:
        """The expected change of profit in a week; a dash where sales are not known."""
        weekly = row.effect.get("weekly") or {}
        return show_band(weekly.get("profit") or (), money_of(row))

    @admin.display(description=_("Why"))
    def reasons(self, row: PriceProposal) -> SafeString | str:
        """The rules that bound, those that gave way, and what to be careful about."""
        said = say_why(row.bound, row.relaxed, row.badges, get_language() or "en")
        return format_html("<br>".join(["{}"] * len(said)), *said) if said else "–"

    @admin.display(description=_("Demand"))
    def curve_link(self, row: PriceProposal) -> SafeString | str:
        """The demand curve and the price history of the variant."""
        return show_link("admin:demand_curve", row.variant_id, _("curve and history"))

    @action(
        description=_("Approve"),
        permissions=["act"],
        url_path="approve",
        icon="check",
        dialog=ask(
            _("Approve this change?"),
            _("The next price book publishes it. A large change needs two people."),
            submit=_("Approve"),
        ),
    )
    def approve(self, request: HttpRequest, form: ConfirmForm, object_id: str) -> HttpResponse:
        """Say yes, as the first or the second person."""
        ids, by_id = [int(object_id)], account_id(request)
        tell_outcome(
            self,
            request,
            lambda: expect_decided(
                approve_proposals(proposal_ids=ids, by_id=by_id, now=utc_now()), object_id
            ),
            _("Your approval is kept."),
        )
        return go_back(request)

    @action(
        description=_("Change the price"),
        permissions=["act"],
        url_path="edit",
        icon="edit",
        dialog=ask(
            _("Publish another price instead"),
            _("Between floor and ceiling. A large change needs a second person."),
            form_class=EditForm,
            submit=_("Change the price"),
        ),
    )
    def edit(self, request: HttpRequest, form: EditForm, object_id: str) -> HttpResponse:
        """Say yes to another price."""
        tell_outcome(
            self,
            request,
            lambda: expect_decided(
                edit_proposal(
                    proposal_id=int(object_id),
                    price_minor=form.cleaned_data["amount"],
                    reason=form.cleaned_data["reason"],
                    by_id=account_id(request),
                    now=utc_now(),
                ),
                object_id,
            ),
            _("The price is changed."),
        )
        return go_back(request)

    @action(
        description=_("Put off"),
        permissions=["act"],
        url_path="snooze",
        icon="snooze",
        dialog=ask(
            _("Put this change off"),
            _("It waits again by itself."),
            form_class=SnoozeForm,
            submit=_("Put off"),
        ),
    )
    def snooze(self, request: HttpRequest, form: SnoozeForm, object_id: str) -> HttpResponse:
        """Not now."""
        now = utc_now()
        tell_outcome(
            self,
            request,
            lambda: expect_decided(
                snooze_proposals(
                    proposal_ids=[int(object_id)],
                    until=now + timedelta(days=form.cleaned_data["days"]),
                    reason=form.cleaned_data["reason"],
                    by_id=account_id(request),
                    now=now,
                ),
                object_id,
            ),
            _("Put off."),
        )
        return go_back(request)

    @action(
        description=_("Reject"),
        permissions=["act"],
        url_path="reject",
        icon="close",
        dialog=ask(
            _("Reject this change"),
            _("The same change is not proposed again for two weeks."),
            form_class=ReasonForm,
            submit=_("Reject"),
        ),
    )
    def reject(self, request: HttpRequest, form: ReasonForm, object_id: str) -> HttpResponse:
        """Say no, and why."""
        tell_outcome(
            self,
            request,
            lambda: expect_decided(
                reject_proposals(
                    proposal_ids=[int(object_id)],
                    reason=form.cleaned_data["reason"],
                    by_id=account_id(request),
                    now=utc_now(),
                ),
                object_id,
            ),
            _("Rejected."),
        )
        return go_back(request)
