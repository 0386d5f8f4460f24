"""The workers page: every job, queue and stream, refreshed every few seconds."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.health import find_stop, list_freshness, list_gauges, list_jobs
from shop.ground.kernel.clock import utc_now


@needs("shop.view_jobrun")
def show_workers(request: HttpRequest) -> HttpResponse:
    """Show the whole page, or only its moving part when the page asks for news."""
    now = utc_now()
    jobs = list_jobs(now)
    health = {
        "failing_jobs": [job for job in jobs if job.tone == "red"],
        "fine_jobs": [job for job in jobs if job.tone != "red"],
        "stopped_at": find_stop((job.started_at for job in jobs), now),
        "gauges": list_gauges(now),
        "freshness": list_freshness(now),
        "now": now,
        "is_paused": request.GET.get("pause") == "1",
    }
    if request.headers.get("HX-Request") == "true" and "part" in request.GET:
        return TemplateResponse(request, "admin/parts/health.html", health)
    return render_page(request, "admin/workers.html", _("Workers"), health)
