"""Input of the allocator: plans, features of shoppers, and earlier decisions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np
from django.db.models import Count, OuterRef, QuerySet, Subquery
from numpy.typing import NDArray

from profiles.experiments.api import HELD_OUT, OTHERS
from profiles.features.api import VALUE_NAMES
from profiles.lots import OpenLots, Purpose
from profiles.segments.api import compute_feature_tables
from profiles.shoppers.api import list_active_shoppers, list_shoppers
from profiles.values import ShopperValue
from promotions.campaigns.api import list_covered_variants
from promotions.campaigns.models import Campaign, Offer
from promotions.targeting.core.arms import CHOSEN, CONTROL, share_arms
from promotions.targeting.core.uplift import ALLOWED, ResponseLogit, StoredOtherwise
from promotions.targeting.models import AllocationPlan, OfferBelief, OfferDecision, UpliftVersion
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays

FloatArray = NDArray[np.float64]
CAP_WINDOW = timedelta(days=28)
# A shopper not seen for so long is not written to either.
ACTIVE = timedelta(days=180)
# Where a cost is not known: the margin the demo's import assumes.
USUAL_MARGIN = 0.3
PROFILE_NAMES = tuple(name for name in VALUE_NAMES if name in ALLOWED)


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of an offer's effect relative to the model; draws are by `seed`."""

    mean: float
    sd: float
    is_new: bool
    seed: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A live campaign with its depths, shallow first: offers (k,), what they cover, what a
    purchase of it costs (`spend_minor`) and earns (`margin_minor`), and the money left."""

    campaign_id: int
    code: str
    salt: str
    control_share: float
    depth_share: float
    frequency_cap: int
    offer_ids: tuple[int, ...]
    offer_codes: tuple[str, ...]
    depths: tuple[float, ...]
    variant_ids: NDArray[np.int64]
    spend_minor: float
    margin_minor: float
    left_minor: float
    price: float
    exploration_share: float = 0.0
    beliefs: tuple[Belief | None, ...] = ()

    @property
    def unknown(self) -> tuple[int, ...]:
        """The offers nothing is believed of yet."""
        told = self.beliefs or (None,) * len(self.offer_ids)
        return tuple(pk for pk, one in zip(self.offer_ids, told, strict=True) if one is None)


@dataclass(frozen=True, slots=True)
class Served:
    """The uplift model in use, and its id."""

    id: int
    model: ResponseLogit


def list_allocatable(campaign_ids: Sequence[int]) -> QuerySet[Offer]:
    """Return the offers of campaigns that can be given out: percentages that need no code."""
    return Offer.objects.filter(
        campaign_id__in=campaign_ids,
        is_active=True,
        requires_coupon=False,
        benefit_kind=Offer.Benefit.PERCENTAGE,
        percent__isnull=False,
        percent__lt=100,
    )


def list_plans(*, now: datetime) -> list[Plan]:
    """Return the plans of live campaigns that have depths to give. Two queries, three per plan."""
    found = [_plan(row) for row in plans_at(now)]
    return [plan for plan in found if plan is not None]


def plans_at(now: datetime) -> QuerySet[AllocationPlan]:
    """Return the plans that are on, of campaigns that are live, with their campaigns."""
    return (
        AllocationPlan.objects.filter(
            is_on=True,
            campaign__status=Campaign.Status.LIVE,
            campaign__audience=Campaign.Audience.PERSONAL,
            campaign__starts_at__lte=now,
            campaign__ends_at__gt=now,
        )
        .select_related("campaign")
        .order_by("campaign_id")
    )


def list_eligible(*, now: datetime, shopper_ids: Sequence[int] | None) -> list[ShopperValue]:
    """Return who may be decided for: seen lately and agreed to personal prices (no minor did).

    One query.
    """
    shoppers = (
        list_active_shoppers(now - ACTIVE) if shopper_ids is None else list_shoppers(shopper_ids)
    )
    return [one for one in shoppers if one.consents.price and not one.is_minor]


def list_frames(
    shopper_ids: Sequence[int], *, as_of: datetime, goods: Mapping[int, NDArray[np.int64]]
) -> Iterator[tuple[tuple[int, ...], dict[int, dict[str, FloatArray]]]]:
    """Yield chunks of shoppers with, for each key of `goods` (the variants of a campaign), their
    features as of a moment. One query, and one per 500 shoppers.

    Interest in sensitive products is no part of a profile, so none of it comes in here.
    """
    at = [VALUE_NAMES.index(name) for name in PROFILE_NAMES]
    given = count_given(shopper_ids, before=as_of)
    for table in compute_feature_tables(shopper_ids, as_of):
        common = dict(zip(PROFILE_NAMES, table.values[:, at].T, strict=True))
        common["given_before"] = np.array([given.get(pk, 0) for pk in table.shopper_ids], float)
        interest = table.sums.variants
        frames = {}
        for key, variant_ids in goods.items():
            liked = np.isin(interest.id, variant_ids)
            weight = interest.value[liked]
            total = np.bincount(interest.row[liked], weights=weight, minlength=len(table.values))
            frames[key] = common | {"goods_affinity": total}
        yield table.shopper_ids, frames


def count_given(shopper_ids: Sequence[int], *, before: datetime) -> dict[int, int]:
    """Return how many personal offers each shopper was given in the CAP_WINDOW. One query."""
    rows = OfferDecision.objects.filter(
        shopper_id__in=shopper_ids, offer__isnull=False, at__lt=before, at__gte=before - CAP_WINDOW
    )
    return dict(rows.values("shopper_id").annotate(n=Count("pk")).values_list("shopper_id", "n"))


def list_decided(
    shopper_ids: Sequence[int], campaign_ids: Sequence[int]
) -> dict[tuple[int, int], OfferDecision]:
    """Return the latest decision by shopper and campaign. One query."""
    rows = OfferDecision.objects.filter(
        shopper_id__in=shopper_ids, campaign_id__in=campaign_ids
    ).order_by("shopper_id", "campaign_id", "-id")
    latest = rows.distinct("shopper_id", "campaign_id")
    return {(row.shopper_id or 0, row.campaign_id): row for row in latest}


def load_served() -> Served | None:
    """Return the uplift model in use, if there is one. One query; read once per version.

    A model that another release stored in another form counts as none until the next training.
    """
    pk = UpliftVersion.objects.filter(status=UpliftVersion.Status.ACTIVE).values_list(
        "pk", flat=True
    )
    found = pk.first()
    return None if found is None else _load(found)


@lru_cache(maxsize=2)
def _load(pk: int) -> Served | None:
    row = UpliftVersion.objects.get(pk=pk)
    arrays = unpack_arrays(row.arrays)
    try:
        model = ResponseLogit.unpack(arrays)
    except StoredOtherwise:
        return None
    if hash_arrays(arrays) != row.sha256:
        raise ValueError("the stored model is not the one that was trained")
    return Served(pk, model)


def _plan(row: AllocationPlan) -> Plan | None:
    offers = list_allocatable([row.campaign_id]).order_by("percent", "pk")
    codes = tuple(one.code for one in offers)
    depths = [(one.pk, float(one.percent or 0) / 100) for one in offers]
    if not depths:
        return None
    arrays = load_variant_arrays(row.campaign.market_code)
    covered = np.isin(arrays.variant_id, list_covered_variants(offer_id=depths[0][0]))
    covered &= ~arrays.never_personal
    if not covered.any():
        return None
    listed = arrays.list_minor[covered].astype(float)
    known = arrays.cost_minor[covered]
    earned = np.where(known >= 0, listed - known, listed * USUAL_MARGIN)
    weight = np.maximum(arrays.popularity[covered], 1e-9)
    campaign = row.campaign
    left = np.inf
    if campaign.budget_minor is not None:
        left = float(campaign.budget_minor - campaign.spent_minor)
    return Plan(
        campaign_id=row.campaign_id,
        code=campaign.code,
        salt=row.salt,
        control_share=row.control_share,
        depth_share=row.depth_share,
        frequency_cap=row.frequency_cap,
        offer_ids=tuple(pk for pk, _ in depths),
        offer_codes=codes,
        depths=tuple(depth for _, depth in depths),
        variant_ids=arrays.variant_id[covered],
        spend_minor=float(np.average(listed, weights=weight)),
        margin_minor=float(np.average(earned, weights=weight)),
        left_minor=left,
        price=row.price,
        exploration_share=row.exploration_share,
        beliefs=_believed([pk for pk, _ in depths]),
    )


def _believed(offer_ids: Sequence[int]) -> tuple[Belief | None, ...]:
    rows = {one.offer_id: one for one in OfferBelief.objects.filter(offer_id__in=offer_ids)}
    found = [rows.get(pk) for pk in offer_ids]
    return tuple(
        None if one is None else Belief(one.mean, one.sd, one.is_new, one.seed) for one in found
    )


EXPLORED = "explored"


def list_offer_lots(*, now: datetime) -> list[OpenLots]:
    """Return the lots of live campaigns. Three queries."""
    first = OfferDecision.objects.filter(campaign=OuterRef("campaign")).order_by("at").values("at")
    plans = list(plans_at(now).annotate(begun_at=Subquery(first[:1])))
    offers = list_allocatable([plan.campaign_id for plan in plans]).order_by("percent", "pk")
    by_campaign: dict[int, dict[str, datetime | None]] = defaultdict(dict)
    for campaign_id, code, is_new, made_at in offers.values_list(
        "campaign_id", "code", "belief__is_new", "belief__made_at"
    ):
        by_campaign[campaign_id][code] = made_at if is_new else None
    found = []
    for plan in plans:
        found += _describe(plan, by_campaign[plan.campaign_id], plan.begun_at)
    return found + _list_holdouts(now)


def _describe(
    plan: AllocationPlan, offers: dict[str, datetime | None], begun_at: datetime | None
) -> list[OpenLots]:
    """Return the lots of a plan. `offers` says since when an offer is new, None where it is not."""
    if not offers:
        return []
    campaign = plan.campaign
    markets = (campaign.market_code,) if campaign.market_code else ()
    control, each, rest = share_arms(plan.control_share, plan.depth_share, len(offers))
    chances = {CONTROL: control, **dict(zip(offers, each, strict=True)), CHOSEN: rest}
    found = [OpenLots(Purpose.ARM, campaign.code, chances, begun_at, markets)]
    share, new = plan.exploration_share, [at for at in offers.values() if at is not None]
    if share > 0.0 and new:
        told = {EXPLORED: share, OTHERS: 1.0 - share}
        found.append(OpenLots(Purpose.NEW_OFFER, campaign.code, told, min(new), markets))
    return found


def _list_holdouts(now: datetime) -> list[OpenLots]:
    rows = Campaign.objects.filter(
        status=Campaign.Status.LIVE, starts_at__lte=now, ends_at__gt=now, holdout_percent__gt=0
    ).order_by("code")
    names = ("code", "holdout_percent", "starts_at", "market_code")
    return [
        OpenLots(
            purpose=Purpose.CAMPAIGN_HOLDOUT,
            subject=code,
            chances={HELD_OUT: percent / 100.0, OTHERS: 1.0 - percent / 100.0},
            since=since,
            markets=(market,) if market else (),
        )
        for code, percent, since, market in rows.values_list(*names)
    ]
