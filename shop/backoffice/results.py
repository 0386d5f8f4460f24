"""What a campaign brought, in figures that tie to orders to the cent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from orders.selectors.campaigns import (
    CampaignLine,
    list_campaign_lines,
    sum_adjustments,
    sum_sales_of,
)
from promotions.core.results import HoldoutLift, Reconciliation, compare_holdout, reconcile
from promotions.selectors.campaigns import CampaignView
from promotions.selectors.results import UseCount, count_uses, split_addressed, sum_uses_by_order
from shop.catalog.selectors import load_variant_arrays


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over paid orders, minor units; margin over the lines whose cost is known today."""

    units: int
    sales_minor: int
    discount_minor: int
    refunded_minor: int
    margin_minor: int
    margin_base_minor: int


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a campaign. `lift` None: nobody was held out."""

    lines: tuple[CampaignLine, ...]
    totals: Totals
    uses: tuple[UseCount, ...]
    ties: Reconciliation
    lift: HoldoutLift | None


def find_results(campaign: CampaignView, *, now: datetime) -> Results:
    """Return the results of a campaign up to `now`. Five queries, nine with a holdout."""
    counted = sum_uses_by_order(campaign.campaign_id)
    numbers = sorted(counted)
    lines = tuple(list_campaign_lines(campaign_id=campaign.campaign_id, numbers=numbers))
    on_lines = sum_adjustments(campaign_id=campaign.campaign_id, numbers=numbers)
    return Results(
        lines=lines,
        totals=_sum_up([line for line in lines if line.is_sold]),
        uses=tuple(count_uses(campaign.campaign_id)),
        ties=reconcile(counted, on_lines),
        lift=_find_lift(campaign, now) if _has_holdout(campaign) else None,
    )


def _has_holdout(campaign: CampaignView) -> bool:
    return campaign.audience == "personal" and campaign.holdout_percent > 0


def _find_lift(campaign: CampaignView, now: datetime) -> HoldoutLift:
    treated, held_out = split_addressed(campaign.campaign_id)
    until = min(max(now, campaign.starts_at + timedelta(seconds=1)), campaign.ends_at)
    sales = [
        sum_sales_of(
            shopper_ids=ids,
            since=campaign.starts_at,
            until=until,
            market_code=campaign.market_code,
        )
        for ids in (treated, held_out)
    ]
    return compare_holdout(sales[0], sales[1])


def _sum_up(lines: Sequence[CampaignLine]) -> Totals:
    arrays = load_variant_arrays()
    ids = np.array([line.variant_id for line in lines], dtype=np.int64)
    at = np.minimum(np.searchsorted(arrays.variant_id, ids), max(len(arrays.variant_id) - 1, 0))
    known = np.zeros(len(ids), dtype=np.bool_)
    cost = np.zeros(len(ids), dtype=np.int64)
    if len(arrays.variant_id):
        cost = arrays.cost_minor[at]
        known = (arrays.variant_id[at] == ids) & (cost >= 0)
    net = np.array([line.net_minor for line in lines], dtype=np.int64)
    units = np.array([line.units for line in lines], dtype=np.int64)
    return Totals(
        units=int(units.sum()),
        sales_minor=sum(line.sales_minor for line in lines),
        discount_minor=sum(line.discount_minor for line in lines),
        refunded_minor=sum(line.refunded_minor for line in lines),
        margin_minor=int((net - cost * units)[known].sum()),
        margin_base_minor=int(net[known].sum()),
    )
