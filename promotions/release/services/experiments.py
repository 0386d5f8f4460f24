"""Experiments are saved and started here, where all rooms that they are about can be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.api import refuse_far_arms
from profiles.experiments.api import (
    ExperimentDraft,
    get_experiment,
    save_draft,
    start_experiment,
)
from promotions.campaigns.api import CampaignRefused
from promotions.campaigns.models import Campaign
from promotions.release.services.preconditions import PublicUnderExperiment
from promotions.targeting.api import refuse_unallocated


@transaction.atomic
def save_experiment(*, draft: ExperimentDraft, by_id: int | None, now: datetime) -> int:
    """Save a new draft of an experiment; return its id.

    Raises BadExperiment for what could not be run or read, and what stands against it where its
    subject belongs: PublicUnderExperiment, CampaignRefused, ArmTooLow.
    """
    found = save_draft(draft=draft, by_id=by_id, now=now)
    _require_allowed(draft.subject, draft.subject_ref, [arm.price_factor for arm in draft.arms])
    return found


@transaction.atomic
def launch_experiment(*, experiment_id: int, now: datetime, by_id: int | None = None) -> None:
    """Start an experiment as `start_experiment` does, if its subject still allows it.

    Raises what that raises, PublicUnderExperiment, CampaignRefused and ArmTooLow.
    """
    start_experiment(experiment_id=experiment_id, now=now, by_id=by_id)
    row = get_experiment(experiment_id)
    if row is not None:
        _require_allowed(row.subject, row.subject_ref, [arm.price_factor for arm in row.arms])


def _require_allowed(subject: str, subject_ref: str, price_factors: Sequence[float]) -> None:
    """Raise what stands against an experiment about `subject`. One query at most."""
    match subject:
        case "offers":
            _refuse_public(subject_ref)
        case "allocator":
            refuse_unallocated(subject_ref)
        case "public_prices":
            refuse_far_arms(price_factors)


def _refuse_public(code: str) -> None:
    audience = Campaign.objects.filter(code=code).values_list("audience", flat=True)
    found = audience.first()
    if found is None:
        raise CampaignRefused(_("There is no campaign with the code “%(code)s”.") % {"code": code})
    if found == Campaign.Audience.PUBLIC:
        raise PublicUnderExperiment(
            _(
                "The campaign “%(code)s” is open to everybody, and an experiment would keep it from"
                " some. Make it one for account holders or chosen shoppers first."
            )
            % {"code": code},
            campaign=code,
        )
