"""From where on two people are needed: proposed by one person, made active by another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from promotions.models import CampaignPolicy
from promotions.services.campaign_rows import CampaignRefused
from promotions.services.campaigns import NeedsSecondPerson


@transaction.atomic
def propose_thresholds(
    *, changes: Mapping[str, Any], reason: str, by_id: int | None, now: datetime
) -> int:
    """Store a draft with `changes` and return its version. Raises CampaignRefused."""
    newest = CampaignPolicy.objects.select_for_update().order_by("-version").first()
    draft = CampaignPolicy(
        **changes,
        version=1 + (0 if newest is None else newest.version),
        reason=reason,
        created_at=now,
        created_by_id=by_id,
    )
    try:
        draft.full_clean(exclude=["created_by", "approved_by"])
    except ValidationError as error:
        raise CampaignRefused("; ".join(error.messages)) from error
    draft.save()
    return draft.version


@transaction.atomic
def approve_thresholds(*, version: int, by_id: int) -> None:
    """Make draft `version` the policy in force. Raises NeedsSecondPerson for its own author.

    Locks all versions in primary-key order. Campaigns released before stay released.
    """
    rows = {row.version: row for row in CampaignPolicy.objects.select_for_update().order_by("pk")}
    draft = rows.get(version)
    if draft is None or draft.is_active or draft.approved_by_id is not None:
        raise CampaignRefused(_("This version is or was in use, or does not exist."))
    if draft.created_by_id == by_id:
        raise NeedsSecondPerson(_("You proposed this version: somebody else must approve it."))
    CampaignPolicy.objects.filter(is_active=True).update(is_active=False)
    draft.is_active, draft.approved_by_id = True, by_id
    draft.save(update_fields=["is_active", "approved_by"])
