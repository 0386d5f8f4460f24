"""The versions of a campaign, what changed in words, and the way back."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from promotions.campaigns.api import (
    CampaignRows,
    CampaignView,
    RevisionRow,
    find_campaign,
)
from promotions.planning.api import load_said, say_changes
from promotions.release.api import roll_back, say_origin
from shop.doors.backoffice.frame import needs
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.reasons import account_id, say_refusal

CAN_SEE = "promotions.view_campaign"
CAN_CHANGE = "promotions.change_campaign"


class RollbackForm(forms.Form):
    """Which version, and why; without a reason the number says it."""

    number = forms.IntegerField(min_value=1)
    reason = forms.CharField(max_length=300, required=False)


@require_POST
@needs(CAN_CHANGE)
def roll_back_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Bring an earlier version back, or say why not."""
    require_campaign(campaign_id)
    form = RollbackForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Only a version that was in force can be brought back."))
    else:
        _try_rollback(request, campaign_id, form)
    return HttpResponseRedirect(reverse("admin:campaign_workspace", args=[campaign_id]))


def require_campaign(campaign_id: int) -> CampaignView:
    """Return the campaign or answer that there is none."""
    found = find_campaign(campaign_id, now=utc_now())
    if found is None:
        raise Http404(_("No campaign has this number."))
    return found


def require_rows(campaign_id: int) -> CampaignRows:
    """Return the campaign with its offers, or answer that there is none."""
    try:
        return load_said(campaign_id)
    except ObjectDoesNotExist as missing:
        raise Http404(_("No campaign has this number.")) from missing


def _try_rollback(request: HttpRequest, campaign_id: int, form: RollbackForm) -> None:
    number: int = form.cleaned_data["number"]
    try:
        saved = roll_back(
            campaign_id=campaign_id,
            number=number,
            reason=form.cleaned_data["reason"] or _("back to version %(n)d") % {"n": number},
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
        messages.success(request, said % {"number": saved.revision, "source": number})
    else:
        messages.info(request, _("No difference: nothing was changed."))


def describe_versions(
    rows: list[RevisionRow], campaign: CampaignView, language: str
) -> list[dict[str, Any]]:
    """Return each version, newest first, with its difference from the one before in words."""
    pairs = [(old.snapshot, new.snapshot) for new, old in pairwise(rows)]
    said = [*say_changes(pairs, language=language), ()]
    described = []
    for row, changes in zip(rows, said[: len(rows)], strict=True):
        described.append(
            {
                "row": row,
                "origin": say_origin(row.origin),
                "changes": changes,
                "is_first": row is rows[-1],
                "holds": row.number == campaign.revision,
                "waits": row.number == campaign.pending_revision,
                "may_return": (row.in_force_at is not None or campaign.status == "draft")
                and row.number != campaign.revision,
            }
        )
    return described
