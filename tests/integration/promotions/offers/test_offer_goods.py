"""What an offer covers is remembered, and never older than the offers a page was told of."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.models import Shopper
from profiles.segments.selectors.online import OnlineUnavailable
from profiles.values import OnlineProfile
from promotions.engine.core.carts import ShopperView
from promotions.models import CampaignShopper, OfferVariant
from promotions.offers.selectors import personal
from promotions.offers.selectors.personal import personal_offers_covering, personal_offers_for
from tests.factories.pricing import Dairy
from tests.factories.promotions import NOON, make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def test_a_changed_scope_counts_at_once_and_is_read_once(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign("own", percent="20", audience="personal", scope={"listed": True})
    offer = campaign.offers.get()
    OfferVariant.objects.create(offer=offer, variant_id=dairy.cheddar)
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    CampaignShopper.objects.create(campaign=campaign, shopper=shopper)

    asked_likes: list[str] = []

    def note(pseudonym: str, now: datetime) -> OnlineProfile:
        asked_likes.append(pseudonym)
        raise OnlineUnavailable("Nobody answers.")

    monkeypatch.setattr(personal, "read_taste", note)

    def find(variant_id: int) -> list[tuple[int, ...]]:
        found = personal_offers_covering(
            shopper=ShopperView(shopper.pk),
            pseudonym=str(shopper.pseudonym),
            variant_ids=np.array([variant_id]),
            market_code="us",
            now=NOON,
            language="en",
        )
        return [each.variant_ids for each in found]

    assert find(dairy.cheddar) == [(dairy.cheddar,)]
    with CaptureQueriesContext(connection) as queries:
        assert find(dairy.rye) == []
    assert asked_likes == [str(shopper.pseudonym)]  # what somebody likes only sorts what there is
    asked = [query["sql"] for query in queries.captured_queries if "offervariant" in query["sql"]]
    assert asked == []
    OfferVariant.objects.create(offer=offer, variant_id=dairy.rye)  # no word to this process
    both = tuple(sorted((dairy.cheddar, dairy.rye)))
    assert find(dairy.rye) == [both]


def test_the_liked_come_first_and_the_most_liked_offer_leads(dairy: Dairy) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    for name, ids in (("one", [dairy.cheddar]), ("two", [dairy.rye, dairy.brie, dairy.cheddar])):
        campaign = make_campaign(name, percent="20", audience="personal", scope={"listed": True})
        OfferVariant.objects.bulk_create(
            [OfferVariant(offer=campaign.offers.get(), variant_id=one) for one in ids]
        )
        CampaignShopper.objects.create(campaign=campaign, shopper=shopper)
    found = personal_offers_for(
        shopper=ShopperView(shopper.pk),
        market_code="us",
        now=NOON,
        language="en",
        affinity={dairy.rye: 2.0, dairy.cheddar: 1.0},
    )
    rest = dairy.brie
    assert [(each.label, each.variant_ids) for each in found] == [
        ("two", (dairy.rye, dairy.cheddar, rest)),
        ("one", (dairy.cheddar,)),
    ]
