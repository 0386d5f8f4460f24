"""The builder: choose a sentence, fill it in, read it back from what was stored."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.law.api import FLOOR_RULES, find_forbidden
from promotions.planning.api import list_best_groups, say_campaign
from promotions.release.api import EVERY_RULE
from promotions.sentences.api import Template
from shop.doors.backoffice.campaigns.builder import (
    TEMPLATES,
    FilledSentence,
    open_sentence,
    read_place,
    read_sentence,
    save_sentence,
    say_kind,
)
from shop.doors.backoffice.campaigns.clauses import list_clause_choices
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.views.campaigns import describe_head, require_campaign
from shop.doors.backoffice.views.checks import describe_checks, show_progress, start_check
from shop.doors.backoffice.views.releasing import list_offered
from shop.ground.catalog.selectors.naming import list_goods_names

CAN_ADD, CAN_CHANGE = "promotions.add_campaign", "promotions.change_campaign"
CAN_SEE = "promotions.view_campaign"


@needs(CAN_ADD)
def choose_sentence(request: HttpRequest) -> HttpResponse:
    """Show the sentences there are. No query of its own."""
    place = read_place()
    context = {"kinds": [say_kind(one, place) for one in TEMPLATES.values()]}
    return render_page(request, "admin/builder.html", _("New promotion"), context)


@needs(CAN_ADD)
def fill_sentence(request: HttpRequest, kind: str) -> HttpResponse:
    """Show a sentence with blanks; save the draft it becomes. One query to show: the goods."""
    template = _require_template(kind)
    place = read_place()
    if request.method != "POST":
        return _render(request, open_sentence(template, place))
    filled = read_sentence(template, place, request.POST)
    if "add" in request.POST or "remove" in request.POST:
        return _render(request, filled)
    campaign_id = save_sentence(filled, request)
    if campaign_id is None:
        return _render(request, filled)
    start_check(request, campaign_id, "law")
    messages.success(request, _("Saved as a draft. This is what it says:"))
    return HttpResponseRedirect(reverse("admin:campaign_plan", args=[campaign_id]))


@needs(CAN_SEE)
def show_plan(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show what a campaign says, in sentences made from what is stored, and what the law says of
    it when a worker asked. About twelve queries."""
    campaign = require_campaign(campaign_id)
    part = show_progress(request, campaign, "law")
    if part is not None:
        return part
    language = get_language() or "en"
    offers = say_campaign(campaign_id, language=language)
    check = describe_checks(campaign, "law")
    naming = [one for one in (check["answer"] or {}).get("broken", ()) if one.get("may_take_out")]
    context = {
        "campaign": campaign,
        "head": describe_head(campaign),
        "offers": offers,
        "check": check,
        "floor_rules": FLOOR_RULES,
        "every_rule": EVERY_RULE if len(naming) > 1 else "",
        "may_take_out": campaign.status == "draft" and request.user.has_perm(CAN_CHANGE),
        "steps": list_offered(request, campaign) if offers else {},
    }
    return render_page(request, "admin/campaign_plan.html", campaign.name, context)


def _require_template(kind: str) -> Template:
    template = TEMPLATES.get(kind)
    if template is None:
        raise Http404(_("There is no such kind of promotion."))
    return template


def _render(request: HttpRequest, filled: FilledSentence) -> HttpResponse:
    place = filled.place
    errors = [
        (field.label, error) for form in filled.forms for field in form for error in field.errors
    ]
    context: dict[str, Any] = {
        "filled": filled,
        "kind": say_kind(filled.template, place),
        "errors": errors,
        "general": filled.form.non_field_errors(),
        "choices": list_clause_choices(place),
        "goods": list_goods_names(place.language),
        "best_groups": list_best_groups(),
        "forbidden": find_forbidden(market_code=place.market_code, now=place.now),
    }
    return render_page(request, "admin/builder_sentence.html", context["kind"]["title"], context)
