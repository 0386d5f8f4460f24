"""The exposure weight: how much sooner than others of the same fit a campaign is shown."""

from __future__ import annotations

import pytest

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import ShopperView
from promotions.models import Campaign, CampaignShopper, CampaignTuning, OfferBook
from promotions.offers.selectors.personal import personal_offers_for
from tests.factories.orders import Shelf, make_shopper
from tests.factories.promotions import NOON, make_campaign

pytestmark = pytest.mark.django_db


def weigh(campaign: Campaign, weight: float) -> None:
    CampaignTuning.objects.create(campaign=campaign, exposure_weight=weight)
    forget_offer_book()


def shown(shopper_id: int | None = None) -> list[str]:
    view = ShopperView(shopper_id)
    found = personal_offers_for(shopper=view, market_code="us", now=NOON, language="en")
    return [offer.label for offer in found]


def test_a_weight_moves_a_campaign_up_or_down_the_offers(shelf: Shelf) -> None:
    first, second = make_campaign("first", percent="5"), make_campaign("second", percent="5")
    assert shown() == ["first", "second"]
    weigh(second, 1.5)
    assert shown() == ["second", "first"]
    weigh(first, 2.25)
    assert shown() == ["first", "second"]


def test_a_weight_orders_what_is_sent_to_a_shopper(shelf: Shelf) -> None:
    alice = make_shopper()
    sent = [make_campaign(name, percent="5", audience="personal") for name in ("first", "second")]
    CampaignShopper.objects.bulk_create(
        CampaignShopper(campaign=one, shopper_id=alice.id) for one in sent
    )
    assert shown(alice.id) == ["first", "second"]
    weigh(sent[0], 0.5)
    assert shown(alice.id) == ["second", "first"]


def test_other_processes_hear_only_of_a_new_weight(shelf: Shelf) -> None:
    weigh(make_campaign("first", percent="5"), 1.0)
    before = OfferBook.objects.get().version
    CampaignTuning.objects.update(changed_at=NOON)
    assert OfferBook.objects.get().version == before
    CampaignTuning.objects.update(exposure_weight=2.0)
    assert OfferBook.objects.get().version > before
