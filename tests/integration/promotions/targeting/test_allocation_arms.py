"""The allocator under experiment: arms by the layer of experiments, the plan's own for others."""

from __future__ import annotations

import pytest

from profiles.experiments.services.drafts import ArmPlan
from profiles.models import Exposure
from promotions.campaigns.services.rows import CampaignRefused
from promotions.models import Offer, OfferDecision
from promotions.targeting.services.allocations import allocate_offers
from tests.factories.allocations import make_model, make_plan, make_shoppers
from tests.factories.experiments import start
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
BEST = ArmPlan("best", 0.5, name="The allocator", is_control=True)
NONE = ArmPlan("none", 0.3, name="No offer", settings={"give": "none"})
DEEP = ArmPlan("deep", 0.2, name="A fifth off", settings={"give": "deeper"})


def start_allocator(**changes: object) -> int:
    known: dict[str, object] = {
        "code": "allocator-pays",
        "subject": "allocator",
        "subject_ref": "cheese",
        "purpose": "price",
        "primary_metric": "revenue_per_shopper",
        "guards": {},
        "arms": (BEST, NONE, DEEP),
    }
    return start(**(known | changes))


def decisions() -> dict[int, tuple[str, float, float]]:
    rows = OfferDecision.objects.values_list("shopper_id", "arm", "depth", "propensity")
    return {pk: (arm, depth, chance) for pk, arm, depth, chance in rows}


def test_arms_of_an_experiment_precede_those_of_the_plan(shelf: Shelf) -> None:
    make_plan(shelf)
    make_model()
    make_shoppers(400)
    start_allocator()
    allocate_offers(now=NOON)
    arms = dict(Exposure.objects.values_list("shopper_id", "arm__code"))
    found = decisions()
    assert arms.keys() == found.keys()
    assert len(found) == 400
    # What the plan draws by itself (5 % nothing, 2 % each depth) is left in half of the shoppers.
    control, deep = 0.3 + 0.5 * 0.05, 0.2 + 0.5 * 0.02
    for pk, arm in arms.items():
        kind, depth, chance = found[pk]
        if arm == "none":
            assert (kind, depth) == ("control", 0.0)
        if arm == "deep":
            assert (kind, depth) == ("chance", 0.2)
        if kind == "control":
            assert chance == pytest.approx(control)
        if (kind, depth) == ("chance", 0.2):
            assert chance == pytest.approx(deep)
        if (kind, depth) == ("chance", 0.1):
            assert chance == pytest.approx(0.5 * 0.02)
    assert sum(arm == "best" for arm in arms.values()) == pytest.approx(200, abs=45)
    _ten, twenty = Offer.objects.order_by("pk").values_list("pk", flat=True)
    for one in OfferDecision.objects.all():
        # Every alternative is on record, not only the one that came.
        assert sum(one.chances.values()) == pytest.approx(1.0)
        assert (one.chances["control"], one.chances[str(twenty)]) == pytest.approx((control, deep))
        kept = one.arm if one.arm != "chance" else str(one.offer_id)
        assert one.chances[kept] == one.propensity


def test_who_takes_no_part_gets_what_the_plan_says(shelf: Shelf) -> None:
    make_plan(shelf, control_share=0.2, depth_share=0.1)
    shoppers = make_shoppers(120)
    start_allocator(traffic=0.3)
    allocate_offers(now=NOON)
    inside = set(Exposure.objects.values_list("shopper_id", flat=True))
    assert 0 < len(inside) < 120
    outside = {pk: one for pk, one in decisions().items() if pk not in inside}
    assert {chance for _, _, chance in outside.values()} <= {0.2, 0.1, 0.6}
    assert len(outside) + len(inside) == len(shoppers)


def test_a_campaign_the_allocator_does_not_give_out_is_refused() -> None:
    with pytest.raises(CampaignRefused, match="gives out no campaign"):
        start_allocator(subject_ref="unknown")
