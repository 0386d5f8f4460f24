"""Pages of data quality and of the workers."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import list_quality
from pricing.optimum.core.explain import say_rule
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.health import find_stop, list_freshness, list_gauges, list_jobs
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.prices.decisions import SERIOUS
from shop.ground.catalog.selectors.staff import count_assumed_costs
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_count
from shop.ground.staff.roles import SEE_COST


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


PAGE = 50
ALL = "all"
TONES = dict.fromkeys(SERIOUS, "red")


@needs(SEE_COST)
def show_quality(request: HttpRequest) -> HttpResponse:
    """Show badges by code and the variants that carry one: the worst first, unless asked.

    Four queries of our own.
    """
    language = get_language() or "en"
    asked = request.GET.get("code", "")
    offset = read_number(request.GET.get("from", "")) or 0
    everything = list_quality(language=language, offset=offset, limit=PAGE)
    found = [item for item in sorted(everything.counts.items(), key=_rank) if item[1]]
    code = asked if everything.counts.get(asked) else found[0][0] if found else ""
    is_all = asked == ALL
    report = (
        everything
        if is_all or not code
        else list_quality(code=code, language=language, offset=offset, limit=PAGE)
    )
    assumed, on_sale = count_assumed_costs()
    names = name_cards([row.variant_id for row in report.rows], language)
    context = {
        "codes": [
            (name, say_rule(f"badge:{name}", language), show_count(count), TONES.get(name, "amber"))
            for name, count in found
        ],
        "assumed": show_count(assumed) if assumed else "",
        "on_sale": show_count(on_sale),
        "may_see_variants": request.user.has_perm("shop.view_variant"),
        "code": ALL if is_all else code,
        "rows": [(row, names.get(row.variant_id)) for row in report.rows],
        "total": report.total,
        "shown_total": show_count(report.total),
        "first": offset + 1,
        "last": offset + len(report.rows),
        "next": offset + PAGE if offset + PAGE < report.total else None,
        "previous": max(0, offset - PAGE) if offset else None,
        "may_see_curve": request.user.has_perm("pricing.view_demandmodelversion"),
        "may_see_refused": request.user.has_perm("pricing.view_quarantinedcompetitorrow"),
        "may_see_ledger": request.user.has_perm("pricing.view_priceledgerentry"),
    }
    return render_page(request, "admin/quality.html", _("Data quality"), context)


def _rank(item: tuple[str, int]) -> tuple[int, int]:
    name, count = item
    return (SERIOUS.index(name) if name in SERIOUS else len(SERIOUS), -count)
