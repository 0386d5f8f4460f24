"""The workspace of a campaign: one page from draft to results."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.campaigns.api import (
    CampaignRows,
    CampaignStatus,
    CampaignView,
    Trail,
    compile_rows,
    cover_variants,
    load_trail,
    snapshot_rows,
    view_campaign,
)
from promotions.engine.api import OfferValue, parse_scope
from promotions.law.api import FLOOR_RULES
from promotions.planning.api import say_campaign, speak_campaign
from promotions.release.api import EVERY_RULE, MAY_TAKE_OUT, say_step
from shop.doors.backoffice.campaigns.own_parts import context_of
from shop.doors.backoffice.campaigns.plots import draw_forecast
from shop.doors.backoffice.campaigns.results import find_results
from shop.doors.backoffice.campaigns.sentences import keep_search
from shop.doors.backoffice.campaigns.stages import describe_steps, list_stages
from shop.doors.backoffice.campaigns.summary import describe_budget, summarize
from shop.doors.backoffice.campaigns.workspace import show_campaign
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.rehearsals.prospects import list_foreseen
from shop.doors.backoffice.views.campaigns import (
    CAN_CHANGE,
    CAN_SEE,
    describe_versions,
    require_campaign,
    require_rows,
)
from shop.doors.backoffice.views.checks import KINDS, describe_checks, is_news, show_progress
from shop.doors.backoffice.views.rehearsals import describe_preview
from shop.doors.backoffice.views.results import describe_results
from shop.ground.catalog.selectors import list_categories, load_variant_arrays
from shop.ground.database.naming import name_for_reader
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.numbers import show_count
from shop.ground.staff.roles import may_see_cost

# Names with these words say themselves that not all products are meant.
PARTLY = re.compile(r"\b(selected|some)\b", re.IGNORECASE)


def say_named_too_much(campaign: CampaignView, offers: Iterable[OfferValue]) -> str:
    """Return of which category the English name of a draft speaks while its offers cover some of
    it only; "" where it speaks of none, of all of it or of selected products. No query once cached.
    """
    name = campaign.name
    nodes = list_categories("en").nodes.values()
    spoken = [
        node for node in nodes if re.search(rf"\b{re.escape(node.name)}\b", name, re.IGNORECASE)
    ]
    if campaign.status != "draft" or not spoken or PARTLY.search(name):
        return ""
    arrays = load_variant_arrays()
    named = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    longest = max(len(node.name) for node in spoken)
    for node in spoken:
        if len(node.name) == longest:
            named |= cover_variants(parse_scope({"categories": [node.category_id]}), arrays)
    covered = np.zeros_like(named)
    for offer in offers:
        for scope in offer.scopes:
            covered |= cover_variants(scope, arrays)
    count, of = arrays.count_products(covered & named), arrays.count_products(named)
    if not 0 < count < of:
        return ""
    said = _(
        "The name speaks of %(category)s; the offer covers %(count)s of %(of)s products on sale."
    )
    category = next(node.name for node in spoken if len(node.name) == longest)
    return said % {"category": category, "count": show_count(count), "of": show_count(of)}


BEGUN = (
    CampaignStatus.LIVE,
    CampaignStatus.PAUSED,
    CampaignStatus.OVER,
    CampaignStatus.ENDED,
)


@needs(CAN_SEE)
def show_workspace(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what a campaign says, what a shopper sees of it, what it meets, costs and brought.

    Some twenty queries, twenty-eight once it was used and its products changed.
    """
    if is_news(request):
        return show_progress(request, require_campaign(campaign_id))
    return render_workspace(request, require_rows(campaign_id), opened=request.GET.get("part", ""))


def render_workspace(
    request: HttpRequest,
    rows: CampaignRows,
    *,
    opened: str = "",
    data: Any = None,
    refused: Iterable[str] = (),
) -> HttpResponse:
    """Return the page; `opened` is the part of the sentence that is being changed, with its `data`
    and why that was `refused`."""
    language, campaign = get_language() or "en", view_campaign(rows.campaign, utc_now())
    trail = load_trail(campaign.campaign_id)
    offers = compile_rows(rows)
    owner = trail.revisions[-1].by if trail.revisions else ""
    found = find_results(campaign, now=utc_now()) if campaign.phase in BEGUN else None
    law, rehearsal = describe_checks(campaign, KINDS)
    answer, with_cost = rehearsal["answer"] or {}, may_see_cost(request.user)
    context = {
        "campaign": campaign,
        "is_live": campaign.phase == CampaignStatus.LIVE,
        "named": say_named_too_much(campaign, offers),
        **_describe_parts(request, campaign, rows, opened=opened, data=data, refused=refused),
        "summary": summarize(
            campaign,
            now=utc_now(),
            offers=offers,
            owner=owner,
            uses=None if found is None else found.uses.states,
        ),
        **_describe_steps(request, campaign, law),
        **_describe_law(request, campaign, law),
        **_describe_forecast(campaign, rehearsal, with_cost=with_cost),
        **_describe_trail(request, campaign, trail, language),
        **describe_preview(request, campaign, offers),
        "results": None
        if found is None
        else describe_results(campaign, found, answer.get("daily", []), with_cost=with_cost),
    }
    called = name_for_reader(campaign.name, campaign.name_zh)
    return render_page(request, "admin/campaign.html", called, context)


@needs(CAN_SEE)
def show_budget(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what is spent of the budget, for a page that asks every two seconds. Two queries."""
    campaign = require_campaign(campaign_id)
    context = {
        "campaign": campaign,
        "budget": describe_budget(campaign),
        "is_live": campaign.phase == CampaignStatus.LIVE,
        "may_see_cost": may_see_cost(request.user),
    }
    return TemplateResponse(request, "admin/campaign/budget.html", context)


def _describe_parts(
    request: HttpRequest,
    campaign: CampaignView,
    rows: CampaignRows,
    *,
    opened: str,
    data: Any,
    refused: Iterable[str],
) -> dict[str, Any]:
    now, language = utc_now(), get_language() or "en"
    asked = request.POST or request.GET
    said, place = snapshot_rows(rows), context_of(campaign, language, now)
    words = speak_campaign(rows, language)
    posted = {"data": data, "refused": refused}
    shown = show_campaign(said, place, words, opened=opened, asked=asked, **posted)
    for one in shown.parts:
        if one.is_open:
            keep_search(one.form, asked)
    by_code = {one.code: one for one in shown.offers}
    spoken = say_campaign(campaign.campaign_id, language=language, rows=rows, words=words)
    return {"shown": shown, "offers": [(one, by_code.get(one.code)) for one in spoken]}


def _describe_steps(
    request: HttpRequest, campaign: CampaignView, law: dict[str, Any]
) -> dict[str, Any]:
    answer = law["answer"] or {}
    is_current = bool(answer) and not law["is_outdated"]
    is_checked = is_current and bool(answer["is_lawful"])
    is_checking = law["newest"] is not None and law["newest"]["row"].is_open
    is_open = campaign.status == "draft" and not is_checked and not is_checking
    return {
        "stages": list_stages(campaign, is_checked=is_checked),
        "steps": describe_steps(campaign, request.user.has_perm),
        "is_checking": is_checking,
        "must_check": is_open and not is_current,
        "is_forbidden": is_open and is_current,
        "reason": request.GET.get("reason", "")[:300],
    }


def _describe_law(
    request: HttpRequest, campaign: CampaignView, law: dict[str, Any]
) -> dict[str, Any]:
    naming = [one for one in (law["answer"] or {}).get("broken", ()) if one.get("may_take_out")]
    may_change = request.user.has_perm(CAN_CHANGE)
    is_current = not law["is_outdated"] and not (law["newest"] and law["newest"]["row"].is_open)
    return {
        "law": law,
        "may_see_cost": may_see_cost(request.user),
        "floor_rules": FLOOR_RULES,
        "every_rule": EVERY_RULE if len(naming) > 1 else "",
        "may_take_out": may_change and is_current and campaign.status in MAY_TAKE_OUT,
        "may_accept_floor": may_change and is_current and campaign.status == "draft",
    }


def _describe_forecast(
    campaign: CampaignView, rehearsal: dict[str, Any], *, with_cost: bool
) -> dict[str, Any]:
    answer = rehearsal["answer"] or {}
    return {
        "rehearsal": rehearsal,
        "found": rehearsal["answer"],
        "figures": list_foreseen(answer, with_cost=with_cost),
        "foreseen": draw_forecast(campaign, answer.get("bands", []), with_cost=with_cost),
    }


def _describe_trail(
    request: HttpRequest, campaign: CampaignView, trail: Trail, language: str
) -> dict[str, Any]:
    may_change = request.user.has_perm(CAN_CHANGE) and campaign.status != "ended"
    rows = trail.revisions
    undo = (
        {"number": rows[1].number, "what": rows[0].reason}
        if len(rows) > 1 and rows[0].reason
        else None
    )
    held = next((one for one in rows if one.number == campaign.revision), None)
    said = {} if held is None else dict(held.snapshot)
    return {
        "undo": undo if campaign.status == "draft" and may_change else None,
        "document": json.dumps(said, ensure_ascii=False, indent=1),
        "versions": describe_versions(rows, campaign, language),
        "trail": [(one, say_step(one.step)) for one in trail.steps],
        "may_roll_back": may_change,
        "may_change": may_change,
    }
