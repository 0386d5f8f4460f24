"""Staff tables of price changes: what waits for a decision and what each should bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin import display
from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import action
from unfold.widgets import UnfoldAdminIntegerFieldWidget

from pricing.ledger.models.proposals import PriceProposal
from pricing.optimum.core.explain import say_why
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
    show_lines,
    show_link,
    show_money,
    tag_column,
)
from shop.ground.staff.filters import ChannelFilter
from shop.ground.staff.money import price_field, read_currency
from shop.ground.staff.numbers import (
    EMPTY,
    show_change,
    show_number,
    show_percent,
    show_signed,
    show_units,
)
from shop.ground.staff.phrases import join_clauses, name_value
from shop.ground.staff.reasons import (
    ConfirmForm,
    ReasonForm,
    account_id,
    ask,
    go_back,
    tell_outcome,
)
from shop.ground.staff.tables import ReadOnlyAdmin

type Show = Callable[[float], str]
FIGURES: dict[str, str | Promise] = {
    "profit": _("Profit"),
    "revenue": _("Revenue"),
    "units": _("Units"),
}


def show_band(band: Sequence[float | None], show: Show) -> str:
    """Return a mean with its 90 % interval, signed; a dash where it is not known."""
    known = [one for one in band if one is not None]
    if len(known) != 3:
        return EMPTY
    low, mean, high = (show_signed(one, show) for one in known)
    return f"{mean} ({low} … {high})"


def money_of(row: PriceProposal) -> Show:
    """Return how amounts of the row's market are shown."""
    code = row.market.currency
    return lambda minor: show_money(round(minor), code)


@display(description=_("Expected effect"))
def expected_effect(row: PriceProposal) -> SafeString | str:
    """What a week should bring, and the same as shares; figures that are not known are left out."""
    said = []
    for name, title in FIGURES.items():
        weekly = row.effect.get("weekly", {}).get(name) or ()
        share = row.effect.get("share", {}).get(name) or ()
        parts = [
            show_band(weekly, show_units if name == "units" else money_of(row)),
            show_band(share, show_percent),
        ]
        known = [one for one in parts if one != EMPTY]
        if known:
            said.append(name_value(title, join_clauses(known)))
    return show_lines(said)


@display(description=_("Candidates"))
def weighed_prices(row: PriceProposal) -> SafeString | str:
    """Each price that was weighed, what it gains and how sure that is."""
    show = money_of(row)
    words = gettext("%(price)s: %(gain)s, better with a probability of %(chance)s")
    return show_lines(
        [
            words
            % {
                "price": show(price),
                "gain": show_change(gain - 1) if gain else EMPTY,
                "chance": EMPTY if chance is None else show_percent(chance),
            }
            for price, gain, chance in row.candidates
        ]
    )


@display(description=_("Gain"), ordering="gain")
def gained(row: PriceProposal) -> str:
    """What the change gains of its objective."""
    return show_change(row.gain - 1) if row.gain else EMPTY


@display(description=_("Chance"), ordering="chance")
def chance_of_gain(row: PriceProposal) -> str:
    """How sure it is that the price is better."""
    return EMPTY if row.chance is None else show_percent(row.chance)


@display(description=_("Elasticity"), ordering="elasticity")
def elasticity_of(row: PriceProposal) -> str:
    """The elasticity behind it with its standard deviation."""
    if row.elasticity is None:
        return EMPTY
    spread = "" if row.elasticity_sd is None else f" ± {show_number(row.elasticity_sd)}"
    return f"{show_number(-row.elasticity)}{spread}"


CELLS: tuple[Any, ...] = (expected_effect, weighed_prices, gained, chance_of_gain, elasticity_of)


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
