"""Ask a worker about a campaign, stop asking, and how the question and its answer stand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from promotions.campaigns.api import CampaignView
from promotions.release.api import (
    MOST_AT_ONCE,
    CheckView,
    Saved,
    accept_below_floor,
    ask_check,
    list_checks,
    load_answers,
    load_products_of,
    say_why_taken_out,
    stop_check,
    take_out_products,
)
from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.views.campaigns import require_campaign
from shop.ground.jobs.services import JobUnknown, start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import show_count
from shop.ground.staff.reasons import account_id, ask_reason, go_back, say_refusal

CAN_SEE, CAN_CHANGE = "promotions.view_campaign", "promotions.change_campaign"
JOB = "answer_campaign_checks"
DEEP = 50
# Where questions are asked from, and where their answers stand
PAGE, KINDS = "admin:campaign_workspace", ("law", "rehearsal")
EVERY = "every"
STEPS = {
    "": gettext_lazy("Waiting for a worker"),
    "goods": gettext_lazy("Taking the products out of every offer"),
    "law": gettext_lazy("Checking the law of each place"),
    "carts": gettext_lazy("Trying it on recorded carts"),
    "audience": gettext_lazy("Counting whom it could reach"),
    "overlaps": gettext_lazy("Looking for overlaps with other campaigns"),
    "stock": gettext_lazy("Looking at stock and the next was-price"),
}
FAILURES = {
    "died": gettext_lazy("Its worker was stopped three times, so it was given up. Ask again."),
    "too_long": gettext_lazy(
        "It took longer than a quarter of an hour. Name fewer products or days."
    ),
    "broken": gettext_lazy("Something went wrong unexpectedly. The workers page shows the reason."),
}
STATES = {
    "waiting": (gettext_lazy("waits for a worker"), "blue"),
    "running": (gettext_lazy("running"), "blue"),
    "done": (gettext_lazy("answered"), "green"),
    "failed": (gettext_lazy("failed"), "red"),
    "stopped": (gettext_lazy("stopped"), "gray"),
}


class AskForm(forms.Form):
    """What is asked, and from which depth on a meeting of campaigns is shown."""

    kind = forms.ChoiceField(choices=[(kind, kind) for kind in (*KINDS, EVERY)])
    depth = forms.IntegerField(min_value=1, max_value=100, required=False)


@require_POST
@needs(CAN_SEE)
def ask_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Ask a worker once; asking again while it works changes nothing."""
    require_campaign(campaign_id)
    form = AskForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Enter a depth between 1 and 100 percent."))
        return go_to_campaign(campaign_id)
    kind, depth = form.cleaned_data["kind"], form.cleaned_data["depth"] or DEEP
    if kind == EVERY:
        is_new = start_checks(request, campaign_id)
    else:
        is_new = start_check(request, campaign_id, kind, depth=depth)
    if not is_new:
        messages.info(request, _("It was requested already: the result is being made."))
    return go_to_campaign(campaign_id, "" if kind == EVERY else kind)


@require_POST
@needs(CAN_SEE)
def stop_asking(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Stop the open question; an answer that was there before stays."""
    require_campaign(campaign_id)
    kind = request.POST.get("kind", "")
    kind = kind if kind in KINDS else "rehearsal"
    stopped = stop_check(
        campaign_id=campaign_id, kind=kind, by_id=account_id(request), now=utc_now()
    )
    if stopped:
        messages.success(request, _("Stopped."))
    else:
        messages.info(request, _("It has already ended."))
    return go_to_campaign(campaign_id, kind)


@require_POST
@needs(CAN_CHANGE)
def take_products_out(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take the products that a rule, or every rule, names out of a draft or a released campaign,
    and ask the law of what is left.

    More than a thousand are left to the worker that then asks the law.
    """
    campaign = require_campaign(campaign_id)
    rule, asked = request.POST.get("rule", ""), read_number(request.POST.get("check", ""))
    checks = list_checks(campaign_id=campaign_id, kinds=["law"])
    check = next((one for one in checks if one.check_id == asked), None)
    products = [] if check is None else load_products_of(check.check_id, rule)
    back = go_to_campaign(campaign_id, "law")
    if check is None or not products:
        messages.error(request, _("This rule names no products that can be taken out."))
        return back
    if len(products) > MOST_AT_ONCE:
        if not start_check(request, campaign_id, "law", goods_of=(check.check_id, rule)):
            messages.info(request, _("It was requested already: the result is being made."))
        return back
    try:
        saved = take_out_products(
            campaign_id=campaign_id,
            variant_ids=products,
            reason=say_why_taken_out(rule),
            by_id=account_id(request),
            now=utc_now(),
            asked_of=check.revision,
        )
    except FairtagError as refusal:
        for told in say_refusal(refusal).splitlines():
            messages.error(request, told)
        return back
    start_check(request, campaign_id, "law")
    messages.success(request, _say_taken_out(saved, campaign) % {"number": saved.revision})
    return back


def _say_taken_out(saved: Saved, campaign: CampaignView) -> str:
    """Return what became of the version without the products."""
    if saved.is_waiting:
        return _("Version %(number)d leaves these products out once a second person approves it.")
    if campaign.status == "draft":
        return _(
            "Version %(number)d leaves these products out; the version before it brings them back."
        )
    return _("Version %(number)d leaves these products out. It holds from now on.")


@require_POST
@needs(CAN_CHANGE)
def accept_floor(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Let a draft sell below the price floor, and ask the law of it again."""
    require_campaign(campaign_id)
    address = go_to_campaign(campaign_id, "law")
    reason = request.POST.get("reason", "").strip()[:300]
    if len(reason) < SHORTEST_REASON:
        messages.error(request, ask_reason())
        return address
    try:
        accept_below_floor(
            campaign_id=campaign_id, reason=reason, by_id=account_id(request), now=utc_now()
        )
    except FairtagError as refusal:
        messages.error(request, say_refusal(refusal))
        return address
    start_check(request, campaign_id, "law")
    messages.success(
        request, _("It may sell below the floor once a second person approves its release.")
    )
    return address


def go_to_campaign(campaign_id: int, section: str = "") -> HttpResponseRedirect:
    """Return the way to a campaign's page, or to a section of it."""
    address = reverse(PAGE, args=[campaign_id])
    return HttpResponseRedirect(f"{address}#ft-{section}" if section else address)


def start_checks(request: HttpRequest, campaign_id: int) -> bool:
    """Ask the law and rehearse; return whether any of it is a new question."""
    asked = [start_check(request, campaign_id, kind) for kind in KINDS]
    return any(asked)


def start_check(
    request: HttpRequest,
    campaign_id: int,
    kind: str,
    *,
    depth: int = DEEP,
    goods_of: tuple[int, str] | None = None,
) -> bool:
    """Keep the question and wake a worker; with Redis down the clock finds it later.

    Return whether it is a new one.
    """
    is_new = ask_check(
        campaign_id=campaign_id,
        kind=kind,
        by_id=account_id(request),
        now=utc_now(),
        depth=depth,
        goods_of=goods_of,
    )
    with suppress(JobUnknown):
        start_job(name=JOB)
    return is_new


def describe_checks(campaign: CampaignView, kinds: Sequence[str]) -> list[dict[str, Any]]:
    """Return how the newest question of each kind stands and the newest answer there is. Two
    queries at most."""
    asked = list_checks(campaign_id=campaign.campaign_id, kinds=kinds)
    newest = [next((one for one in asked if one.kind == kind), None) for kind in kinds]
    done = [_find_done(kind, asked) for kind in kinds]
    refused = [one for one in newest if one is not None and one.failure == "refused"]
    wanted = [one.check_id for one in (*done, *refused) if one is not None]
    answers = load_answers(wanted, get_language() or "en")
    return [
        {
            "kind": kind,
            "newest": None if last is None else _describe(last),
            "refused": str(answers.get(last.check_id) or "") if last and last in refused else "",
            "done": None if said is None else _describe(said),
            "is_outdated": said is not None and said.revision != campaign.revision,
            "answer": None if said is None else answers.get(said.check_id),
            "asked": [_describe(one) for one in asked if one.kind == kind],
            "depth": DEEP if last is None else last.depth,
        }
        for kind, last, said in zip(kinds, newest, done, strict=True)
    ]


def _find_done(kind: str, asked: Sequence[CheckView]) -> CheckView | None:
    """Return the newest question of a kind that was answered."""
    return next((one for one in asked if one.kind == kind and one.state == "done"), None)


def is_news(request: HttpRequest) -> bool:
    """Return whether a page asks for the moving part of a check, `?part=law`."""
    return request.headers.get("HX-Request") == "true" and request.GET.get("part") in KINDS


def show_progress(request: HttpRequest, campaign: CampaignView) -> HttpResponse:
    """Return the moving part of a check for a page that asks for news; the whole page again at its
    end. One query."""
    kind = request.GET["part"]
    asked = list_checks(campaign_id=campaign.campaign_id, kinds=[kind])
    if not asked or not asked[0].is_open:
        return go_back(request)
    part = {"campaign": campaign, "check": {"kind": kind, "newest": _describe(asked[0])}}
    return TemplateResponse(request, "admin/parts/check_progress.html", part)


def _describe(one: CheckView) -> dict[str, Any]:
    state, tone = STATES[one.state]
    took = None
    if one.begun_at is not None and one.ended_at is not None:
        took = show_count((one.ended_at - one.begun_at).total_seconds())
    return {
        "row": one,
        "state": state,
        "tone": tone,
        "says": STEPS[one.step],
        "failure": FAILURES.get(one.failure, ""),
        "took": took,
    }
