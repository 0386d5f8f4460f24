"""The quote inspector: paste an id, see why this price, and make the decision again."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from orders.reports.api import find_order_of_quote
from pricing.api import (
    QuoteNotFound,
    QuotePropensities,
    get_quote,
    read_chances,
    replay_quote,
    resolve_jurisdiction,
)
from pricing.base.core.values import QuoteTrace
from pricing.ledger.core.record import label_text
from shop.doors.backoffice.formats import show_age
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.labels import name_choice
from shop.doors.backoffice.prices.decisions import (
    draw_candidates,
    draw_chances,
    list_candidates,
    list_feasible_prices,
    list_guards,
    list_inputs,
    list_signals,
    visible_inputs,
)
from shop.ground.catalog.selectors import list_cards
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_money
from shop.ground.staff.documents import show_document
from shop.ground.staff.keys import read_uuid
from shop.ground.staff.numbers import EMPTY, show_units
from shop.ground.staff.phrases import join_clauses, join_names
from shop.ground.staff.region import show_moment
from shop.ground.staff.roles import may_see_cost

CAN_REPLAY = "pricing.view_quote"
REPLAY_JOB = "check_replay"


@needs("pricing.view_quote")
def find_quote(request: HttpRequest) -> HttpResponse:
    """Ask for an id; go to the quote if it is one. One query of our own: the last replay."""
    asked = request.GET.get("quote", "").strip()
    quote_id = read_uuid(asked) if asked else None
    if quote_id is not None:
        return HttpResponseRedirect(reverse("admin:quote", args=[quote_id]))
    refused = _("This is no quote id: it looks like 0193f0c2-….") if asked else ""
    context = {"asked": asked, "refused": refused, "check": _read_check(utc_now())}
    return render_page(request, "admin/quote_inspector.html", _("Quote inspector"), context)


@needs("pricing.view_quote")
def show_quote(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """Show the whole decision behind a quote."""
    try:
        trace = get_quote(quote_id, language=get_language() or "en")
    except QuoteNotFound as unknown:
        context = {"asked": str(quote_id), "refused": str(unknown)}
        page = render_page(request, "admin/quote_inspector.html", _("Quote inspector"), context)
        page.status_code = 404
        return page
    found: dict[str, Any] = describe_quote(trace, with_cost=may_see_cost(request.user))
    found["asked"] = str(quote_id)
    if not request.user.has_perm("orders.view_order"):
        found["order"] = None
    found["may_see_shopper"] = request.user.has_perm("profiles.view_shopper")
    found["may_see_curve"] = request.user.has_perm("pricing.view_demandmodelversion")
    return render_page(request, "admin/quote.html", _("Quote inspector"), found)


@require_POST
@needs(CAN_REPLAY)
def replay_all(request: HttpRequest) -> HttpResponse:
    """Have a worker make the newest stored decisions again; its run says how that ended."""
    try:
        start_job(name=REPLAY_JOB)
    except FairtagError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Started. The result appears here in a minute or two."))
    return HttpResponseRedirect(reverse("admin:quote_inspector"))


@require_POST
@needs(CAN_REPLAY)
def replay(request: HttpRequest, quote_id: UUID) -> HttpResponse:
    """Make the decision again from stored inputs and versions; say whether it is the same."""
    try:
        made = replay_quote(quote_id=quote_id)
    except FairtagError as refusal:
        messages.error(request, str(refusal))
    else:
        if made.is_identical:
            messages.success(request, _("Replayed: the same decision to the last cent."))
        else:
            differences = join_clauses(made.differences)
            messages.error(request, _("Replayed: it differs. %(what)s") % {"what": differences})
    return HttpResponseRedirect(reverse("admin:quote", args=[quote_id]))


def _read_check(now: datetime) -> dict[str, Any] | None:
    """Return how the last replay of many decisions ended; None before the first."""
    run = find_latest_run(REPLAY_JOB)
    if run is None:
        return None
    lines = run.error.strip().splitlines()
    return {
        "outcome": run.outcome,
        "rows": run.rows,
        "at": run.started_at,
        "age": show_age(run.started_at, now),
        "error": lines[-1] if lines else "",
    }


def describe_quote(trace: QuoteTrace, *, with_cost: bool) -> dict[str, Any]:
    """Return what the page shows of a decision; payoffs, of which the cost can be read, only
    `with_cost`. Three queries: chances, product and order."""
    language = get_language() or "en"
    inputs = visible_inputs(trace, with_cost=with_cost)
    chances = read_chances(trace.quote_id)
    cards = list_cards([trace.variant_id], language)
    return {
        "trace": trace,
        "card": cards[0] if cards else None,
        "label": _read_label(trace, language),
        "stages": _list_stages(trace),
        "reasons": [
            (reason.text or reason.code, show_money(reason.amount_minor, trace.currency))
            for reason in trace.reasons
        ],
        "reason_sum": show_money(sum(one.amount_minor for one in trace.reasons), trace.currency),
        "counterfactuals": [
            (one.text or one.code, show_money(one.quoted_minor, trace.currency))
            for one in trace.counterfactuals
        ],
        "signals": list_signals(trace.features),
        "candidates": list_candidates(trace),
        "payoff": draw_candidates(trace) if with_cost else None,
        "chances": list_feasible_prices(trace, chances),
        "drawn": draw_chances(trace, chances),
        "guards": list_guards(trace.guard_actions),
        "facts": list_inputs(inputs, trace.currency),
        "inputs": show_document(
            {"inputs": inputs, "features": dict(trace.features)}, trace.currency
        ),
        "order": find_order_of_quote(quote_id=trace.quote_id),
        "versions": [*_list_versions(trace), *_list_context(trace, chances)],
    }


def _read_label(trace: QuoteTrace, language: str) -> str:
    """The text that stood beside the price: that of the rule in force when it was quoted."""
    if not trace.label_code:
        return ""
    rule = resolve_jurisdiction(code=trace.jurisdiction_code, now=trace.issued_at)
    return label_text(rule, trace.label_code, language)


def _list_stages(trace: QuoteTrace) -> list[tuple[str, str]]:
    return [
        (_("List price"), show_money(trace.list_minor, trace.currency)),
        (_("Public price"), show_money(trace.public_minor, trace.currency)),
        (_("Quoted price"), show_money(trace.quoted_minor, trace.currency)),
    ]


def _list_versions(trace: QuoteTrace) -> list[tuple[str, str]]:
    return [
        (_("Issued"), _moment(trace.issued_at)),
        (_("Good until"), _moment(trace.expires_at)),
        (_("Price source"), name_choice("pricing.quote.rung", trace.rung)),
        (
            _("Arm"),
            f"{name_choice('pricing.quote.arm', trace.arm)} ({show_units(trace.propensity)})",
        ),
        (_("Policy"), str(trace.policy_version)),
        (_("Model"), str(trace.model_version or EMPTY)),
        (_("Price book"), str(trace.book_version)),
        (_("Jurisdiction"), trace.jurisdiction_code),
        (_("Market and channel"), join_names((trace.market, trace.channel))),
        (_("Asked by"), trace.purpose or EMPTY),
        (_("Signing key"), str(trace.kid)),
        (_("Signature"), trace.signature[:16] or EMPTY),
    ]


def _list_context(trace: QuoteTrace, chances: QuotePropensities) -> list[tuple[str, str]]:
    stock = EMPTY if chances.stock is None else str(chances.stock)
    return [
        (_("Segment"), chances.segment or EMPTY),
        (_("Stock"), stock),
        (_("Lowest competitor"), show_money(chances.competitor_minor or None, trace.currency)),
    ]


def _moment(moment: datetime) -> str:
    return show_moment(moment)
