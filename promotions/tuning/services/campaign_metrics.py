"""Count what every campaign brings, minute by minute, from events, redemptions and reviews.

Counted again and replaced as long as something may still come late, so a run is safe to repeat: a
redemption that is given back, an order that is paid an hour later, an event of a phone without net.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from profiles.events.api import count_offer_events, list_basket_lines, sum_returns
from profiles.reviews.api import list_review_tones
from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models import Redemption
from promotions.tuning.core.values import MetricTotals
from promotions.tuning.models import CampaignMinute
from promotions.tuning.selectors.adjusting import find_depths
from promotions.tuning.selectors.profits import sum_orders

MINUTE = timedelta(minutes=1)
RECENT = timedelta(hours=2)
# Reviews are read and returns come in long after the order: they count for its campaigns this long.
ECHO = timedelta(days=60)
TOTALS = tuple(one.name for one in fields(MetricTotals) if one.name != "minutes")

Key = tuple[int, datetime]


@dataclass(slots=True)
class _Use:
    """A redemption of a paid order: its campaign, minute, discount and whose it is."""

    campaign_id: int
    order_ref: str
    shopper_id: int | None
    at: datetime
    amount_minor: int
    gift_cost_minor: int
    delivery_minor: int


@dataclass(slots=True)
class _Tally:
    """Sums by campaign and minute while they are counted."""

    sums: dict[Key, dict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )

    def add(self, campaign_id: int, at: datetime, **amounts: float) -> None:
        """Add amounts to the minute `at` lies in."""
        row = self.sums[campaign_id, at.replace(second=0, microsecond=0)]
        for name, amount in amounts.items():
            row[name] += amount


def collect_pulse(*, now: datetime, back: timedelta = RECENT) -> int:
    """Count the minutes of the last `back` of every campaign that ran then; return rows kept.

    One transaction replaces them. At most nine queries, whatever the number of campaigns.
    """
    until = now.replace(second=0, microsecond=0) + MINUTE
    since = until - back
    running = Q(starts_at__lt=until, ends_at__gt=since - ECHO) & ~Q(status="draft")
    campaign_ids = set(Campaign.objects.filter(running).values_list("pk", flat=True))
    if not campaign_ids:
        return 0
    tally = _Tally()
    _count_events(tally, campaign_ids, since, until)
    uses = _list_uses(campaign_ids, since - ECHO)
    _count_redemptions(tally, [use for use in uses if since <= use.at < until], since, until)
    _count_echoes(tally, uses, since, until)
    return _replace(tally.sums, campaign_ids, since, until)


def _count_events(tally: _Tally, campaign_ids: set[int], since: datetime, until: datetime) -> None:
    offers = Offer.objects.filter(campaign_id__in=campaign_ids)
    campaign_of = {str(pk): campaign for pk, campaign in offers.values_list("pk", "campaign_id")}
    names = {"offer_view": "impressions", "offer_click": "clicks", "cart_add": "carts"}
    for row in count_offer_events(since=since, until=until):
        if row.offer_ref in campaign_of:
            tally.add(campaign_of[row.offer_ref], row.minute, **{names[row.kind]: row.hits})


def _list_uses(campaign_ids: set[int], since: datetime) -> list[_Use]:
    rows = Redemption.objects.filter(
        campaign_id__in=campaign_ids, at__gte=since, state=Redemption.State.COMMITTED
    )
    return [_Use(*row) for row in rows.values_list(*(one.name for one in fields(_Use)))]


def _count_redemptions(
    tally: _Tally, uses: Iterable[_Use], since: datetime, until: datetime
) -> None:
    """Add redemptions, their discounts, and sales and margin of the orders they are part of.

    An order with offers of two campaigns counts whole for both: what it left is what both brought.
    What a gift cost and what was taken off the delivery lower the margin: no bought line bears it.
    """
    uses = list(uses)
    given: dict[str, int] = defaultdict(int)
    for use in uses:
        given[use.order_ref] += use.gift_cost_minor + use.delivery_minor
    orders = _value_orders({use.order_ref for use in uses}, since, until)
    counted: set[tuple[int, str]] = set()
    for use in uses:
        tally.add(use.campaign_id, use.at, spend_minor=use.amount_minor)
        if (use.campaign_id, use.order_ref) in counted:
            continue
        counted.add((use.campaign_id, use.order_ref))
        sales, margin = orders.get(use.order_ref, (0, 0))
        margin -= given[use.order_ref] if use.order_ref in orders else 0
        tally.add(
            use.campaign_id,
            use.at,
            redemptions=1,
            sales_minor=sales,
            margin_minor=margin,
            margin_squares=float(margin) ** 2,
        )


def _value_orders(
    order_refs: set[str], since: datetime, until: datetime
) -> Mapping[str, tuple[int, int]]:
    """Return sales and margin of each paid order. Orders are paid within a day or not at all."""
    lines = list_basket_lines(
        basket_refs=order_refs, since=since - timedelta(days=1), until=until + timedelta(days=1)
    )
    return sum_orders(lines)


def _count_echoes(tally: _Tally, uses: Iterable[_Use], since: datetime, until: datetime) -> None:
    """Add what came back of orders, and what their buyers said, in the minute they did."""
    by_order, by_shopper = defaultdict(set), defaultdict(set)
    for use in uses:
        by_order[use.order_ref].add(use.campaign_id)
        if use.shopper_id is not None:
            by_shopper[use.shopper_id].add(use.campaign_id)
    for row in sum_returns(since=since, until=until):
        for campaign_id in by_order.get(row.basket_ref, ()):
            tally.add(campaign_id, row.minute, returns=row.returns, returned_minor=row.paid_minor)
    for said in list_review_tones(since=since, until=until):
        glad = said.positivity
        for campaign_id in by_shopper.get(said.shopper_id, ()):
            tally.add(campaign_id, said.written_at, reviews=1, rating_sum=said.rating)
            if glad is not None:
                tally.add(
                    campaign_id,
                    said.written_at,
                    read=1,
                    positivity_sum=glad,
                    positivity_squares=glad**2,
                )


@transaction.atomic
def _replace(
    sums: Mapping[Key, Mapping[str, float]],
    campaign_ids: set[int],
    since: datetime,
    until: datetime,
) -> int:
    depth_at = find_depths(campaign_ids)
    window = CampaignMinute.objects.filter(minute__gte=since, minute__lt=until)
    window.filter(campaign_id__in=campaign_ids).delete()
    whole = {name for name in TOTALS if not name.startswith(("positivity", "margin_squares"))}
    rows = [
        CampaignMinute(
            campaign_id=campaign_id,
            minute=minute,
            percent=depth_at(campaign_id, minute),
            **{name: int(row[name]) if name in whole else row[name] for name in TOTALS},
        )
        for (campaign_id, minute), row in sorted(sums.items())
    ]
    return len(CampaignMinute.objects.bulk_create(rows, batch_size=1_000))
