"""Personal offers by the allocator: sticky arms, decisions that are kept, budgets, learning."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import numpy as np
import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from profiles.models import Event, Shopper
from promotions.engine.core.carts import ShopperView
from promotions.models import (
    AllocationPlan,
    Campaign,
    CampaignShopper,
    OfferDecision,
)
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.offers.selectors.personal import personal_offers_for
from promotions.privacy import PRIVACY
from promotions.targeting.services.allocation_plans import pace_allocations
from promotions.targeting.services.allocations import allocate_offers, redecide_shoppers
from promotions.targeting.services.uplift_training import train_uplift
from tests.factories.allocations import make_event, make_model, make_plan, make_shoppers
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = pytest.mark.django_db
SHOPPERS = 600


def _arms() -> Counter[str]:
    return Counter(OfferDecision.objects.values_list("arm", flat=True))


def test_randomised_arms_are_sticky_and_logged_with_their_propensity(
    shelf: Shelf,
) -> None:
    make_plan(shelf, control_share=0.2, depth_share=0.1)
    make_shoppers()
    report = allocate_offers(now=NOON)
    assert (report.shoppers, report.decisions) == (SHOPPERS, SHOPPERS)
    arms = _arms()
    assert 0.14 < arms["control"] / SHOPPERS < 0.26
    assert 0.14 < arms["chance"] / SHOPPERS < 0.26
    by_chance = OfferDecision.objects.filter(arm="chance")
    assert set(by_chance.values_list("propensity", "depth")) == {(0.1, 0.1), (0.1, 0.2)}
    given = CampaignShopper.objects.values_list("shopper_id", "offer_id", "reason")
    logged = by_chance.values_list("shopper_id", "offer_id", "reason")
    assert sorted(given) == sorted(logged)
    assert report.given == len(given)
    assert not OfferDecision.objects.filter(arm="chosen").exclude(reason="no_model").exists()
    again = allocate_offers(now=NOON + timedelta(hours=1))
    assert (again.decisions, again.given) == (0, 0)


def test_who_did_not_agree_is_left_alone(shelf: Shelf) -> None:
    make_plan(shelf)
    for fields in (
        {"consent_price": False},
        {"consent_price": True, "is_minor": True},
        {"consent_price": True, "erased_at": NOON},
    ):
        Shopper.objects.create(created_at=NOON, last_seen_at=NOON, **fields)
    assert allocate_offers(now=NOON).decisions == 0


def test_a_shopper_gets_only_the_assigned_depth(shelf: Shelf) -> None:
    plan = make_plan(shelf, control_share=0.2, depth_share=0.1)
    shoppers = make_shoppers(120)
    allocate_offers(now=NOON)
    depth_of = dict(OfferDecision.objects.values_list("shopper_id", "depth"))
    cart = make_cart(make_line("gouda", variant_id=shelf.gouda, unit_minor=500, quantity=1))
    seen = set()
    for shopper in shoppers:
        found = evaluate_cart(
            cart=cart,
            codes=(),
            shopper=ShopperView(shopper.pk),
            now=NOON,
            language="en",
            locale="en_US",
        )
        assert found.discount_minor == round(500 * depth_of[shopper.pk])
        seen.add(found.discount_minor)
        shown = personal_offers_for(
            shopper=ShopperView(shopper.pk), market_code="us", now=NOON, language="en"
        )
        reasons = [one.reason for one in shown if one.campaign_id == plan.campaign_id]
        by_chance = ["Chosen by chance, to learn what helps"] if depth_of[shopper.pk] else []
        assert reasons == by_chance
    assert seen == {0, 50, 100}


def test_a_run_tells_how_many_of_all_shoppers_are_decided(shelf: Shelf) -> None:
    make_plan(shelf)
    make_shoppers(3)
    told: list[tuple[int, int]] = []
    allocate_offers(now=NOON, on_progress=lambda done, of: told.append((done, of)))
    assert told == [(0, 3), (3, 3)]


def test_decisions_are_append_only_and_forget_whose_they_were(shelf: Shelf) -> None:
    make_plan(shelf)
    shopper = make_shoppers(1)[0]
    allocate_offers(now=NOON)
    for change in (
        lambda: OfferDecision.objects.update(depth=0.5),
        lambda: OfferDecision.objects.all().delete(),
    ):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            change()
    one = OfferDecision.objects.get()
    (told,) = PRIVACY.export_shopper(shopper.pk)["decisions"]
    assert (told["arm"], told["propensity"], told["reason"]) == (
        one.arm,
        one.propensity,
        one.reason,
    )
    PRIVACY.erase_shopper(shopper.pk, NOON)
    assert OfferDecision.objects.get().shopper_id is None
    assert PRIVACY.export_shopper(shopper.pk)["decisions"] == []
    assert not CampaignShopper.objects.exists()


def test_the_model_gives_the_best_offers_within_the_budget(shelf: Shelf) -> None:
    plan = make_plan(shelf, exploration_share=0.0)
    Campaign.objects.filter(pk=plan.campaign_id).update(budget_minor=3_000)
    version = make_model()
    assert version.status == "active"
    make_shoppers()
    report = allocate_offers(now=NOON)
    chosen = OfferDecision.objects.filter(arm="chosen", offer__isnull=False)
    assert report.given > chosen.count() > 20
    spent = sum(OfferDecision.objects.values_list("cost_minor", flat=True))
    assert 0.9 * 3_000 < spent <= 3_000
    plan.refresh_from_db()
    assert plan.price > 1.0
    for row in chosen:
        assert row.value_minor > 0.99 * row.price * row.cost_minor > 0
        assert (row.model_id, row.reason, row.price) == (version.pk, "chosen", plan.price)
    assert allocate_offers(now=NOON + timedelta(hours=1)).given == 0


def test_an_offer_must_earn_what_it_costs(shelf: Shelf) -> None:
    make_plan(shelf)
    make_model(effect=0.2)
    make_shoppers(200)
    allocate_offers(now=NOON)
    assert not OfferDecision.objects.filter(arm="chosen", offer__isnull=False).exists()
    assert _arms()["chance"] > 0


def test_nobody_gets_more_than_the_frequency_cap(shelf: Shelf) -> None:
    plan = make_plan(shelf, control_share=0.05, depth_share=0.4)
    shoppers = make_shoppers(60)
    allocate_offers(now=NOON)
    given_to = set(CampaignShopper.objects.values_list("shopper_id", flat=True))
    other = make_campaign("bread", percent="10", audience="personal")
    plan.frequency_cap = 1
    plan.save()
    AllocationPlan.objects.create(
        campaign=other, salt="bread", frequency_cap=1, depth_share=0.9, control_share=0.05
    )
    allocate_offers(now=NOON + timedelta(minutes=1))
    second = set(OfferDecision.objects.filter(campaign=other).values_list("shopper_id", flat=True))
    assert second == {one.pk for one in shoppers} - given_to


def test_a_changed_shopper_is_decided_in_few_queries(shelf: Shelf) -> None:
    make_plan(shelf)
    make_model()
    allocate_offers(now=NOON)
    late = make_shoppers(30)
    with CaptureQueriesContext(connection) as captured:
        report = redecide_shoppers(shopper_ids=[one.pk for one in late], now=NOON)
    assert report.decisions == 30
    assert len(captured) < 25


def test_the_price_of_money_follows_what_was_spent(shelf: Shelf) -> None:
    plan = make_plan(shelf)
    Campaign.objects.filter(pk=plan.campaign_id).update(budget_minor=20_000, spent_minor=10_000)
    AllocationPlan.objects.update(paced_at=NOON, spent_at_pace=10_000, price=2.0)
    assert pace_allocations(now=NOON + timedelta(minutes=5)) == 0
    Campaign.objects.update(spent_minor=11_000)
    assert pace_allocations(now=NOON + timedelta(hours=1)) == 1
    plan.refresh_from_db()
    assert (plan.price > 2.0, plan.spent_at_pace, plan.blocks) == (True, 11_000, 1)
    pace_allocations(now=NOON + timedelta(days=5))
    former, plan.price = plan.price, 0.0
    plan.refresh_from_db()
    assert plan.price < former


def test_an_unspent_budget_never_buys_sales_at_a_loss(shelf: Shelf) -> None:
    plan = make_plan(shelf)
    Campaign.objects.update(budget_minor=1_000_000)
    for hour in range(1, 9):
        assert pace_allocations(now=NOON + timedelta(hours=hour)) == 1
    plan.refresh_from_db()
    assert (plan.price, plan.blocks) == (1.0, 8)


def test_learns_from_the_randomised_arm_what_a_discount_adds(shelf: Shelf) -> None:
    make_plan(shelf, control_share=0.4, depth_share=0.25, outcome_days=7)
    make_shoppers(3_000)
    allocate_offers(now=NOON)
    assert train_uplift(now=NOON + timedelta(days=6)) is None
    rng = np.random.default_rng(0)
    rows = OfferDecision.objects.filter(arm__in=["control", "chance"])
    buyers = [row for row in rows if rng.random() < 0.05 + 2.0 * row.depth]
    returned = buyers[:20]
    Event.objects.bulk_create(
        [make_event("purchase", row, shelf.gouda, days=1) for row in buyers]
        + [make_event("return", row, shelf.gouda, days=2) for row in returned]
    )
    version = train_uplift(now=NOON + timedelta(days=8))
    assert version is not None
    assert version.rows == OfferDecision.objects.exclude(arm="chosen").count()
    deciles = version.metrics["deciles"]
    assert len(deciles) == 10
    observed = np.mean([one["observed"] for one in deciles])
    assert observed == pytest.approx(0.3, abs=0.1)
