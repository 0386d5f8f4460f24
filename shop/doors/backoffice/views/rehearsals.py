"""Before a campaign goes live: try a basket, count whom it reaches, rehearse it on real carts."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.reports.api import RecordedOrder, find_recorded_order
from promotions.law.api import list_reached_places
from promotions.planning.api import Restored
from shop.doors.backoffice.campaigns.checks import market_of
from shop.doors.backoffice.campaigns.sentences import MOMENT
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.rehearsals.previews import PreviewForm, fold_verdicts, try_basket
from shop.doors.backoffice.rehearsals.replays import replay_order
from shop.doors.backoffice.views.campaigns import describe_head, require_campaign
from shop.doors.backoffice.views.checks import describe_checks, show_progress
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money

CAN_SEE = "promotions.view_campaign"


@needs(CAN_SEE)
def preview_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Try a basket with the campaign as if it were live. Nothing is stored."""
    campaign = require_campaign(campaign_id)
    language, market = get_language() or "en", market_of(campaign)
    asked = request.GET if "basket" in request.GET else None
    begins = campaign.starts_at.astimezone(ZoneInfo(get_market(market).time_zone))
    initial = {"channel": "online", "at": f"{begins:{MOMENT}}", "with_code": True}
    places = list_reached_places(campaign.market_code)
    form = PreviewForm(asked, initial=initial, places=places)
    context: dict[str, Any] = {"campaign": campaign, "head": describe_head(campaign), "form": form}
    if asked is not None and form.is_valid():
        found = try_basket(
            form, campaign_id=campaign_id, market_code=market, language=language, now=utc_now()
        )
        cards = name_cards(form.cleaned_data["basket"], language)
        context |= {
            "preview": found,
            "verdicts": fold_verdicts(found.verdicts),
            "lines": [(cards.get(int(key)), *rest) for key, *rest in found.lines],
        }
    return render_page(request, "admin/campaign_preview.html", campaign.name, context)


@needs(CAN_SEE)
def show_rehearsal(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show audience, overlaps, and what recorded carts said when a worker tried them. Two queries
    of our own."""
    campaign = require_campaign(campaign_id)
    part = show_progress(request, campaign, "rehearsal")
    if part is not None:
        return part
    context = {
        "campaign": campaign,
        "head": describe_head(campaign),
        "check": describe_checks(campaign, "rehearsal"),
    }
    return render_page(request, "admin/campaign_rehearsal.html", campaign.name, context)


@needs("orders.view_order")
def explain_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show why offers applied to an order or did not. About twenty-five queries."""
    order = find_recorded_order(order_id)
    if order is None:
        raise Http404(_("No order has this number."))
    found = replay_order(order, language=get_language() or "en")
    title = _("Offers of order %(number)s") % {"number": order.number}
    campaigns = [
        {"campaign": one, "how": say_how(one), "left": _show_left(one, order)}
        for one in found.campaigns
    ]
    context = {
        "order": order,
        "replay": found,
        "verdicts": fold_verdicts(found.verdicts),
        "campaigns": campaigns,
    }
    return render_page(request, "admin/order_offers.html", title, context)


def say_how(one: Restored) -> str:
    """Return how a campaign of then is known, and what of it could not be brought back."""
    said = {
        "version": _("as its versions say"),
        "first": _("as first recorded, which was after this order"),
        "today": _("as it is today: nobody recorded it before"),
    }[one.how]
    if not one.lost:
        return said
    lost = _("not restored: %(codes)s") % {"codes": ", ".join(one.lost)}
    return f"{said}; {lost}"


def _show_left(one: Restored, order: RecordedOrder) -> str:
    return "–" if one.left_minor is None else show_money(one.left_minor, order.currency)
