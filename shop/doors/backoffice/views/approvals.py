"""The inbox of approvals: what waits for a second person, the next deadline first."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.home.dashboards import count_price_changes
from shop.doors.backoffice.home.queue import offer_decisions, say_effect
from shop.ground.approvals.selectors import list_waiting
from shop.ground.kernel.clock import utc_now
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
