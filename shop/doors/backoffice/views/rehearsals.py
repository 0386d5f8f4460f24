"""A basket tried with a campaign, and why offers applied to an order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.reports.api import RecordedOrder, find_recorded_order
from promotions.campaigns.api import CampaignView
from promotions.engine.api import OfferValue
from promotions.law.api import list_reached_places
from promotions.planning.api import Restored
from shop.doors.backoffice.campaigns.checks import market_of
from shop.doors.backoffice.campaigns.sentences import MOMENT
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.rehearsals.previews import PreviewForm, fold_verdicts, try_basket
from shop.doors.backoffice.rehearsals.replays import replay_order
from shop.doors.backoffice.rehearsals.shown_cards import draw_cards
from shop.ground.catalog.selectors import get_market
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.phrases import join_names


def describe_preview(
    request: HttpRequest, campaign: CampaignView, offers: Sequence[OfferValue]
) -> dict[str, Any]:
    """Return the form of a basket and, where one is asked for, what it comes to. Nothing is
    stored."""
    language, market = get_language() or "en", market_of(campaign)
    asked = request.GET if "basket" in request.GET else None
    begins = max(campaign.starts_at, utc_now())
    at = begins.astimezone(ZoneInfo(get_market(market).time_zone))
    initial = {"channel": "online", "at": f"{at:{MOMENT}}", "with_code": True}
    places = list_reached_places(campaign.market_code)
    form = PreviewForm(asked, initial=initial, places=places)
    draw = partial(draw_cards, campaign=campaign, offers=offers, market_code=market, now=utc_now())
    if asked is None or not form.is_valid():
        said = {"at": begins} if asked is None else {}
        return {"form": form, "cards": draw(said)}
    found = try_basket(
        form,
        campaign_id=campaign.campaign_id,
        market_code=market,
        language=language,
        now=utc_now(),
    )
    cards = name_cards(form.cleaned_data["basket"], language)
    said = form.cleaned_data
    return {
        "form": form,
        "cards": draw(said),
        "preview": found,
        "verdicts": fold_verdicts(found.verdicts),
        "lines": [(cards.get(int(key)), *rest) for key, *rest in found.lines],
    }


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
    lost = _("not restored: %(codes)s") % {"codes": join_names(one.lost)}
    return f"{said}; {lost}"


def _show_left(one: Restored, order: RecordedOrder) -> str:
    return "–" if one.left_minor is None else show_money(one.left_minor, order.currency)
