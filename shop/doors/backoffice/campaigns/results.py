"""Results of a campaign, reconciled with orders to the cent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from orders.reports.api import (
    CampaignDelivery,
    CampaignLine,
    OrderTaken,
    find_states,
    find_taken,
    list_campaign_deliveries,
    list_campaign_lines,
    sum_sales_of,
)
from profiles.experiments.api import LEAST_CLUSTERS
from promotions.campaigns.api import CampaignView
from promotions.planning.api import (
    CampaignUses,
    HoldoutLift,
    Reconciliation,
    compare_holdout,
    load_uses,
    reconcile,
    split_addressed,
)


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over paid orders, minor units.

    `units` and `sales_minor` are bought products, what was refunded taken off; `discount_minor` is
    all the campaign took off, gifts at their price then and delivery among it, and `returned_minor`
    the part that went back. `margin_minor` is what the products left at the cost when they were
    bought (today's where nobody noted it; `uncosted_units` have none at all and are not in it),
    less the cost of gifts and what was taken off the delivery.
    """

    units: int = 0
    sales_minor: int = 0
    discount_minor: int = 0
    returned_minor: int = 0
    refunded_minor: int = 0
    margin_minor: int = 0
    uncosted_units: int = 0
    gift_units: int = 0
    gift_minor: int = 0
    gift_cost_minor: int = 0
    delivery_orders: int = 0
    delivery_minor: int = 0
    delivery_net_minor: int = 0


@dataclass(frozen=True, slots=True)
class CostedLine:
    """Lines of a campaign with what their kept units cost in all; None where nobody knows."""

    line: CampaignLine
    cost_minor: int | None

    @property
    def margin_minor(self) -> int:
        """Return what the lines left; 0 where the cost is not known."""
        return 0 if self.cost_minor is None else self.line.net_minor - self.cost_minor


@dataclass(frozen=True, slots=True)
class Results:
    """The results of a campaign. `lift` None: nobody was held out."""

    lines: tuple[CostedLine, ...]
    deliveries: tuple[CampaignDelivery, ...]
    totals: Totals
    uses: CampaignUses
    ties: Reconciliation
    states: Mapping[str, str]
    taken: Mapping[str, OrderTaken]
    lift: HoldoutLift | None


def find_results(campaign: CampaignView, *, now: datetime) -> Results:
    """Return the results of a campaign up to `now`. Six queries, one without uses; four
    more with a holdout."""
    uses = load_uses(campaign.campaign_id)
    numbers = sorted(uses.minor_of)
    lines = list_campaign_lines(campaign_id=campaign.campaign_id, numbers=numbers)
    deliveries = list_campaign_deliveries(campaign_id=campaign.campaign_id, numbers=numbers)
    taken = find_taken(campaign_id=campaign.campaign_id, numbers=numbers)
    costed = _cost_lines(lines)
    ties = reconcile(uses.minor_of, {number: one.amount_minor for number, one in taken.items()})
    return Results(
        lines=costed,
        deliveries=tuple(deliveries),
        totals=_sum_up(costed, deliveries),
        uses=uses,
        ties=ties,
        states=find_states(list(ties.differing)),
        taken=taken,
        lift=_find_lift(campaign, now) if _has_holdout(campaign) else None,
    )


def _has_holdout(campaign: CampaignView) -> bool:
    return campaign.holdout_percent > 0


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
    return compare_holdout(sales[0], sales[1], least=LEAST_CLUSTERS)


def _cost_lines(lines: Sequence[CampaignLine]) -> tuple[CostedLine, ...]:
    each = ((line, line.unit_cost_minor) for line in lines)
    return tuple(
        CostedLine(line, None if unit is None else unit * line.units) for line, unit in each
    )


def _sum_up(lines: Iterable[CostedLine], deliveries: Iterable[CampaignDelivery]) -> Totals:
    sold = [one for one in lines if one.line.is_sold]
    bought = [one.line for one in sold if not one.line.is_gift]
    gifts = [one for one in sold if one.line.is_gift]
    cut = [one for one in deliveries if one.is_sold]
    delivery, net = sum(one.discount_minor for one in cut), sum(one.net_minor for one in cut)
    parts = [(one.line.discount_minor, one.line.returned_minor) for one in sold]
    parts += [(one.discount_minor, one.returned_minor) for one in cut]
    return Totals(
        units=sum(line.units for line in bought),
        sales_minor=sum(line.sales_minor for line in bought),
        discount_minor=sum(off for off, _ in parts),
        returned_minor=sum(back for _, back in parts),
        refunded_minor=sum(line.refunded_minor for line in bought),
        margin_minor=sum(one.margin_minor for one in sold) - net,
        uncosted_units=sum(one.line.units for one in sold if one.cost_minor is None),
        gift_units=sum(one.line.units for one in gifts),
        gift_minor=sum(one.line.discount_minor for one in gifts),
        gift_cost_minor=sum(one.cost_minor or 0 for one in gifts),
        delivery_orders=sum(one.orders for one in cut),
        delivery_minor=delivery,
        delivery_net_minor=net,
    )
