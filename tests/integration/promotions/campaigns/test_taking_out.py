"""Goods are taken out of a draft as one version, and an earlier version brings them back."""

from __future__ import annotations

from typing import Any

import pytest

from promotions.campaigns.selectors.campaigns import load_trail, take_snapshot
from promotions.campaigns.selectors.scopes import list_covered_variants
from promotions.campaigns.services.rows import CampaignRefused
from promotions.models import Campaign, Offer
from promotions.release.services import exclusions as campaign_goods
from promotions.release.services.exclusions import take_out_products
from promotions.release.services.revisions import roll_back, save_campaign
from shop.ground.catalog.models import Category, Product
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import NOON, REASON, make_draft
from tests.factories.orders import Shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def draft(offer: dict[str, Any]) -> Campaign:
    """Return a recorded draft."""
    campaign = make_draft(offer=offer, market_code="us", budget_minor=100)
    save_campaign(snapshot=take_snapshot(campaign.pk), reason="", by_id=None, now=NOON)
    campaign.refresh_from_db()
    return campaign


def take_out(campaign: Campaign, *variant_ids: int, **fields: Any) -> int:
    """Take products out and return the version that leaves them out."""
    asked = {"variant_ids": variant_ids, "reason": REASON, "by_id": None, "now": NOON, **fields}
    return take_out_products(campaign_id=campaign.pk, **asked).revision


def covered(campaign: Campaign) -> set[int]:
    return set(list_covered_variants(offer_id=campaign.offers.get().pk).tolist())


def test_excluded_products_return_with_the_earlier_version(
    shelf: Shelf,
) -> None:
    campaign = draft({"scope": {"categories": [shelf.cheese]}})
    assert covered(campaign) == {shelf.cheddar, shelf.gouda}
    assert take_out(campaign, shelf.gouda, shelf.rye) == 2
    assert covered(campaign) == {shelf.cheddar}
    scope = {"categories": [shelf.cheese], "except_variants": [shelf.gouda]}
    assert Offer.objects.get(campaign=campaign).scope == scope
    newest = load_trail(campaign.pk).revisions[0]
    assert newest.snapshot["offers"][0]["scope"]["except_variants"] == ["GOUDA"]
    assert newest.reason == REASON
    back = roll_back(campaign_id=campaign.pk, number=1, reason=REASON, by_id=None, now=NOON)
    assert (back.revision, covered(campaign)) == (3, {shelf.cheddar, shelf.gouda})
    with pytest.raises(CampaignRefused, match="was in force"):
        roll_back(campaign_id=campaign.pk, number=9, reason=REASON, by_id=None, now=NOON)


def test_lists_gifts_and_bundles_get_shorter(shelf: Shelf) -> None:
    campaign = draft({"scope": {"variants": [shelf.cheddar, shelf.gouda]}})
    take_out(campaign, shelf.gouda)
    assert covered(campaign) == {shelf.cheddar}
    own = {"benefit_kind": "gift", "percent": None, "target": "cart"}
    Offer.objects.filter(campaign=campaign).update(
        **own, scope={}, terms={"variants": [shelf.rye, shelf.merlot]}
    )
    take_out(campaign, shelf.merlot)
    assert Offer.objects.get(campaign=campaign).terms["variants"] == [shelf.rye]
    parts = [{"scope": {"categories": [shelf.cheese]}}, {"scope": {"categories": [shelf.bread]}}]
    own = {"benefit_kind": "bundle", "percent": 10}
    Offer.objects.filter(campaign=campaign).update(**own, terms={"parts": parts})
    take_out(campaign, shelf.gouda)
    narrow = {"categories": [shelf.cheese], "except_variants": [shelf.gouda]}
    assert Offer.objects.get(campaign=campaign).terms["parts"] == [{"scope": narrow}, parts[1]]


def test_nothing_changes_where_an_offer_would_become_empty(shelf: Shelf) -> None:
    campaign = draft({"scope": {"categories": [shelf.cheese]}})
    before = take_snapshot(campaign.pk)
    with pytest.raises(CampaignRefused, match="“Autumn offer” would mean nothing"):
        take_out(campaign, shelf.cheddar, shelf.gouda)
    with pytest.raises(CampaignRefused, match="check it again"):
        take_out(campaign, shelf.gouda, asked_of=7)
    assert take_snapshot(campaign.pk) == before
    for status in ("scheduled", "ended"):
        Campaign.objects.filter(pk=campaign.pk).update(status=status)
        with pytest.raises(CampaignRefused, match="waits for approval or has ended"):
            take_out(campaign, shelf.gouda)


def test_a_whole_category_of_products_is_excluded_by_category(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_goods, "WHOLE_FROM", 2)
    campaign = draft({"scope": {}})
    take_out(campaign, shelf.cheddar, shelf.gouda, shelf.rye)
    dairy = Category.objects.get(pk=shelf.cheese).parent_id  # all of it is cheese
    scope = {"except_categories": [dairy], "except_variants": [shelf.rye]}
    assert Offer.objects.get(campaign=campaign).scope == scope
    assert covered(campaign) == {shelf.merlot}
    # What comes into the kind later is left out too: nobody asks the law again for it
    Product.objects.filter(variants__pk=shelf.merlot).update(category_id=shelf.cheese)
    forget_catalog()
    assert covered(campaign) == set()


def test_a_category_outside_the_offer_is_not_excluded(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaign_goods, "WHOLE_FROM", 1)
    campaign = draft({"scope": {"categories": [shelf.cheese]}})
    take_out(campaign, shelf.gouda, shelf.rye)
    scope = {"categories": [shelf.cheese], "except_variants": [shelf.gouda]}
    assert Offer.objects.get(campaign=campaign).scope == scope
