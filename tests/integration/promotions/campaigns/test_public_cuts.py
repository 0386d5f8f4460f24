"""What anybody could get by a campaign stands in the price history from its release on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.management import call_command

from pricing.ledger.selectors.references import list_cuts
from pricing.ledger.services import record_cuts
from pricing.models import PublicCut
from promotions.campaigns.core.workflow import Step
from promotions.models import Campaign
from promotions.offers import services as public_cuts
from promotions.offers.selectors.public_cuts import list_recent_campaigns
from promotions.offers.services import refresh_public_cuts
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import NOON, make_draft, make_person, step
from tests.factories.orders import Shelf

pytestmark = pytest.mark.django_db
ENDS = NOON + timedelta(days=3)


@pytest.fixture
def ran(shelf: Shelf) -> Campaign:
    """Ten percent off cheese, released at noon for three days."""
    scope = {"categories": [shelf.cheese]}
    campaign = make_draft("cheese", percent="10", offer={"scope": scope}, ends_at=ENDS)
    assert step(campaign, Step.SCHEDULE, make_person("ann")) == "live"
    return campaign


def read(market: str = "us", days: float = 9.0) -> list[tuple[list[int], int, float | None]]:
    """Return what is covered by each cut known of that many days after noon, its end, its depth."""
    now = NOON + timedelta(days=days)
    return [(cut.variant_id.tolist(), cut.ends, cut.percent) for cut in list_cuts(market, now)]


def test_a_release_records_its_cut_and_a_pause_ends_it(ran: Campaign, shelf: Shelf) -> None:
    both = sorted([shelf.cheddar, shelf.gouda])
    assert read() == [(both, int(ENDS.timestamp()), 10.0)]
    half = NOON + timedelta(days=1.5)
    assert read(days=1.5) == [(both, int(half.timestamp()), 10.0)]  # as far as it has come
    assert read(days=0.0) == []
    step(ran, Step.PAUSE, None, now=half)
    assert read() == [(both, int(half.timestamp()), 10.0)]


def test_a_pause_within_the_first_second_leaves_no_cut(ran: Campaign) -> None:
    step(ran, Step.PAUSE, None, now=ran.starts_at + timedelta(milliseconds=400))
    assert (refresh_public_cuts(now=NOON), read()) == (0, [])


def test_what_is_recorded_is_what_the_market_could_get(ran: Campaign) -> None:
    Campaign.objects.filter(pk=ran.pk).update(market_code="us")
    assert refresh_public_cuts(now=NOON) == 1
    assert (len(read("us")), read("eu")) == (1, [])
    Campaign.objects.filter(pk=ran.pk).update(audience="personal")
    assert (refresh_public_cuts(now=NOON), read("us")) == (0, [])


def test_a_refresh_finds_products_that_came_into_a_scope_later(ran: Campaign, shelf: Shelf) -> None:
    assert refresh_public_cuts(now=NOON) == 0
    Product.objects.filter(variants=shelf.rye).update(category=shelf.cheese)
    forget_catalog()
    assert refresh_public_cuts(now=NOON) == 1
    ((covered, _ends, _percent),) = read()
    assert covered == sorted([shelf.cheddar, shelf.gouda, shelf.rye])


def test_cuts_that_no_law_looks_back_at_are_forgotten(ran: Campaign) -> None:
    assert refresh_public_cuts(now=ENDS + timedelta(days=269)) == 0
    assert PublicCut.objects.get().campaign_id == ran.pk
    assert refresh_public_cuts(now=ENDS + timedelta(days=270)) == 0
    assert not PublicCut.objects.exists()


def test_a_campaign_released_during_a_refresh_keeps_its_cut(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_draft("cheese", percent="10", offer={"scope": {"categories": [shelf.cheese]}})

    def release_after(now: datetime) -> list[Campaign]:
        recent = list_recent_campaigns(now)
        step(campaign, Step.SCHEDULE, make_person("ann"))
        return recent

    monkeypatch.setattr(public_cuts, "list_recent_campaigns", release_after)
    assert refresh_public_cuts(now=NOON) == 0
    assert PublicCut.objects.get().campaign_id == campaign.pk


def test_one_campaign_that_cannot_be_recorded_stops_no_other(
    ran: Campaign, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = make_draft("rye", percent="20", offer={"scope": {"variants": [shelf.rye]}})
    assert step(other, Step.SCHEDULE, make_person("bob")) == "live"
    PublicCut.objects.all().delete()

    def fail(*, campaign_id: int, **given: Any) -> bool:
        if campaign_id == ran.pk:
            raise ValueError("no arrays")
        return record_cuts(campaign_id=campaign_id, **given)

    monkeypatch.setattr(public_cuts, "record_cuts", fail)
    assert refresh_public_cuts(now=NOON) == 1
    assert PublicCut.objects.get().campaign_id == other.pk
    assert f"public cuts of campaign {ran.pk} could not be recorded" in caplog.text


def test_migrating_a_database_of_before_records_its_campaigns(ran: Campaign) -> None:
    known = read()
    PublicCut.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert read() == known
