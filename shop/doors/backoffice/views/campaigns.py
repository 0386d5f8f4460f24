"""Versions of a campaign: what each said, what changed in words, and the way back."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from promotions.campaigns.api import (
    CampaignView,
    RevisionRow,
    describe_change,
    diff_snapshots,
    find_campaign,
    list_revisions,
    list_steps,
)
from promotions.planning.api import PHASES
from promotions.release.api import roll_back, say_step
from shop.doors.backoffice.frame import needs, render_page
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_tag
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.reasons import account_id, ask_reason, say_refusal
from shop.ground.staff.region import show_moment

CAN_SEE = "promotions.view_campaign"
CAN_CHANGE = "promotions.change_campaign"


class RollbackForm(forms.Form):
    """Which version, and why."""

    number = forms.IntegerField(min_value=1)
    reason = forms.CharField(min_length=SHORTEST_REASON, max_length=300)


@needs(CAN_SEE)
def show_versions(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Show every version with what it changed, and every step. Five queries."""
    campaign = require_campaign(campaign_id)
    rows = list_revisions(campaign_id)
    context = {
        "campaign": campaign,
        "versions": _describe(rows, campaign, get_language() or "en"),
        "steps": [(one, say_step(one.step)) for one in list_steps(campaign_id)],
        "may_roll_back": request.user.has_perm(CAN_CHANGE) and campaign.status != "ended",
    }
    title = _("Versions of “%(name)s”") % {"name": campaign.name}
    return render_page(request, "admin/campaign_versions.html", title, context)


@require_POST
@needs(CAN_CHANGE)
def roll_back_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Bring an earlier version back, or say why not."""
    require_campaign(campaign_id)
    form = RollbackForm(request.POST)
    if not form.is_valid():
        messages.error(request, ask_reason())
    else:
        _try_rollback(request, campaign_id, form)
    return HttpResponseRedirect(reverse("admin:campaign_versions", args=[campaign_id]))


def require_campaign(campaign_id: int) -> CampaignView:
    """Return the campaign or answer that there is none."""
    found = find_campaign(campaign_id, now=utc_now())
    if found is None:
        raise Http404(_("No campaign has this number."))
    return found


def describe_head(campaign: CampaignView) -> dict[str, Any]:
    """Return what stands above every page before it goes live: what it is now, and its dates on
    the clock its sentence is said by."""
    zone = find_place(campaign.market_code).time_zone
    start = show_moment(campaign.starts_at, zone).removesuffix(zone)
    window = f"{start}– {show_moment(campaign.ends_at, zone)}"
    return {"phase": show_tag(*PHASES[campaign.phase]), "window": window}


def _try_rollback(request: HttpRequest, campaign_id: int, form: RollbackForm) -> None:
    try:
        saved = roll_back(
            campaign_id=campaign_id,
            number=form.cleaned_data["number"],
            reason=form.cleaned_data["reason"],
            by_id=account_id(request),
            now=utc_now(),
        )
    except FairtagError as refusal:
        messages.error(request, say_refusal(refusal))
        return
    if saved.is_waiting:
        said = _("Version %(number)d waits for a second person; until then nothing changes.")
        messages.warning(request, said % {"number": saved.revision})
    elif saved.is_new:
        said = _("Version %(number)d holds now; it says what version %(source)d said.")
        messages.success(
            request, said % {"number": saved.revision, "source": form.cleaned_data["number"]}
        )
    else:
        messages.info(request, _("No difference: nothing was changed."))


def _describe(
    rows: list[RevisionRow], campaign: CampaignView, language: str
) -> list[dict[str, Any]]:
    """Return each version, newest first, with its difference from the one before in words."""
    described = []
    formers: list[RevisionRow | None] = [*rows[1:], None]
    for row, former in zip(rows, formers[: len(rows)], strict=True):
        changes = () if former is None else diff_snapshots(former.snapshot, row.snapshot)
        described.append(
            {
                "row": row,
                "changes": [describe_change(one, language) for one in changes],
                "is_first": former is None,
                "holds": row.number == campaign.revision,
                "waits": row.number == campaign.pending_revision,
                "may_return": (row.in_force_at is not None or campaign.status == "draft")
                and row.number != campaign.revision,
            }
        )
    return described
