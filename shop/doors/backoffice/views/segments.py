"""Segments: the list, one segment, and the builder of rules."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from profiles.segments.api import (
    Rule,
    RuleRefused,
    SegmentPage,
    find_segment,
    list_segments,
    name_features,
    retire_segment,
    save_segment,
    select_shoppers,
)
from promotions.law.api import protected_word
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.shoppers.drafts import (
    Draft,
    edit_draft,
    judge_draft,
    read_draft,
    write_draft,
)
from shop.doors.backoffice.shoppers.segment_pages import (
    describe_form,
    describe_rule,
    describe_segment,
    describe_selection,
    say_refused,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.translation import is_chinese
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.numbers import show_count
from shop.ground.staff.reasons import account_id, ask_reason
from shop.ground.staff.roles import may_see_cost

SEE, ADD, CHANGE = "profiles.view_segment", "profiles.add_segment", "profiles.change_segment"
LONGEST_NAME = 120
LONGEST_REASON = 300


@require_safe
@needs(SEE)
def show_segments(request: HttpRequest) -> HttpResponse:
    """Show all segments: those of staff first, then those that the fit found. Three queries."""
    in_chinese = is_chinese(get_language() or "en")
    rows: list[dict[str, Any]] = [
        {
            "one": one,
            "name": (in_chinese and one.name_zh) or one.name,
            "count": show_count(one.shopper_count),
            "note": (in_chinese and one.description_zh) or one.description,
        }
        for one in list_segments()
    ]
    context = {
        "made": [row for row in rows if row["one"].is_made],
        "found": [row for row in rows if not row["one"].is_made],
        "may_add": request.user.has_perm(ADD),
    }
    return render_page(request, "admin/segments.html", _("Segments"), context)


@needs(SEE)
def show_segment(request: HttpRequest, code: str) -> HttpResponse:
    """Show a segment: rule, size, value, drift, overlap, a sample, versions. About ten queries."""
    page = _require(code)
    names = name_features(get_language() or "en")
    context = describe_segment(page, names, utc_now(), with_margin=may_see_cost(request.user))
    in_chinese = is_chinese(get_language() or "en")
    title = (in_chinese and page.name_zh) or page.name
    account = request.user
    context |= {
        "note": (in_chinese and page.description_zh) or page.description,
        "may_promote": account.has_perm("promotions.add_campaign") and page.is_active,
        "may_change": account.has_perm(CHANGE) and page.rule is not None,
        "may_open_shoppers": account.has_perm("profiles.view_shopper"),
        "shortest_reason": SHORTEST_REASON,
    }
    return render_page(request, "admin/segment.html", title, context)


@needs(ADD)
def add_segment(request: HttpRequest) -> HttpResponse:
    """Build a new segment."""
    return _build(request, None)


@needs(CHANGE)
def change_segment(request: HttpRequest, code: str) -> HttpResponse:
    """Change the rule of a segment of staff: a new version."""
    page = _require(code)
    if page.rule is None:
        raise PermissionDenied
    return _build(request, page)


@require_POST
@needs(CHANGE)
def retire(request: HttpRequest, code: str) -> HttpResponse:
    """Take a segment of staff out of use, or back into it."""
    reason = request.POST.get("reason", "").strip()[:LONGEST_REASON]
    if len(reason) < SHORTEST_REASON:
        messages.error(request, ask_reason())
        return redirect("admin:segment", code)
    try:
        retire_segment(
            code=code,
            is_active="restore" in request.POST,
            by_id=account_id(request),
            reason=reason,
            now=utc_now(),
        )
    except RuleRefused as refusal:
        messages.error(request, say_refused(refusal))
    else:
        messages.success(request, _("The segment is changed."))
    return redirect("admin:segment", code)


def _build(request: HttpRequest, page: SegmentPage | None) -> HttpResponse:
    """Show the form with its live size; save where asked, as GET-less post/redirect/get."""
    sent = request.POST
    draft, rule = _read(request, page)
    if request.method == "POST" and "save" in sent and rule is not None:
        saved = _save(request, page, rule)
        if saved:
            return redirect("admin:segment", saved)
    names = name_features(get_language() or "en")
    context: dict[str, Any] = {
        "page": page,
        "typed": _read_head(request, page),
        **describe_form(draft, names),
        "said": "" if rule is None else describe_rule(rule, names),
        "measure": None
        if rule is None
        else describe_selection(
            select_shoppers(rule),
            names,
            page.code if page else "",
            utc_now(),
            with_margin=may_see_cost(request.user),
        ),
        "may_open_shoppers": request.user.has_perm("profiles.view_shopper"),
    }
    if request.headers.get("HX-Request"):
        return render_page(request, "admin/parts/segment_build.html", "", context)
    title = gettext_lazy("New segment") if page is None else page.name
    return render_page(request, "admin/segment_form.html", title, context)


def _read(request: HttpRequest, page: SegmentPage | None) -> tuple[Draft, Rule | None]:
    """Return the draft of the form, or of the segment, and its rule where nothing is wrong."""
    if request.method != "POST":
        draft = edit_draft(write_draft(page.rule) if page and page.rule else [], {})
        return draft, page.rule if page else None
    return judge_draft(edit_draft(read_draft(request.POST.dict()), request.POST.dict()))


def _read_head(request: HttpRequest, page: SegmentPage | None) -> dict[str, Any]:
    if request.method == "POST":
        names = ("name", "name_zh", "reason", "revision")
        return {name: request.POST.get(name, "") for name in names}
    if page is None:
        return {"revision": 0}
    return {"name": page.name, "name_zh": page.name_zh, "revision": page.revision}


def _save(request: HttpRequest, page: SegmentPage | None, rule: Rule) -> str:
    """Return the code of the saved segment; "" where it is refused, with a message why."""
    sent, reason = request.POST, request.POST.get("reason", "").strip()[:LONGEST_REASON]
    name, name_zh = (sent.get(one, "")[:LONGEST_NAME] for one in ("name", "name_zh"))
    if len(reason) < SHORTEST_REASON:
        messages.error(request, ask_reason())
        return ""
    try:
        if protected_word([{"segments": [name, name_zh]}], frozenset()):
            raise RuleRefused("A protected trait.", code="protected_name")
        saved = save_segment(
            name=name,
            name_zh=name_zh,
            rule=rule,
            by_id=account_id(request),
            reason=reason,
            now=utc_now(),
            code=page.code if page else "",
            revision=read_number(sent.get("revision", "")) or 0,
        )
    except RuleRefused as refusal:
        messages.error(request, say_refused(refusal))
        return ""
    messages.success(request, _("The segment is saved. Campaigns and experiments can use it now."))
    return saved


def _require(code: str) -> SegmentPage:
    page = find_segment(code)
    if page is None:
        raise Http404
    return page
