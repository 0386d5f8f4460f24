"""Read what adjusting looks at: states of live campaigns, their pulse, depths, and the usual."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime, timedelta

import numpy as np
from django.db.models import F, Q, Sum

from pricing.api import current_public_prices, floor_minor
from profiles.events.api import count_weekly_traffic, measure_return_rate
from profiles.reviews.api import measure_usual_tone
from promotions.campaigns.api import list_covered_variants
from promotions.campaigns.models import Campaign, CampaignTuning, Offer
from promotions.tuning.core.forecast import DepthResponse, fit_depth_response
from promotions.tuning.core.guardrails import is_left_out
from promotions.tuning.core.values import AdjustingTerms, CampaignState, Interval, MetricTotals
from promotions.tuning.models import CampaignAdjustment, CampaignMinute
from promotions.tuning.selectors.profits import measure_holdout
from shop.ground.catalog.selectors import home_market

USUAL_DAYS = timedelta(days=60)
TONE_DAYS = timedelta(days=180)
# Where a shop has no reviews yet, neither glad nor sorry is usual.
NEUTRAL_TONE = 0.5
SAMPLE = 200
CHANNEL = "online"

DepthAt = Callable[[int, datetime], float | None]


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usual in the shop: clicks an impression, tone, returns, traffic by hour of week."""

    click_rate: float
    positivity: float
    return_rate: float
    weekly_traffic: list[int]
    response: DepthResponse


@dataclass(frozen=True, slots=True)
class LiveCampaign:
    """A live campaign with its tuning, active offers, and pulse since its last change."""

    campaign: Campaign
    tuning: CampaignTuning | None
    offers: tuple[Offer, ...]
    pulse: MetricTotals


@dataclass(frozen=True, slots=True)
class Running:
    """A live campaign with its terms and its pulse since its last change."""

    state: CampaignState
    terms: AdjustingTerms
    pulse: MetricTotals
    since: datetime


def list_live(*, now: datetime) -> list[LiveCampaign]:
    """Return campaigns that are live at `now`, with what is read of all at once. Four queries."""
    live = list(
        Campaign.objects.filter(
            status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now
        ).order_by("pk")
    )
    ids = [campaign.pk for campaign in live]
    tunings = {row.pk: row for row in CampaignTuning.objects.filter(pk__in=ids)}
    running = _active_offers(ids)
    pulses = sum_pulses(ids)
    return [
        LiveCampaign(
            campaign=one,
            tuning=tunings.get(one.pk),
            offers=tuple(running[one.pk]),
            pulse=pulses.get(one.pk, MetricTotals()),
        )
        for one in live
    ]


def read_running(live: LiveCampaign, *, now: datetime) -> Running:
    """Return the state of one campaign. Up to four queries for its floors, and eleven for a
    holdout."""
    campaign, tuning = live.campaign, live.tuning
    offer = _percentages({campaign.pk: list(live.offers)}).get(campaign.pk)
    since = campaign.starts_at
    if tuning is not None and tuning.changed_at is not None:
        since = max(since, tuning.changed_at)
    terms = read_terms(tuning)
    holdout, by_group = measure_holdout(campaign, now=now, alpha=terms.alpha)
    state = CampaignState(
        campaign_id=campaign.pk,
        audience=campaign.audience,
        starts_at=campaign.starts_at,
        ends_at=campaign.ends_at,
        now=now,
        exposure_weight=1.0 if tuning is None else tuning.exposure_weight,
        percent=None if offer is None or offer.percent is None else float(offer.percent),
        deepest=100.0 if offer is None else find_deepest(offer.pk, campaign.market_code, now),
        budget_minor=campaign.budget_minor,
        spent_minor=campaign.spent_minor,
        holdout=holdout,
        by_group=_keep_addressed(by_group, live.offers),
        changed_at=None if tuning is None else tuning.changed_at,
    )
    return Running(state, terms, live.pulse, since)


def _keep_addressed(
    by_group: Mapping[str, Interval], offers: Collection[Offer]
) -> dict[str, Interval]:
    """Return the groups without those that all offers leave out already."""
    return {
        name: interval
        for name, interval in by_group.items()
        if not all(is_left_out(name, offer.condition) for offer in offers)
    }


def read_terms(tuning: CampaignTuning | None) -> AdjustingTerms:
    """Return how far a campaign may go by itself; without a row it may only propose."""
    if tuning is None:
        return AdjustingTerms()
    return AdjustingTerms(
        is_automatic=tuning.is_automatic,
        depth_min=tuning.depth_min,
        depth_max=tuning.depth_max,
        depth_step=tuning.depth_step,
        cooldown=timedelta(hours=tuning.cooldown_hours),
        approve_above_minor=tuning.approve_above_minor,
    )


def sum_pulses(campaign_ids: Collection[int]) -> dict[int, MetricTotals]:
    """Return the sums of each campaign since its last change, or since it began. One query."""
    since = Q(campaign__tuning__changed_at=None) | Q(minute__gte=F("campaign__tuning__changed_at"))
    names = [one.name for one in fields(MetricTotals) if one.name != "minutes"]
    rows = (
        CampaignMinute.objects.filter(since, campaign_id__in=campaign_ids)
        .order_by()
        .values_list("campaign_id")
        .annotate(**{f"all_{name}": Sum(name) for name in names})
    )
    return {
        campaign_id: MetricTotals(**dict(zip(names, sums, strict=True)))
        for campaign_id, *sums in rows
    }


def find_depths(campaign_ids: Collection[int]) -> DepthAt:
    """Return a function that says which depth a campaign had at a moment. Two queries."""
    offers = _percentages(_active_offers(campaign_ids))
    now = {pk: float(offer.percent or 0) for pk, offer in offers.items()}
    changes: Mapping[int, list[tuple[datetime, float]]] = defaultdict(list)
    rows = CampaignAdjustment.objects.filter(
        campaign_id__in=campaign_ids,
        lever="depth",
        state__in=[CampaignAdjustment.State.APPLIED, CampaignAdjustment.State.UNDONE],
        decided_at__isnull=False,
    ).order_by("decided_at", "pk")
    for row in rows:
        decided_at = row.decided_at or row.proposed_at
        changes[row.campaign_id].append((decided_at, float(row.before)))

    def depth_at(campaign_id: int, moment: datetime) -> float | None:
        known = changes.get(campaign_id, [])
        place = bisect_right([at for at, _ in known], moment)
        if place == len(known):
            return now.get(campaign_id)
        return known[place][1]

    return depth_at


def find_deepest(offer_id: int, market_code: str, now: datetime) -> float:
    """Return the percentage at which half of the products an offer covers meet their floor.

    A line never falls below its floor whatever the offer says; a deeper number would promise what
    most products cannot keep. Looks at up to 200 of them.
    """
    covered = list_covered_variants(offer_id=offer_id)
    if not len(covered):
        return 100.0
    step = max(1, len(covered) // SAMPLE)
    ids = covered[::step].tolist()
    market = market_code or home_market()
    public = current_public_prices(variant_ids=ids, now=now, market=market, channel=CHANNEL)
    floors = floor_minor(variant_ids=ids, now=now, market=market, channel=CHANNEL)
    if not len(public.variant_id):
        return 100.0
    floor = np.array([floors.get(one, 0) for one in public.variant_id.tolist()])
    return max(0.0, float(np.median(100.0 * (1.0 - floor / public.public_minor))))


def measure_usual(*, now: datetime) -> Usual:
    """Return what is usual in the shop. Five queries."""
    sums = CampaignMinute.objects.filter(minute__gte=now - USUAL_DAYS).aggregate(
        impressions=Sum("impressions"), clicks=Sum("clicks")
    )
    tone = measure_usual_tone(since=now - TONE_DAYS, until=now)
    return Usual(
        click_rate=(sums["clicks"] or 0) / sums["impressions"] if sums["impressions"] else 0.0,
        positivity=NEUTRAL_TONE if tone is None else tone,
        return_rate=measure_return_rate(since=now - USUAL_DAYS, until=now),
        weekly_traffic=count_weekly_traffic(since=now - timedelta(days=28), until=now),
        response=measure_response(),
    )


def measure_response() -> DepthResponse:
    """Return how redeeming answers to depth, over all campaigns with a percentage. One query."""
    rows = list(
        CampaignMinute.objects.filter(percent__isnull=False)
        .order_by()
        .values_list("campaign_id", "percent")
        .annotate(impressions=Sum("impressions"), redemptions=Sum("redemptions"))
        # A cell with more orders than impressions shows no rate: see compare_depths.
        .filter(impressions__gt=0, redemptions__lte=F("impressions"))
    )
    if not rows:
        return DepthResponse()
    campaign, depth, tries, hits = (np.array(column) for column in zip(*rows, strict=True))
    return fit_depth_response(depth.astype(float), tries, hits, campaign)


def _active_offers(campaign_ids: Collection[int]) -> Mapping[int, list[Offer]]:
    """Return the active offers of each campaign. One query."""
    found: dict[int, list[Offer]] = defaultdict(list)
    for offer in Offer.objects.filter(campaign_id__in=campaign_ids, is_active=True):
        found[offer.campaign_id].append(offer)
    return found


def _percentages(found: Mapping[int, list[Offer]]) -> dict[int, Offer]:
    """Return the one active percentage of each campaign that has just one."""
    return {
        campaign_id: offers[0]
        for campaign_id, offers in found.items()
        if len(offers) == 1 and offers[0].percent is not None
    }
