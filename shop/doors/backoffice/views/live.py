"""See it happen: events of shoppers, and the prices they changed within the second."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random, SystemRandom
from uuid import uuid4

import numpy as np
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pricing.api import home_place, quote_variants
from pricing.base.core.values import QuoteContext
from profiles.accounts.api import load_shoppers_bulk
from profiles.events.api import SIMULATED, ingest_events
from profiles.shoppers.api import list_shoppers
from profiles.values import Consents, ShopperValue
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.insights.live import list_happenings
from shop.ground.catalog.selectors import get_market, load_variant_arrays
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_count, show_number

BROWSER = "Fairtag simulated visit"
SHOPPERS = 5
POPULAR, PRODUCTS = 300, 4
# What a visitor does with one product: interest that grows step by step.
STEPS = ("view", "view", "cart_add")
AGREED = Consents(price=True, recommendations=True, analytics=True)


class NothingToSee(FairtagError):
    """No product has a price in the book: a visit would show nothing."""

    code = "nothing_to_see"


@dataclass(frozen=True, slots=True)
class VisitReport:
    """What came of a simulated visit, and how long all of it took."""

    events: int
    prices: int
    milliseconds: float


def simulate_visit(*, number: int, draw: Random) -> VisitReport:
    """Let simulated shopper `number` look at products that sell well and put one into the cart.

    Each event goes through the intake of all events, marked as simulated, and prices are asked for
    after each. Raises NothingToSee.
    """
    variant_ids = _list_popular()
    if not variant_ids:
        raise NothingToSee(_("No product may have a personal price yet."))
    begun = time.perf_counter()
    shopper = _open_shopper(number)
    chosen = draw.sample(variant_ids, min(PRODUCTS, len(variant_ids)))
    prices = _ask_prices(shopper, chosen)
    events = 0
    for variant_id in chosen:
        for kind in STEPS if variant_id == chosen[0] else STEPS[:2]:
            events += _tell(shopper, {"kind": kind, "variant_id": variant_id})
            prices += _ask_prices(shopper, [variant_id])
    return VisitReport(events, prices, 1_000 * (time.perf_counter() - begun))


def _list_popular() -> list[int]:
    """Return the products that sell best among those that may have a personal price."""
    arrays = load_variant_arrays(home_place()[0])
    free = ~arrays.never_personal & (arrays.list_minor > 0)
    order = np.argsort(-arrays.popularity[free], kind="stable")[:POPULAR]
    found: list[int] = arrays.variant_id[free][order].tolist()
    return found


def _open_shopper(number: int) -> ShopperValue:
    """Return a simulated shopper, who is made when first asked for."""
    known = load_shoppers_bulk(
        rows=[(f"simulated-live-{number}", None)],
        market_code=home_place()[0],
        consents=AGREED,
        now=utc_now(),
    )
    (shopper,) = list_shoppers(list(known.values()))
    return shopper


def _tell(shopper: ShopperValue, act: Mapping[str, object]) -> int:
    now = utc_now()
    told = ingest_events(
        shopper=shopper,
        events=[{"id": str(uuid4()), "occurred_at": now.isoformat(), **act}],
        now=now,
        channel=home_place()[1],
        user_agent=BROWSER,
        consents=shopper.consents,
        source=SIMULATED,
    )
    return told.accepted


def _ask_prices(shopper: ShopperValue, variant_ids: list[int]) -> int:
    market, channel = home_place()
    context = QuoteContext(
        shopper_pseudonym=shopper.pseudonym,
        market=market,
        channel=channel,
        jurisdiction_code=get_market(market).jurisdiction_code,
        language="en",
        gpc=False,
        now=utc_now(),
        purpose="simulated",
        is_simulated=True,
    )
    return len(quote_variants(context=context, variant_ids=variant_ids).prices)


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
