"""The bulk door for another system's campaigns, and the demo's own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from profiles.models import Shopper
from promotions.demo.services.bulk import (
    CampaignLoad,
    CampaignRow,
    CouponRow,
    RedemptionRow,
    load_campaigns_bulk,
)
from promotions.demo.services.offers import seed_demo_offers
from promotions.engine.core.carts import ShopperView
from promotions.law.selectors import evidence as law_evidence
from promotions.law.selectors.violations import judge_campaign
from promotions.models import (
    Campaign,
    CampaignEvent,
    CampaignRevision,
    Coupon,
    Offer,
    OfferVariant,
    Redemption,
)
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.offers.selectors.personal import personal_offers_for
from promotions.release.services.preconditions import LawBroken
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = pytest.mark.django_db


def _load(shelf: Shelf, shopper_id: int, name: str = "Mailing 18") -> CampaignLoad:
    campaign = CampaignRow(
        external_ref="18",
        name=name,
        name_zh="邮件 18",
        kind="loyalty",
        audience="personal",
        starts_at=NOON - timedelta(days=3),
        ends_at=NOON + timedelta(days=3),
    )
    coupons = [
        CouponRow("18-1", "18", "j 1-18", "$1 off", "减 1 美元", 100, per_shopper_limit=5),
        CouponRow("18-2", "18", "J2-18", "$2 off", "减 2 美元", 200),
    ]
    used = RedemptionRow("18-1", shopper_id, "S77", 100, NOON)
    return load_campaigns_bulk(
        campaigns=[campaign],
        coupons=coupons,
        coupon_variants=[("18-1", shelf.rye), ("18-1", shelf.rye), ("18-1", shelf.gouda)],
        targets=[("18", shopper_id)],
        redemptions=[used, used, RedemptionRow("18-1", shopper_id, "", 100, NOON)],
        market_code="us",
        now=NOON,
    )


def test_a_second_load_changes_nothing(shelf: Shelf) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    assert _load(shelf, shopper.pk) == CampaignLoad(1, 2, 2, 1, 3)
    assert _load(shelf, shopper.pk) == CampaignLoad(0, 0, 0, 0, 0)
    assert Coupon.objects.get(code="J1-18").redeemed == 3
    assert sorted(Redemption.objects.values_list("order_ref", flat=True)) == [
        "S77",
        "S77#2",
        f"past-{shopper.pk}-20261125",
    ]


def test_a_loaded_coupon_works_for_its_shopper_and_products_only(
    shelf: Shelf,
) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    _load(shelf, shopper.pk)
    rye = make_line("rye", variant_id=shelf.rye)
    asked = {"codes": ["J1-18"], "now": NOON, "language": "en", "locale": "en_US"}

    def discount(line: object, shopper_id: int | None) -> int:
        cart = make_cart(line)  # type: ignore[arg-type]  # a line
        return evaluate_cart(cart=cart, shopper=ShopperView(shopper_id), **asked).discount_minor  # type: ignore[arg-type]  # shared keywords

    assert discount(rye, shopper.pk) == 100
    assert discount(rye, None) == 0
    assert discount(make_line("wine", variant_id=shelf.merlot), shopper.pk) == 0


def test_a_coupon_without_any_known_variant_covers_nothing_not_everything(shelf: Shelf) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    _load(shelf, shopper.pk)
    found = evaluate_cart(
        cart=make_cart(),
        codes=["J2-18"],
        shopper=ShopperView(shopper.pk),
        now=NOON,
        language="en",
        locale="en_US",
    )
    assert [r.reason_code for r in found.rejected] == ["nothing_in_scope"]


def test_loaded_offers_are_shown_to_whom_they_were_sent(shelf: Shelf) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    _load(shelf, shopper.pk)
    found = personal_offers_for(
        shopper=ShopperView(shopper.pk), market_code="us", now=NOON, language="zh-hans"
    )
    assert {(o.label, o.coupon_code) for o in found} == {
        ("减 1 美元", "J1-18"),
        ("减 2 美元", "J2-18"),
    }


def test_a_running_campaign_is_loaded_lawfully_or_refused(
    shelf: Shelf,
) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    with pytest.raises(LawBroken, match=r"^18: No old price is typed into a name") as refusal:
        _load(shelf, shopper.pk, name="Mailing 18: was $9.99")
    assert refusal.value.detail == {"campaign": "18", "rules": ["price_named_in_name"]}
    assert Campaign.objects.count() == 0
    _load(shelf, shopper.pk)
    campaign = Campaign.objects.get()
    steps = CampaignEvent.objects.filter(campaign=campaign).values_list("step", "to_status")
    assert (campaign.status, campaign.revision, campaign.promised_ends_at, list(steps)) == (
        "live",
        1,
        campaign.ends_at,
        [("found", "live")],
    )


def test_demo_campaigns_are_made_once_and_released_where_lawful(
    shelf: Shelf,
) -> None:
    # Products that cost as much as they are sold for may not be reduced: all of them have to stay
    # out.
    Variant.objects.update(cost_minor=10_000, cost_source="merchant")
    forget_catalog()
    assert seed_demo_offers(market_code="us", now=NOON) == 3
    assert seed_demo_offers(market_code="us", now=NOON) == 0
    assert _statuses() == {"weekly-tenth": "draft", "spend-40": "live", "welcome": "live"}
    assert Coupon.objects.get().code == "WELCOME5"


def test_the_demo_s_campaigns_of_before_get_their_first_version(shelf: Shelf) -> None:
    old = make_campaign("spend-40", amount_minor=300)
    draft = make_campaign("welcome", amount_minor=300)
    Campaign.objects.filter(pk=draft.pk).update(status="draft")
    for _ in range(2):
        seed_demo_offers(market_code="us", now=NOON)
    old.refresh_from_db()
    draft.refresh_from_db()
    assert (old.revision, draft.revision) == (1, 0)
    found = CampaignRevision.objects.get(campaign=old)
    assert (found.origin, found.snapshot["offers"][0]["amount_minor"]) == ("found", 300)
    steps = CampaignEvent.objects.filter(campaign=old).values_list("step", "to_status", "at")
    assert list(steps) == [("found", "live", NOON)]


def test_demo_campaigns_leave_out_products_that_a_law_names(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(law_evidence, "floor_minor", lambda **_asked: {shelf.gouda: 10_000})
    seed_demo_offers(market_code="us", now=NOON)
    assert _statuses() == dict.fromkeys(("weekly-tenth", "spend-40", "welcome"), "live")
    for campaign in Campaign.objects.all():
        assert judge_campaign(campaign_id=campaign.pk, now=NOON) == ()
    for offer in Offer.objects.all():
        offer.full_clean()
    listed = OfferVariant.objects.values_list("offer__code", "variant_id")
    assert list(listed) == [("weekly-tenth", shelf.cheddar)]
    named = Campaign.objects.get(code="weekly-tenth")
    offer = named.offers.get()
    assert (offer.name, offer.name_zh) == (named.name, named.name_zh)
    assert offer.name == "10% off cheese, selected products"
    assert offer.name_zh.endswith("（部分商品）")
    assert Campaign.objects.get(code="spend-40").name == "$5 off when you spend $40"


def _statuses() -> dict[str, str]:
    return dict(Campaign.objects.values_list("code", "status"))
