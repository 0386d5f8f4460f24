"""What campaigns take off together is looked for before a release, quickly and always."""

from __future__ import annotations

import pytest

from promotions.campaigns.core.workflow import Step
from promotions.models import CampaignPolicy
from promotions.release import selectors as overlaps
from promotions.release.selectors import find_worst_stack
from tests.factories.campaigns import NOON, make_draft, make_person, step
from tests.factories.orders import Shelf


@pytest.mark.django_db
@pytest.mark.usefixtures("fresh_memory")
def test_two_offers_stacking_above_the_bound_need_another_person(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overlaps, "floor_minor", lambda **_asked: {})
    ann = make_person("ann")
    same = {"budget_minor": 100_000, "offer": {"scope": {"variants": [shelf.cheddar]}}}
    first = make_draft("first", market_code="us", **same)
    assert step(first, Step.SCHEDULE, ann) == "live"
    assert find_worst_stack(campaign_id=first.pk, now=NOON) is None
    second = make_draft("second", market_code="us", **same)
    told: list[int] = []
    worst = find_worst_stack(
        campaign_id=second.pk, now=NOON, on_progress=lambda _done, of: told.append(of)
    )
    assert worst is not None
    assert worst.campaign_ids == (first.pk, second.pk)
    assert (round(worst.depth, 1), worst.variant_id) == (19.0, shelf.cheddar)
    # Bounded: of each piece of products two baskets, four kinds of shoppers, two moments
    assert max(told) <= 2 * 4 * 2
    CampaignPolicy.objects.update(two_person_stack=18)
    assert step(second, Step.SCHEDULE, ann) == "scheduled"
    step(second, Step.WITHDRAW, ann)
    CampaignPolicy.objects.update(two_person_stack=20)
    assert step(second, Step.SCHEDULE, ann) == "live"
