"""What the demo adds for a group and for the allocator: once, by the law, and switched on."""

from __future__ import annotations

import pytest

from promotions.demo.services.offers import seed_demo_personal
from promotions.models import AllocationPlan, Campaign, VerifiedGroup
from promotions.targeting.selectors.allocations import list_plans
from tests.factories.orders import NOON, Shelf

pytestmark = pytest.mark.django_db


def test_the_demo_has_groups_and_a_campaign_given_out_once(shelf: Shelf) -> None:
    assert [seed_demo_personal(market_code="us", now=NOON) for _ in range(2)] == [2, 0]
    assert list(VerifiedGroup.objects.values_list("code", "mail_domains")) == [
        ("student", ["student.example"]),
        ("teacher", ["school.example"]),
    ]
    assert dict(Campaign.objects.values_list("code", "status")) == {
        "students-breakfast": "live",
        "a-little-off": "live",
    }
    assert AllocationPlan.objects.get().is_on
    (plan,) = list_plans(now=NOON)
    assert plan.depths == (0.05, 0.1, 0.15)
