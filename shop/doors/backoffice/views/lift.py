"""The lift page: what personal prices bring, for a desk and for a screen on the wall."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.insights.lift import read_lift_page
from shop.doors.backoffice.insights.sheets import answer_sheet


@needs("pricing.view_demandmodelversion")
def show_lift(request: HttpRequest) -> HttpResponse:
    """Show profit a visit of personal prices against the holdout; six queries at most."""
    found = read_lift_page()
    if request.GET.get("format") == "csv":
        return answer_sheet("lift", found["sheets"])
    template = "admin/lift_wall.html" if request.GET.get("wall") == "1" else "admin/lift.html"
    return render_page(request, template, _("Lift of personal prices"), found)
