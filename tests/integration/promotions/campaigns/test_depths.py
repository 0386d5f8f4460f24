"""Gifts and set prices ask for a second person by the worth they give, not as if all were free."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from promotions.campaigns.core.workflow import Step
from promotions.campaigns.selectors.campaigns import take_snapshot
from promotions.law.selectors.violations import measure_reach
from promotions.models import Campaign
from tests.factories.campaigns import NOON, make_draft, make_person, step
from tests.factories.orders import Shelf

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def of_kind(kind: str, **fields: Any) -> Campaign:
    """Return a draft with a budget whose one offer is of a kind."""
    campaign = make_draft(budget_minor=100_000, market_code="us")
    offer = campaign.offers.get()
    known = {"benefit_kind": kind, "percent": None, "target": "cart", **fields}
    for name, value in known.items():
        setattr(offer, name, value)
    offer.full_clean()
    offer.save()
    return campaign


def depth(campaign: Campaign) -> float:
    return round(measure_reach(take_snapshot(campaign.pk), now=NOON).depth, 1)


def kinds(shelf: Shelf) -> Mapping[str, tuple[dict[str, Any], float]]:
    """Cheddar costs 4.00, gouda 5.00, rye 3.00 and merlot 9.00."""
    cheddar = {"scope": {"variants": [shelf.cheddar]}}
    gift = {"terms": {"variants": [shelf.rye, shelf.merlot]}}
    return {
        "set_price": ({"amount_minor": 300, "target": "unit", **cheddar}, 25.0),
        # 9.00 of 9.00 and the least cart of 36.00
        "gift": ({**gift, "condition": {"cart_value": 3_600}}, 20.0),
        "fixed_amount": ({"amount_minor": 100, "target": "line", **cheddar}, 25.0),
        "quantity_tiers": ({"terms": {"steps": [{"from": 3, "price": 320}]}, **cheddar}, 20.0),
    }


@pytest.mark.parametrize("kind", ["set_price", "gift", "fixed_amount", "quantity_tiers"])
def test_what_only_prices_bound_counts_as_the_worth_it_gives(shelf: Shelf, kind: str) -> None:
    fields, expected = kinds(shelf)[kind]
    campaign = of_kind(kind, **fields)
    assert depth(campaign) == expected
    assert step(campaign, Step.SCHEDULE, make_person("ann")) == "live"


def test_what_is_given_for_nothing_still_counts_as_all(shelf: Shelf) -> None:
    campaign = of_kind("gift", terms={"variants": [shelf.rye]})
    assert depth(campaign) == 100.0
    assert step(campaign, Step.SCHEDULE, make_person("ann")) == "scheduled"
    campaign.offers.update(benefit_kind="delivery", terms={"price": 0})
    assert depth(campaign) == 100.0


def test_a_set_price_far_below_needs_a_second_person(shelf: Shelf) -> None:
    deep = of_kind("set_price", amount_minor=200, target="unit", scope={"variants": [shelf.gouda]})
    assert depth(deep) == 60.0
    assert step(deep, Step.SCHEDULE, make_person("ann")) == "scheduled"
