"""Change one part of a campaign's sentence, look for products, show the summary meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from promotions.campaigns.api import CampaignView, snapshot_rows, view_campaign
from promotions.planning.api import say_faults
from promotions.release.api import save_campaign
from shop.doors.backoffice.campaigns.own_parts import context_of
from shop.doors.backoffice.campaigns.parts import open_part
from shop.doors.backoffice.campaigns.product_picker import read_search, search_products
from shop.doors.backoffice.campaigns.summary import foresee_summary, summarize
from shop.doors.backoffice.campaigns.workspace import find_part
from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.views.campaigns import CAN_CHANGE, CAN_SEE, require_rows
from shop.doors.backoffice.views.checks import go_to_campaign, start_checks
from shop.doors.backoffice.views.workspace import render_workspace
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.reasons import account_id, ask_reason


@needs(CAN_SEE)
def find_goods(request: HttpRequest) -> HttpResponse:
    """Show what can be picked for some letters. Six queries at most."""
    text, name, taken = read_search(request.GET)
    only_products = request.GET.get("of") == "products"
    found = search_products(text, get_language() or "en", only_products=only_products)
    picks = [one for one in found if one.token not in taken]
    context = {"picks": picks, "asked": text.strip(), "found": found, "name": name}
    return TemplateResponse(request, "admin/campaign/found.html", context)


@needs(CAN_CHANGE)
def change_part(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Save one part of the sentence as a new version, or show what is wrong with it.

    A released campaign needs a reason, and waits for a second person where the change goes further.
    """
    if request.method != "POST":  # a refused part has this address: somebody opened it again
        return go_to_campaign(campaign_id)
    rows, now = require_rows(campaign_id), utc_now()
    campaign, said = view_campaign(rows.campaign, now), snapshot_rows(rows)
    code = request.POST.get("part", "")
    part = find_part(code, said, request.POST)
    if part is None or "find" in request.POST:
        return render_workspace(request, rows, opened=code, data=request.POST)
    if read_number(request.POST.get("revision", "")) != campaign.revision:
        messages.error(request, _("Somebody changed the campaign meanwhile: look at it again."))
        return go_to_campaign(campaign_id)
    place = context_of(campaign, get_language() or "en", now)
    form = open_part(part, said, place, request.POST)
    reason = request.POST.get("reason", "").strip()[:300]
    needs_reason = campaign.status != "draft" and len(reason) < SHORTEST_REASON
    refused = [ask_reason()] if needs_reason else []
    remove = part.remove if "remove" in request.POST else None
    if not refused and (remove is not None or form.is_valid()):
        changed = part.write(said, form.cleaned_data) if remove is None else remove(said)
        refused = _save(request, campaign, changed, reason)
        if not refused:
            return go_to_campaign(campaign_id)
    return render_workspace(request, rows, opened=code, data=request.POST, refused=refused)


@needs(CAN_SEE)
def show_summary(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show the card as it would be with the part that is being changed. Nothing is saved."""
    rows, now = require_rows(campaign_id), utc_now()
    campaign, said = view_campaign(rows.campaign, now), snapshot_rows(rows)
    part = find_part(request.GET.get("part", ""), said, request.GET)
    summary = summarize(campaign, now=now)
    if part is not None:
        place = context_of(campaign, get_language() or "en", now)
        form = open_part(part, said, place, request.GET)
        if form.is_valid():
            changed = part.write(said, form.cleaned_data)
            summary |= foresee_summary(campaign, changed, now=now)
    context = {"summary": summary, "campaign": campaign, "is_foreseen": True}
    return TemplateResponse(request, "admin/campaign/summary.html", context)


def _save(
    request: HttpRequest, campaign: CampaignView, said: dict[str, Any], reason: str
) -> list[str]:
    """Save the snapshot and say what became of it; return why it was refused, if it was."""
    now: datetime = utc_now()
    try:
        saved = save_campaign(snapshot=said, reason=reason, by_id=account_id(request), now=now)
    except FairtagError as refusal:
        return say_faults(refusal, said, language=get_language() or "en")
    if not saved.is_new:
        messages.info(request, _("No difference: nothing was changed."))
    elif saved.is_waiting:
        told = _("Version %(number)d waits for a second person; until then nothing changes.")
        messages.warning(request, told % {"number": saved.revision})
    else:
        messages.success(request, _("Saved as version %(number)d.") % {"number": saved.revision})
    if saved.is_new and campaign.status in ("draft", "scheduled"):
        start_checks(request, campaign.campaign_id)
    return []
