"""Hand a campaign in, approve it or send it back, from the page of its words and of the law."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from promotions.campaigns.api import CampaignView, Note, Step, may_step
from promotions.planning.api import PHASES
from promotions.release.api import move_campaign, send_back_campaign
from shop.doors.backoffice.frame import needs
from shop.doors.backoffice.views.campaigns import require_campaign
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON
from shop.ground.staff.reasons import account_id, ask_reason, say_refusal

# What leads to shoppers, or back: who may, and what the button says
STEPS: dict[Step | Note, tuple[str, Promise]] = {
    Step.SCHEDULE: ("promotions.change_campaign", gettext_lazy("Schedule")),
    Step.APPROVE: ("promotions.approve_campaign", gettext_lazy("Approve (second person)")),
    Note.REFUSE: ("promotions.approve_campaign", gettext_lazy("Send back")),
}


class StepForm(forms.Form):
    """Which step, and why."""

    step = forms.ChoiceField(choices=[(step.value, step.value) for step in STEPS])
    reason = forms.CharField(min_length=SHORTEST_REASON, max_length=300)


@require_POST
@needs("promotions.view_campaign")
def release_campaign(request: HttpRequest, campaign_id: int) -> HttpResponse:
    """Take the step, or say why not. The law is asked by the step itself.

    A refused step leaves the reason in its field: it is not typed twice.
    """
    campaign = require_campaign(campaign_id)
    form = StepForm(request.POST)
    address, is_taken = reverse("admin:campaign_plan", args=[campaign_id]), False
    if not form.is_valid():
        messages.error(request, ask_reason())
    elif form.cleaned_data["step"] not in list_offered(request, campaign):
        messages.error(
            request, _("This step is not possible in this state, or you may not take it.")
        )
    else:
        step, reason = form.cleaned_data["step"], form.cleaned_data["reason"]
        is_taken = _take(request, campaign_id, step, reason)
    typed = {"reason": request.POST.get("reason", "")[:300]}
    return HttpResponseRedirect(address if is_taken else f"{address}?{urlencode(typed)}")


def list_offered(request: HttpRequest, campaign: CampaignView) -> dict[str, Any]:
    """Return the steps this reader may take now, with the words of the button."""
    waits = campaign.pending_revision is not None or may_step(Step.APPROVE, campaign.status)
    return {
        step.value: said
        for step, (right, said) in STEPS.items()
        if request.user.has_perm(right)
        and (may_step(Step.SCHEDULE, campaign.status) if step == Step.SCHEDULE else waits)
    }


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
