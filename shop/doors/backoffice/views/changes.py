"""What waits for a decision: the change inbox, and the page of approvals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pricing.api import (
    MOST_AT_ONCE,
    Decided,
    approve_proposals,
    count_kinds,
    count_proposals,
    edit_proposal,
    list_proposal_ids,
    list_proposals,
    load_active_policy,
    reject_proposals,
    snooze_proposals,
)
from pricing.publishing.core.changes import ProposalRow
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.dashboards import count_price_changes
from shop.doors.backoffice.home.queue import offer_decisions, say_effect
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.prices.changes import describe_proposal, say_total_effect
from shop.ground.approvals.selectors import list_waiting
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.money import price_field
from shop.ground.staff.numbers import show_percent
from shop.ground.staff.reasons import account_id, ask_reason, say_refusal
from shop.ground.staff.region import staff_currency
from shop.ground.staff.roles import may_see_cost


def show_approvals(request: HttpRequest) -> HttpResponse:
    """Show what the reader may decide, and below it what waits for others."""
    now = utc_now()
    waiting = list_waiting(request.user, now=now)
    context = {
        "decisions": offer_decisions([one for one in waiting if one.is_mine]),
        "price_changes": count_price_changes(request, now).second_yes,
        "others": [one for one in waiting if not one.is_mine],
    }
    return render_page(request, "admin/approvals.html", _("Waiting for approval"), context)


def show_effect(request: HttpRequest, request_id: int) -> HttpResponse:
    """Show what changes if the reader approves; 404 for what the reader may not see."""
    now = utc_now()
    waiting = {one.request_id: one for one in list_waiting(request.user, now=now)}
    if request_id not in waiting:
        raise Http404
    effect = say_effect(
        waiting[request_id],
        language=get_language() or "en",
        now=now,
        with_cost=may_see_cost(request.user),
    )
    return TemplateResponse(request, "admin/parts/effect.html", {"effect": effect})


PAGE = 25
# tab -> states shown under it
TABS: dict[str, tuple[str, ...]] = {
    "pending": ("pending",),
    "snoozed": ("snoozed",),
    "decided": ("approved", "edited"),
    "closed": ("published", "rejected", "withdrawn"),
}
WHICH: dict[str, Promise] = {
    "dearer": gettext_lazy("Dearer"),
    "cheaper": gettext_lazy("Cheaper"),
    "two": gettext_lazy("Two people"),
    "second": gettext_lazy("Waits for a second approval"),
}
# What may be said of a whole list at once.
OF_MANY = ("approve", "snooze", "reject")


class DecisionForm(forms.Form):
    """A word about one or many changes. `only` names the one, else `chosen` does."""

    verb = forms.ChoiceField(
        choices=[(one, one) for one in ("approve", "edit", "snooze", "reject")]
    )
    reason = forms.CharField(required=False, max_length=300)
    days = forms.IntegerField(required=False, min_value=1, max_value=90)
    amount = price_field(required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason, days and a price exactly where they are needed."""
        cleaned: dict[str, Any] = super().clean() or {}
        verb = cleaned.get("verb")
        reason = (cleaned.get("reason") or "").strip()
        if verb in ("edit", "snooze", "reject") and len(reason) < SHORTEST_REASON:
            self.add_error(None, ask_reason())
        if verb == "snooze" and not cleaned.get("days"):
            self.add_error(None, _("Enter for how many days, 1 to 90."))
        if verb == "edit" and not cleaned.get("amount"):
            self.add_error(None, _("Enter the other price."))
        return cleaned


@needs("pricing.view_priceproposal")
def show_inbox(request: HttpRequest) -> HttpResponse:
    """Show changes by state with their reasons and effects. Five queries of our own."""
    now, language = utc_now(), get_language() or "en"
    tab, which = _read_list(request.GET)
    counts = count_proposals(now=now)
    kinds = count_kinds(now=now, states=TABS[tab]) if tab != "closed" else {}
    total = kinds.get(which) if which else {"decided": None}.get(tab, counts.get(tab))
    rows = list_proposals(
        now=now,
        states=TABS[tab],
        which=which,
        language=language,
        before_id=read_number(request.GET.get("before", "")),
        limit=PAGE + 1,
    )
    policy = load_active_policy()
    changes = _describe(rows[:PAGE], request.user.pk, language)
    context = {
        "tab": tab,
        "tabs": _list_tabs(counts, tab),
        "which": which,
        "kinds": [(key, title, kinds[key], key == which) for key, title in WHICH.items() if kinds],
        "total": total if total and total > PAGE else None,
        "at_once": min(total or 0, MOST_AT_ONCE),
        "query": urlencode({"tab": tab, "which": which} if which else {"tab": tab}),
        "changes": changes,
        "effect": say_total_effect([change for change, _card in changes]),
        "currency": staff_currency(),
        "next": rows[PAGE - 1].id if len(rows) > PAGE else None,
        "is_all": request.GET.get("all") == "1",
        "may_decide": request.user.has_perm("pricing.change_priceproposal"),
        "publishes_itself": policy.auto_publish,
        "two_person_step": show_percent(policy.two_person_step),
    }
    return render_page(request, "admin/change_inbox.html", _("Change inbox"), context)


@require_POST
@needs("pricing.change_priceproposal")
def decide(request: HttpRequest) -> HttpResponse:
    """Approve, edit, put off or reject one change or all chosen ones, through the services."""
    form = DecisionForm(request.POST)
    tab, which = _read_list(request.POST)
    ids = _read_ids(request, tab, which)
    if not ids:
        messages.warning(request, _("Choose at least one change first."))
    elif not form.is_valid():
        said = (text for texts in form.errors.values() for text in texts)
        messages.error(request, " ".join(str(text) for text in said))
    else:
        try:
            _tell(request, _decide(ids, form.cleaned_data, account_id(request)))
        except FairtagError as refusal:
            messages.error(request, say_refusal(refusal))
    query = urlencode({"tab": tab, "which": which} if which else {"tab": tab})
    return HttpResponseRedirect(f"{reverse('admin:change_inbox')}?{query}")


def _decide(ids: list[int], asked: dict[str, Any], by_id: int) -> Decided:
    now, reason = utc_now(), asked["reason"].strip()
    if asked["verb"] == "approve":
        return approve_proposals(proposal_ids=ids, by_id=by_id, now=now, reason=reason)
    if asked["verb"] == "edit":
        return edit_proposal(
            proposal_id=ids[0], price_minor=asked["amount"], reason=reason, by_id=by_id, now=now
        )
    if asked["verb"] == "snooze":
        until = now + timedelta(days=asked["days"])
        return snooze_proposals(proposal_ids=ids, until=until, reason=reason, by_id=by_id, now=now)
    return reject_proposals(proposal_ids=ids, reason=reason, by_id=by_id, now=now)


def _tell(request: HttpRequest, decided: Decided) -> None:
    done, waiting = len(decided.done), len(decided.waiting)
    second = sum(why == "needs_second_person" for why in decided.skipped.values())
    closed = len(decided.skipped) - second
    if done:
        text = ngettext("%(n)d change is decided.", "%(n)d changes are decided.", done)
        messages.success(request, text % {"n": done})
    if waiting:
        text = ngettext(
            "%(n)d large change has your yes and waits for a second person.",
            "%(n)d large changes have your yes and wait for a second person.",
            waiting,
        )
        messages.info(request, text % {"n": waiting})
    if second:
        one = _("You approved this change: somebody else must, too.")
        many = _("%(n)s of these have your yes already: somebody else must approve them, too.")
        messages.warning(request, one if second == 1 else many % {"n": second})
    if closed:
        text = ngettext(
            "%(n)d change no longer waits for a decision.",
            "%(n)d changes no longer wait for a decision.",
            closed,
        )
        messages.warning(request, text % {"n": closed})


def _read_list(fields: QueryDict) -> tuple[str, str]:
    """Return which tab and which kind of changes a page or a form is about."""
    tab, which = fields.get("tab", "pending"), fields.get("which", "")
    return tab if tab in TABS else "pending", which if which in WHICH else ""


def _read_ids(request: HttpRequest, tab: str, which: str) -> list[int]:
    only = read_number(request.POST.get("only", ""))
    if only is not None:
        return [only]
    if request.POST.get("everything") == "1" and request.POST.get("verb") in OF_MANY:
        return list_proposal_ids(now=utc_now(), states=TABS[tab], which=which)
    chosen = (read_number(text) for text in request.POST.getlist("chosen"))
    return [one for one in chosen if one is not None]


def _list_tabs(counts: dict[str, int], chosen: str) -> list[tuple[str, str, int | None, bool]]:
    names = {
        "pending": (_("Waiting"), counts["pending"]),
        "snoozed": (_("Put off"), counts["snoozed"]),
        "decided": (_("In the next book"), counts["approved"] + counts["edited"]),
        "closed": (_("Published, rejected, withdrawn"), None),
    }
    return [(key, title, count, key == chosen) for key, (title, count) in names.items()]


def _describe(rows: list[ProposalRow], reader_id: int | None, language: str) -> list[Any]:
    names = name_cards([row.variant_id for row in rows], language)
    return [(describe_proposal(row, reader_id), names.get(row.variant_id)) for row in rows]
