"""A campaign under experiment is not open to everybody: its control arm does not get it."""

from __future__ import annotations

from django.utils.translation import gettext as _

from profiles.experiments.api import PlannedTreatment, list_running
from promotions.campaigns.api import CampaignRefused
from promotions.campaigns.models import Campaign


class PublicUnderExperiment(CampaignRefused):
    """An offer that some do not get is not open to everybody, and may not be called so."""

    code = "public_under_experiment"


def refuse_public_design(design: PlannedTreatment) -> None:
    """Raise PublicUnderExperiment for an experiment with a public campaign, CampaignRefused for one
    with none. One query."""
    audience = Campaign.objects.filter(code=design.subject_ref).values_list("audience", flat=True)
    found = audience.first()
    if found is None:
        raise CampaignRefused(
            _("There is no campaign with the code “%(code)s”.") % {"code": design.subject_ref}
        )
    if found == Campaign.Audience.PUBLIC:
        raise PublicUnderExperiment(
            _(
                "The campaign “%(code)s” is open to everybody, and an experiment would keep it from"
                " some. Make it one for members or chosen shoppers first."
            )
            % {"code": design.subject_ref},
            campaign=design.subject_ref,
        )


def require_untested(campaign: Campaign) -> None:
    """Raise PublicUnderExperiment for a public campaign whose experiment runs. No query while what
    runs is fresh in memory."""
    if campaign.audience != Campaign.Audience.PUBLIC:
        return
    running = {one.subject_ref: one.plan.code for one in list_running("offers")}
    if campaign.code in running:
        raise PublicUnderExperiment(
            _(
                "The experiment “%(experiment)s” keeps this campaign from some: it cannot be"
                " open to everybody. Stop the experiment first, or leave it for members or chosen"
                " shoppers."
            )
            % {"experiment": running[campaign.code]},
            campaign=campaign.code,
        )
