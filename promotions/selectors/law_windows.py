"""Which earlier campaigns were like a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from promotions.core.law.claimed import asked_of_people
from promotions.core.law.depth import named_percents
from promotions.core.law.drafts import Window
from promotions.core.revisions import OFFERS
from promotions.core.workflow import Status
from promotions.models import Campaign, CampaignEvent
from promotions.selectors.campaigns import take_snapshots
from promotions.selectors.law_goods import covered_by
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import load_variant_arrays

LONGEST_PAUSE = timedelta(days=366)

type BoolArray = NDArray[np.bool_]


def find_windows(row: Campaign, offers: Sequence[Mapping[str, Any]]) -> tuple[Window, ...]:
    """Return runs of like offers that began before the campaign and ended in the year before it.

    Like: to the same audience and market, of the same kind and asking the same of people,
    for at least half of the goods, at least half as deep. Four queries, whatever the number of
    campaigns.
    """
    near = Campaign.objects.filter(
        audience=row.audience,
        starts_at__lt=row.starts_at,
        ends_at__gt=row.starts_at - LONGEST_PAUSE,
    ).exclude(status__in=[Status.DRAFT, Status.SCHEDULED])
    if row.market_code:
        near = near.filter(market_code__in=["", row.market_code])
    rows = list(near.exclude(pk=row.pk).order_by("pk"))
    said, stopped = take_snapshots(rows), _read_stops(rows)
    arrays = load_variant_arrays()
    mine = _covered_by_any(offers, arrays)
    return tuple(
        Window(one.code, one.starts_at, min(one.ends_at, stopped.get(one.pk, one.ends_at)))
        for one in rows
        if _is_like(offers, mine, said[one.pk][OFFERS], arrays)
    )


def _read_stops(rows: Sequence[Campaign]) -> dict[int, datetime]:
    """Return when campaigns that were ended early stopped: at their last such step. One query."""
    steps = CampaignEvent.objects.filter(campaign__in=rows, to_status=Status.ENDED)
    return dict(steps.order_by("at").values_list("campaign_id", "at"))


def _is_like(
    offers: Sequence[Mapping[str, Any]],
    mine: BoolArray,
    theirs: Sequence[Mapping[str, Any]],
    arrays: VariantArrays,
) -> bool:
    active = [offer for offer in theirs if offer["is_active"]]
    shared = int((mine & _covered_by_any(active, arrays)).sum())
    is_same_goods = shared * 2 >= int(mine.sum()) > 0
    mine_are = {_form(offer) for offer in offers}
    alike = [offer for offer in active if _form(offer) in mine_are]
    return is_same_goods and bool(alike) and 2 * _deepest(alike) >= _deepest(offers)


def _form(offer: Mapping[str, Any]) -> tuple[str, bool, tuple[str, ...]]:
    """Return kind, whether it needs a code, and what it asks of people."""
    return offer["benefit_kind"], offer["requires_coupon"], asked_of_people(offer["condition"])


def _deepest(offers: Sequence[Mapping[str, Any]]) -> float:
    """Of one kind, so percentages and amounts are not compared with each other."""
    sizes = [
        max([*named_percents(offer), float(offer["amount_minor"] or 0)], default=0.0)
        for offer in offers
    ]
    return max(sizes, default=0.0)


def _covered_by_any(offers: Sequence[Mapping[str, Any]], arrays: VariantArrays) -> BoolArray:
    found = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        found |= covered_by(offer, arrays)
    return found
