"""See it happen: events of shoppers, and the prices they changed within the second."""

from __future__ import annotations

from random import SystemRandom

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.insights.live import list_happenings
from shop.doors.backoffice.insights.visits import SHOPPERS, simulate_visit
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_count, show_number

CAN_SEE, CAN_SIMULATE = "pricing.view_quote", "profiles.add_experiment"
DEMO = "demo"


@needs(CAN_SEE)
def show_live(request: HttpRequest) -> HttpResponse:
    """Show what shoppers did lately and the prices that followed. Three queries of our own."""
    may_simulate = _is_demo() and request.user.has_perm(CAN_SIMULATE)
    context = {
        "happenings": list_happenings(now=utc_now(), language=get_language() or "en"),
        "shoppers": range(1, SHOPPERS + 1) if may_simulate else (),
        "is_paused": request.GET.get("pause") == "1",
        "chosen": read_number(request.GET.get("shopper", "")) or 1,
    }
    return render_page(request, "admin/live.html", _("See it happen"), context)


@require_POST
@needs(CAN_SIMULATE)
def simulate(request: HttpRequest) -> HttpResponse:
    """Let a simulated shopper of the demo visit; the page then shows what came of it."""
    if not _is_demo():
        raise PermissionDenied
    asked = read_number(request.POST.get("shopper", "")) or 1
    number = min(max(asked, 1), SHOPPERS)
    try:
        report = simulate_visit(number=number, draw=SystemRandom())
    except FairtagError as refusal:
        messages.error(request, str(refusal))
    else:
        words = {
            "events": show_count(report.events),
            "prices": show_count(report.prices),
            "time": show_number(report.milliseconds, 0),
        }
        messages.success(
            request,
            _("%(events)s events were taken in and %(prices)s prices given in %(time)s ms.")
            % words,
        )
    return HttpResponseRedirect(f"{reverse('admin:live')}?shopper={number}")


def _is_demo() -> bool:
    return settings.ENVIRONMENT_NAME == DEMO
