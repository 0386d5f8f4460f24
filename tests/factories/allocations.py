"""Personal campaigns for the allocator: two depths on gouda, shoppers, and a model of them."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import numpy as np

from profiles.models import Event, Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import AllocationPlan, Offer, OfferDecision, OfferVariant, UpliftVersion
from promotions.targeting.core.uplift import ResponseLogit, TreatmentLog
from promotions.targeting.selectors.allocations import PROFILE_NAMES
from promotions.targeting.services.uplift_training import judge, store_uplift
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign

DEPTHS = ("10", "20")


def make_plan(shelf: Shelf, **fields: float) -> AllocationPlan:
    """Store a personal campaign on gouda with two depths, a tenth and a fifth off."""
    campaign = make_campaign("cheese", percent=DEPTHS[0], audience="personal")
    second = Offer.objects.create(
        campaign=campaign,
        code="deeper",
        name="deeper",
        benefit_kind="percentage",
        target="line",
        percent=Decimal(DEPTHS[1]),
    )
    for offer in (campaign.offers.exclude(pk=second.pk).get(), second):
        offer.scope = {"listed": True}
        offer.save()
        OfferVariant.objects.create(offer=offer, variant_id=shelf.gouda)
    forget_offer_book()
    return AllocationPlan.objects.create(campaign=campaign, salt="cheese", **fields)


def make_shoppers(count: int = 600) -> list[Shopper]:
    """Store shoppers who agreed to personal prices."""
    return Shopper.objects.bulk_create(
        Shopper(created_at=NOON, last_seen_at=NOON, consent_price=True) for _ in range(count)
    )


def make_model(effect: float = 12.0) -> UpliftVersion:
    """Store a model in which each percent off helps everybody alike."""
    rng = np.random.default_rng(0)
    depth = rng.choice([0.0, 0.1, 0.2], 6_000)
    names = (*PROFILE_NAMES, "given_before", "goods_affinity")
    frame = {name: rng.gamma(1.0, 1.0, 6_000) for name in names}
    bought = rng.random(6_000) < 0.1 + effect / 10 * depth * (
        0.5 + 0.2 * np.minimum(frame["spend"], 2)
    )
    trial = TreatmentLog.read(frame, depth, bought, np.full(6_000, 1 / 3))
    model = ResponseLogit().fit(trial)
    return store_uplift(model, judge(model, trial), 6_000, NOON)


def make_event(kind: str, row: OfferDecision, variant_id: int, *, days: int) -> Event:
    """Return a purchase or return so many days after noon."""
    at = NOON + timedelta(days=days)
    return Event(
        id=uuid4(),
        occurred_at=at,
        received_at=at,
        shopper_id=row.shopper_id,
        kind=kind,
        variant_id=variant_id,
        source="shop",
        channel="online",
        paid_minor=500,
        list_minor=500,
    )
