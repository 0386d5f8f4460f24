"""The inbox of approvals: what waits for a second person, the next deadline first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.home.dashboards import count_price_changes
from shop.ground.approvals.selectors import list_waiting
from shop.ground.kernel.clock import utc_now


def show_approvals(request: HttpRequest) -> HttpResponse:
    """Show what the reader may decide, and below it what waits for others."""
    now = utc_now()
    waiting = list_waiting(request.user, now=now)
    context = {
        "mine": [one for one in waiting if one.is_mine],
        "price_changes": count_price_changes(request, now),
        "others": [one for one in waiting if not one.is_mine],
    }
    return render_page(request, "admin/approvals.html", _("Waiting for approval"), context)
