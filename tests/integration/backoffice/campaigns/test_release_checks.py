"""Before a release: promises that price floors break, and what campaigns take off together."""

from __future__ import annotations

import pytest
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.scopes import list_covered_variants
from promotions.law.selectors.violations import judge_campaign
from promotions.models import Campaign, Offer
from promotions.release.services.steps import move_campaign
from shop.ground.approvals.core.values import NeedsSecondPerson
from shop.ground.approvals.models import ApprovalRequest
from shop.ground.catalog.models import Category, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.campaigns import REASON, make_person
from tests.factories.sentences import WINDOW
from tests.integration.backoffice.campaigns.test_law_page import NOW, ask_law, prepare
from tests.integration.backoffice.test_actions import messages_of


def test_one_accepts_selling_below_floor_and_another_approves(
    root: Client,
) -> None:
    key = prepare(name="10 % off", status="draft", claims={}, budget_minor=10_000)
    every = {"scope": {}, "benefit_kind": "percentage", "target": "line", "percent": 10}
    Offer.objects.filter(campaign=key).update(**every)
    Variant.objects.update(cost_minor=F("list_minor"))
    forget_catalog()
    page = ask_law(root, key)
    assert "cut_not_reached" in page
    assert "Accept selling below the price floor" in page
    assert "Together with other campaigns" in page
    address = reverse("admin:campaign_accept_floor", args=[key])
    root.post(address, {"reason": " "})
    assert any("Give a reason of at least 5 characters" in text for text in messages_of(root))
    assert not Campaign.objects.get(pk=key).sells_below_floor
    root.post(address, {"reason": REASON})
    assert Campaign.objects.get(pk=key).sells_below_floor
    assert [one.rule for one in judge_campaign(campaign_id=key, now=NOW)] == []
    ann, bob = make_person("ann"), make_person("bob")
    known = {"campaign_id": key, "reason": REASON, "now": NOW}
    assert move_campaign(step=Step.SCHEDULE, by_id=ann, **known) == "scheduled"
    asked = ApprovalRequest.objects.filter(kind="promotions.campaign", object_id=key)
    assert [one.state for one in asked] == ["waiting"]
    with pytest.raises(NeedsSecondPerson):
        move_campaign(step=Step.APPROVE, by_id=ann, **known)
    inbox = root.get(reverse("admin:approvals")).content.decode()
    assert f'href="{reverse("admin:campaign_workspace", args=[key])}">10 % off</a>' in inbox
    release = reverse("admin:campaign_release", args=[key])
    root.post(release, {"step": "refuse", "reason": REASON})
    assert Campaign.objects.get(pk=key).status == "draft"
    # Who wrote the version takes it back by that
    assert asked.get().state == "withdrawn"
    assert move_campaign(step=Step.SCHEDULE, by_id=ann, **known) == "scheduled"
    assert move_campaign(step=Step.APPROVE, by_id=bob, **known) == "live"


def sell_tobacco() -> tuple[Variant, Variant]:
    """Return a product that may be promoted and one that may not."""
    kept, smoked = Variant.objects.order_by("pk")[:2]
    named = {"slug": "tobacco", "name": "Smoker's goods", "name_zh": "烟草"}
    tobacco = Category.objects.create(external_ref="tobacco", path="tobacco", depth=0, **named)
    Product.objects.filter(pk=smoked.product_id).update(category=tobacco)
    forget_catalog()
    return kept, smoked


def test_the_form_proposes_to_exclude_unpromotable_products(root: Client) -> None:
    kept, smoked = sell_tobacco()
    address = reverse("admin:builder_sentence", args=["price_cut"])
    page = root.get(address).content.decode()
    assert (
        "Leave out what may not be promoted here: Smoker&#x27;s goods (1 product on sale)" in page
    )
    assert '<input type="checkbox" name="leave_out" checked>' in page
    with override("zh-hans"):
        chinese = root.get(reverse("admin:builder_sentence", args=["price_cut"])).content.decode()
    assert "排除此处不得促销的商品：烟草（在售 1 种商品）" in chinese
    typed = {**WINDOW, "percent": "10", "goods": "", "audience": "public", "save": "1"}
    for ticked in ({"leave_out": "on"}, {}):
        root.post(address, {**typed, **ticked})
        newest = Campaign.objects.order_by("-pk")[0]
        covered = list_covered_variants(offer_id=newest.offers.get().pk).tolist()
        assert (smoked.pk in covered, kept.pk in covered) == (not ticked, True)
        broken = {one.rule for one in judge_campaign(campaign_id=newest.pk, now=NOW)}
        assert ("banned_promotion" in broken) is not bool(ticked)


def test_a_new_offer_begins_with_the_campaigns_products(root: Client) -> None:
    kept, smoked = sell_tobacco()
    campaign = Campaign.objects.order_by("pk")[0]
    first = campaign.offers.order_by("code")[0]
    Offer.objects.filter(campaign=campaign).exclude(pk=first.pk).delete()
    cheese = Category.objects.exclude(slug="tobacco").order_by("pk")[0]
    cut = {"benefit_kind": "percentage", "percent": 10, "amount_minor": None, "terms": {}}
    Offer.objects.filter(pk=first.pk).update(**cut, scope={"categories": [cheese.pk]})
    address = reverse("admin:campaign_workspace", args=[campaign.pk])
    asked = {"part": "add-offer", "kind": "spend_tiers"}
    shown = root.get(address, asked).context["shown"].new.form
    assert shown["goods"].value() == f"category:{cheese.pk}"
    assert (shown["leave_out"].value(), shown["leave_out"].label) == (
        True,
        "Leave out what may not be promoted here: Smoker's goods (1 product on sale)",
    )
    steps = {"from1": "40", "amount1": "4", "from2": "80", "amount2": "10"}
    for ticked in ({"leave_out": "on"}, {}):
        typed = {**asked, **steps, **ticked, "goods": "", "revision": campaign.revision}
        root.post(reverse("admin:campaign_part", args=[campaign.pk]), typed)
        campaign.refresh_from_db()
        newest = campaign.offers.latest("pk")
        assert newest.benefit_kind == "spend_tiers"
        covered = list_covered_variants(offer_id=newest.pk).tolist()
        assert (smoked.pk in covered, kept.pk in covered) == (not ticked, True)
