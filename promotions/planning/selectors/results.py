"""Uses of a campaign by state, and its holdout, as counted by this room."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models import Count, Sum
from numpy.typing import NDArray

from profiles.shoppers.api import list_members
from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.coupons.models import Redemption
from promotions.offers.api import is_held_out


@dataclass(frozen=True, slots=True)
class UseCount:
    """Uses of a campaign in one state, and what they took off in minor units."""

    state: str
    uses: int
    amount_minor: int

    @property
    def label(self) -> str:
        """Return the state in English words."""
        return str(Redemption.State(self.state).label)


def count_uses(campaign_id: int) -> list[UseCount]:
    """Return uses by state. One query."""
    rows = Redemption.objects.filter(campaign_id=campaign_id).order_by("state").values("state")
    sums = rows.annotate(uses=Count("pk"), amount=Sum("amount_minor"))
    return [UseCount(row["state"], row["uses"], row["amount"]) for row in sums]


@dataclass(frozen=True, slots=True)
class CampaignUses:
    """Uses of a campaign by state, and by the order they name: how many, and what the order counted
    as taken off, whatever became of it."""

    states: tuple[UseCount, ...]
    uses_of: Mapping[str, int]
    minor_of: Mapping[str, int]


def load_uses(campaign_id: int) -> CampaignUses:
    """Return the uses of a campaign. One query."""
    rows = Redemption.objects.filter(campaign_id=campaign_id).order_by()
    sums = rows.values_list("state", "order_ref").annotate(Count("pk"), Sum("amount_minor"))
    states: dict[str, UseCount] = {}
    uses_of: Counter[str] = Counter()
    minor_of: Counter[str] = Counter()
    for state, order, uses, minor in sums:
        old = states.get(state, UseCount(state, 0, 0))
        states[state] = UseCount(state, old.uses + uses, old.amount_minor + minor)
        if order:
            uses_of[order] += uses
            minor_of[order] += minor
    return CampaignUses(tuple(states[state] for state in sorted(states)), uses_of, minor_of)


def split_addressed(campaign_id: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the shoppers a campaign is for: those who get it, and those held out.

    Of a members' campaign those who were members when it began: who joins later may do so because
    of it, and would make the two arms differ. Nobody of a public one. Ascending ids. Two queries.
    """
    campaign = Campaign.objects.get(pk=campaign_id)
    every = _list_addressed(campaign)
    percent = campaign.holdout_percent
    out = np.array(
        [is_held_out(campaign_id, percent, one) for one in every.tolist()], dtype=np.bool_
    )
    return every[~out], every[out]


def _list_addressed(campaign: Campaign) -> NDArray[np.int64]:
    if campaign.audience == Campaign.Audience.PUBLIC:
        return np.empty(0, dtype=np.int64)
    if campaign.audience == Campaign.Audience.MEMBERS:
        return list_members(before=campaign.starts_at, market_code=campaign.market_code)
    targets = CampaignShopper.objects.filter(campaign=campaign).order_by("shopper_id")
    return np.array(list(targets.values_list("shopper_id", flat=True)), dtype=np.int64)
