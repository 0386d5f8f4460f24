"""The builder: choose a sentence, fill it in, read it back from what was stored."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from promotions.law.api import find_forbidden
from promotions.planning.api import list_best_groups
from promotions.sentences.api import Template
from shop.doors.backoffice.campaigns.builder import (
    COMMON,
    EDITS,
    TEMPLATES,
    FilledSentence,
    open_sentence,
    read_place,
    read_sentence,
    save_sentence,
    say_kind,
)
from shop.doors.backoffice.campaigns.clauses import list_clause_choices, name_segment, press_add
from shop.doors.backoffice.campaigns.workspace import say_leave_out
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.views.checks import start_checks

CAN_ADD = "promotions.add_campaign"


@needs(CAN_ADD)
def choose_sentence(request: HttpRequest) -> HttpResponse:
    """Show the sentences there are. No query of its own."""
    place = read_place()
    others = [one for code, one in TEMPLATES.items() if code not in COMMON]
    context = {
        "kinds": [say_kind(TEMPLATES[code], place) for code in COMMON],
        "more": [say_kind(one, place) for one in others],
    }
    return render_page(request, "admin/builder.html", _("New promotion"), context)


@needs(CAN_ADD)
def fill_sentence(request: HttpRequest, kind: str) -> HttpResponse:
    """Show a sentence with blanks; save the draft it becomes. One query to show: the products."""
    template = _require_template(kind)
    place = read_place()
    if request.method != "POST":
        opened, segment = open_sentence(template, place), request.GET.get("segment", "")
        opened.clauses = [name_segment(segment, place)] if segment else []
        return _render(request, opened)
    posted = press_add(request.POST)
    filled = read_sentence(template, place, posted)
    if not EDITS.isdisjoint(posted):
        if "add" in posted and not any(one.is_new for one in filled.clauses):
            messages.error(request, _("No condition, or several, read like that: choose one."))
        return _render(request, filled)
    campaign_id = save_sentence(filled, request)
    if campaign_id is None:
        return _render(request, filled)
    start_checks(request, campaign_id)
    messages.success(request, _("Saved as a draft."))
    return HttpResponseRedirect(reverse("admin:campaign_workspace", args=[campaign_id]))


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
        "best_groups": list_best_groups(),
        "leave_out": say_leave_out(find_forbidden(market_code=place.market_code, now=place.now)),
    }
    return render_page(request, "admin/builder_sentence.html", context["kind"]["title"], context)
