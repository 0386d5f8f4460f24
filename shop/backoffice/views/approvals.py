"""The inbox of approvals: what waits for a second person, the next deadline first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shop.approvals.selectors import list_waiting
from shop.backoffice.frame import render_page
from shop.kernel.clock import utc_now


def show_approvals(request: HttpRequest) -> HttpResponse:
    """Show what the reader may decide, and below it what waits for others."""
    waiting = list_waiting(request.user, now=utc_now())
    context = {
        "mine": [one for one in waiting if one.is_mine],
        "others": [one for one in waiting if not one.is_mine],
    }
    return render_page(request, "admin/approvals.html", _("Waiting for approval"), context)
