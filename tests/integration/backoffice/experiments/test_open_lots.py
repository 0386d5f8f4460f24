"""What chance decides now: staff and shoppers read it from the records that lots are drawn by."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse

from pricing.base.core.impressions import example_draw
from pricing.demand.models.demand import DemandModelVersion
from pricing.experiments.selectors import shock_week
from pricing.learning.models.learning import ModelRamp, RampStep
from pricing.ledger.models.impressions import ShockDraw
from pricing.policy.models.policy import PricingPolicy
from profiles.experiments.services.experiments import set_holdout
from profiles.models import ExperimentShares
from promotions.models import AllocationPlan, Campaign, OfferBelief
from promotions.targeting.services.allocations import allocate_offers
from shop.doors.backoffice.learning.lots import list_lot_lines
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.clock import utc_now
from tests.factories.allocations import make_plan, make_shoppers
from tests.factories.experiments import start
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory", "forgetful")]


def open_everything(shelf: Shelf) -> None:
    """Begin lots of each purpose but turns of products, for everybody to see now."""
    last = PricingPolicy.objects.order_by("-version")[0]
    last.exploration, last.shock_share = 0.5, 0.04
    PricingPolicy.objects.update(is_active=False, exploration=0.1, shock_share=0.0)
    for version, holdout in ((90, 0.05), (91, 0.07), (92, 0.07)):
        last.pk, last.version, last.is_active, last.holdout_share = None, version, False, holdout
        last.created_at = NOON + timedelta(days=version - 90)
        last.save()
    PricingPolicy.objects.filter(version=92).update(is_active=True)
    model = DemandModelVersion.objects.create(
        trained_at=NOON, window_start="2026-11-01", window_end="2026-11-22", arrays=b"", sha256="s"
    )
    ramp = ModelRamp.objects.create(model=model, salt="s", begun_at=NOON)
    RampStep.objects.create(ramp=ramp, share=0.2, at=NOON)
    start(code="short-list")
    set_holdout(namespace="everything", share=0.01)
    plan = make_plan(shelf, control_share=0.2, depth_share=0.1, exploration_share=0.3)
    OfferBelief.objects.create(
        offer=plan.campaign.offers.get(code="cheese"), mean=1.0, sd=0.5, made_at=NOON, seed="s"
    )
    abroad = make_campaign("abroad", percent="10", audience="members")
    Campaign.objects.filter(pk=abroad.pk).update(holdout_percent=40, market_code="cn")
    members = make_campaign("members", percent="10", audience="members")
    Campaign.objects.filter(pk=members.pk).update(holdout_percent=10)
    Campaign.objects.update(ends_at=utc_now() + timedelta(days=9))


def draw_week(now: datetime, draw: dict[str, Any]) -> None:
    ShockDraw.objects.create(
        market_id="us",
        week=shock_week(now),
        drawn_at=NOON,
        book_version=1,
        policy_version=92,
        arrays=pack_arrays(draw),
        sha256=hash_arrays(draw),
    )


def test_staff_see_every_lot_with_its_chances_and_since_when(shelf: Shelf) -> None:
    open_everything(shelf)
    make_shoppers(5)
    allocate_offers(now=NOON + timedelta(days=1))
    now, draw = utc_now(), example_draw().arrays()
    draw_week(now, draw)
    down, up = draw["chance"].mean(axis=0)
    week = f"one price point down {100 * down:.1f} %, one price point up {100 * up:.1f} %, stays"
    told = {
        (one.name, one.subject): (" ".join(f"{a} {b}," for a, b in one.chances), one.since)
        for one in list_lot_lines(now)
    }
    said, since = told.pop(("Price tests drawn this week", "us/online"))
    assert (said.startswith(week), since) == (True, "2026-11-25")
    model = ModelRamp.objects.get(ended_at=None).model_id
    begun, cut = "2026-11-25", "2026-11-15"
    assert told == {
        # Held for two versions of the policy: since the older of them.
        ("Held out of personal prices", ""): ("held out 7.0 %, everybody else 93 %,", "2026-11-26"),
        ("How deep personal prices are", ""): ("each of 100 depths 1.0 %,", begun),
        ("Price tests of public prices, at most", ""): (
            "one price point down 2.0 %, one price point up 2.0 %, stays 96 %,",
            begun,
        ),
        ("Model on trial", f"version {model}"): ("priced by it 20 %, everybody else 80 %,", begun),
        ("Experiment", "short-list"): ("plain 50 %, short 50 %,", begun),
        ("Held out of experiments", "everything"): ("held out 1.0 %, everybody else 99 %,", "–"),
        ("Personal offers", "cheese"): (
            "no offer 20 %, cheese 10 %, deeper 10 %, the best offer, or none 60 %,",
            "2026-11-26",
        ),
        ("New offers", "cheese"): ("tried on 30 %, everybody else 70 %,", begun),
        ("Held out of a campaign", "abroad"): ("held out 40 %, everybody else 60 %,", cut),
        ("Held out of a campaign", "members"): ("held out 10 %, everybody else 90 %,", cut),
    }


def test_the_page_of_experiments_says_it_in_both_languages(shelf: Shelf, root: Client) -> None:
    open_everything(shelf)
    page = root.get(reverse("admin:experiments")).content.decode()
    assert "What chance decides now" in page
    assert "the best offer, or none <b>60 %</b>" in page
    chinese = root.get(f"/zh-hans{reverse('admin:experiments')}").content.decode()
    assert "目前由随机抽取决定的事项" in chinese
    assert "最佳优惠或无优惠 <b>60 %</b>" in chinese


def test_shoppers_are_told_the_shares_that_are_drawn_by(shelf: Shelf) -> None:
    address, client = reverse("pricing_rules"), Client()
    before = client.get(address).content.decode()
    assert "by a model that is on trial" not in before
    assert "chance decides which offer" not in before
    open_everything(shelf)
    page = client.get(address).content.decode()
    for told in (
        "each week chance moves at most 4 % of them",
        "Comparison: 7 % of shoppers",
        "A new model: 20 % of shoppers",
        "Personal offers: for 40 % of shoppers",
        "New offers: we try them on at most 30 % of shoppers",
        # The campaign of another market holds out more; here it is not drawn.
        "at most 10 % of those an offer is for",
    ):
        assert told in page
    chinese = client.get(f"/zh-hans{address}").content.decode()
    assert "对 40 % 的顾客，由随机抽取决定" in chinese
    PricingPolicy.objects.update(shock_share=0.0, exploration=0.0, holdout_share=0.0)
    RampStep.objects.create(ramp=RampStep.objects.get(share=0.2).ramp, share=0.0, at=utc_now())
    Campaign.objects.update(status="ended")
    page = client.get(address).content.decode()
    assert page.count("drawn at random") == 0
    assert "each week chance moves" not in page


def test_the_shares_that_lots_were_drawn_by_are_never_changed(shelf: Shelf) -> None:
    open_everything(shelf)
    kept = {"market_id": "us", "drawn_at": NOON, "book_version": 1, "policy_version": 1}
    ShockDraw.objects.create(week=NOON.date(), arrays=b"", sha256="", **kept)
    # What serves beside the shares may change.
    RampStep.objects.update(evidence={"decisions": 1})
    AllocationPlan.objects.update(price=2.0, exploration_share=0.1)
    plans, steps = AllocationPlan.objects.all(), RampStep.objects.filter(share=0.2)
    for rows, change in (
        (steps, {"share": 0.3}),
        (plans, {"salt": "other"}),
        (plans, {"control_share": 0.5}),
        (plans, {"depth_share": 0.3}),
        (ShockDraw.objects.all(), {"sha256": "other"}),
        (ExperimentShares.objects.all(), {"shares": {}}),
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            rows.update(**change)
