"""The steps of a campaign, taken from its page: hand it in, approve, pause, end, run again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from promotions.campaigns.api import Note
from promotions.planning.api import PHASES
from promotions.release.api import clone_campaign, move_campaign, send_back_campaign
from shop.doors.backoffice.campaigns.stages import ACTIONS, COPY, describe_steps
from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.views.campaigns import CAN_SEE, require_campaign
from shop.doors.backoffice.views.checks import PAGE, go_to_campaign
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.reasons import account_id, ask_reason, say_refusal


class StepForm(forms.Form):
    """Which step, and why; a copy needs no reason."""

    step = forms.ChoiceField(choices=[(str(step), str(step)) for step in ACTIONS])
    reason = forms.CharField(max_length=300, required=False)

    def clean(self) -> dict[str, Any]:
        """Ask for a reason of everything that changes the campaign itself."""
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("step") != COPY and len(cleaned.get("reason", "")) < SHORTEST_REASON:
            self.add_error("reason", ask_reason())
        return cleaned


@require_POST
@needs(CAN_SEE)
def release_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take the step, or say why not. The law is asked by the step itself.

    A refused step leaves the reason in its field: it is not typed twice.
    """
    campaign = require_campaign(campaign_id)
    form = StepForm(request.POST)
    address, is_taken = reverse(PAGE, args=[campaign_id]), False
    offered = [one["step"] for one in describe_steps(campaign, request.user.has_perm)]
    if not form.is_valid():
        messages.error(request, ask_reason())
    elif form.cleaned_data["step"] not in offered:
        messages.error(
            request, _("This step is not possible in this state, or you may not take it.")
        )
    elif form.cleaned_data["step"] == COPY:
        return _copy(request, campaign_id)
    else:
        step, reason = form.cleaned_data["step"], form.cleaned_data["reason"]
        is_taken = _take(request, campaign_id, step, reason)
    typed = {"reason": request.POST.get("reason", "")[:300]}
    return HttpResponseRedirect(address if is_taken else f"{address}?{urlencode(typed)}")


def _copy(request: HttpRequest, campaign_id: int) -> HttpResponse:
    copy = clone_campaign(campaign_id=campaign_id, by_id=account_id(request), now=utc_now())
    messages.success(request, _("This is the copy: a draft with the same offers."))
    return go_to_campaign(copy)


def _take(request: HttpRequest, campaign_id: int, step: str, reason: str) -> bool:
    """Take the step and return whether it was taken; each rule that forbids it has its message."""
    known: Any = {"campaign_id": campaign_id, "reason": reason, "by_id": account_id(request)}
    try:
        if step == Note.REFUSE:
            send_back_campaign(**known, now=utc_now())
        else:
            move_campaign(**known, step=step, now=utc_now())
    except FairtagError as refusal:
        for told in say_refusal(refusal).splitlines():
            messages.error(request, told)
        return False
    phase = PHASES[require_campaign(campaign_id).phase][0]
    messages.success(
        request, _("The new status of the campaign is “%(status)s”.") % {"status": phase}
    )
    return True
