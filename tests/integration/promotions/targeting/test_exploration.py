"""New offers inside the allocator: drawn for some, by a hash on record, inside every bound."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.db import IntegrityError, transaction

from profiles.models import Event
from profiles.shoppers.selectors.shoppers import list_shoppers
from promotions.models import (
    AllocationPlan,
    Campaign,
    CampaignEvent,
    OfferBelief,
    OfferDecision,
)
from promotions.targeting.core.exploration import DEFAULT_MEAN, DEFAULT_SD, draw_effect
from promotions.targeting.selectors.allocations import list_plans
from promotions.targeting.services.allocation_plans import AllocationRefused, set_exploration
from promotions.targeting.services.allocation_table import explores
from promotions.targeting.services.allocations import allocate_offers, redecide_shoppers
from promotions.targeting.services.offer_beliefs import learn_beliefs
from tests.factories.allocations import make_event, make_model, make_plan, make_shoppers
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON

pytestmark = pytest.mark.django_db


def replay_draws(decision: OfferDecision, pseudonym: str) -> bool:
    """Return whether a decision's draws come out again from their seeds and beliefs."""
    share = decision.exploration_share
    assert share is not None
    return explores(pseudonym, share, decision.campaign.allocation.salt) and all(
        draw_effect(mean, sd, pseudonym, seed, offer_id) == effect
        for offer_id, (seed, mean, sd, effect) in decision.draws.items()
    )


def explored() -> list[OfferDecision]:
    return [one for one in OfferDecision.objects.order_by("pk") if one.draws]


def test_new_offers_are_drawn_for_a_bounded_share_reproducibly(
    shelf: Shelf,
) -> None:
    make_plan(shelf)
    make_model()
    shoppers = make_shoppers()
    allocate_offers(now=NOON)
    beliefs = OfferBelief.objects.all()
    assert {(one.mean, one.sd, one.is_new) for one in beliefs} == {(DEFAULT_MEAN, DEFAULT_SD, True)}
    found = explored()
    # A fifth of those for whom the best is chosen: 91 % of all.
    assert 0.2 * 0.91 * 0.7 < len(found) / len(shoppers) < 0.2 * 0.91 * 1.3
    assert {one.arm for one in found} == {"chosen"}
    unit = {one.id: one.pseudonym for one in list_shoppers([row.pk for row in shoppers])}
    for one in found:
        assert one.draws.keys() == {str(belief.offer_id) for belief in beliefs}
        assert replay_draws(one, unit[one.shopper_id or 0])
        assert not replay_draws(one, "somebody else")
    effects = [drawn[3] for one in found for drawn in one.draws.values()]
    assert np.mean(effects) == pytest.approx(DEFAULT_MEAN, abs=0.15)
    assert np.std(effects) == pytest.approx(DEFAULT_SD, abs=0.15)
    given = {one.reason for one in found if one.offer_id is not None}
    assert given == {"explored"}
    told = OfferDecision.objects.filter(arm="chosen", draws={}, offer__isnull=False)
    assert set(told.values_list("reason", flat=True)) == {"chosen"}


def test_draws_decide_but_budgets_hold(shelf: Shelf) -> None:
    """Half explore, with the widest doubt: the expected cost of what is given stays inside."""
    plan = make_plan(shelf, exploration_share=0.5)
    Campaign.objects.filter(pk=plan.campaign_id).update(budget_minor=3_000)
    make_model()
    make_shoppers()
    allocate_offers(now=NOON)
    spent = sum(OfferDecision.objects.values_list("cost_minor", flat=True))
    assert 0.9 * 3_000 < spent <= 3_000
    tried = [one for one in explored() if one.offer_id is not None]
    left = [one for one in explored() if one.offer_id is None]
    high, low = (_mean_draw(tried), _mean_draw(left))
    assert high > low + 0.2


def _mean_draw(decisions: list[OfferDecision]) -> float:
    return float(np.mean([drawn[3] for one in decisions for drawn in one.draws.values()]))


def test_the_same_belief_draws_the_same_whenever_it_is_asked(shelf: Shelf) -> None:
    make_plan(shelf)
    make_model()
    shoppers = make_shoppers(80)
    allocate_offers(now=NOON)
    first = {one.shopper_id: one.draws for one in explored()}
    count = OfferDecision.objects.count()
    redecide_shoppers(shopper_ids=[one.pk for one in shoppers], now=NOON + timedelta(hours=3))
    assert OfferDecision.objects.count() == count
    assert {one.shopper_id: one.draws for one in explored()} == first


def test_without_a_share_or_a_model_nothing_is_drawn(shelf: Shelf) -> None:
    make_plan(shelf, exploration_share=0.0)
    make_shoppers(60)
    allocate_offers(now=NOON)
    make_model()
    make_shoppers(60)
    allocate_offers(now=NOON + timedelta(hours=1))
    assert not explored()


def test_decisions_keep_the_exploration_share_they_were_made_with(shelf: Shelf) -> None:
    plan = make_plan(shelf)
    make_model()
    people = make_shoppers(400)
    allocate_offers(now=NOON)
    before = explored()
    set_exploration(campaign_id=plan.campaign_id, share=0.5, by_id=None, now=NOON)
    set_exploration(campaign_id=plan.campaign_id, share=0.5, by_id=None, now=NOON)
    people += make_shoppers(400)
    allocate_offers(now=NOON + timedelta(hours=1))
    after = explored()[len(before) :]
    assert {one.exploration_share for one in before} == {0.2}
    assert {one.exploration_share for one in after} == {0.5}
    assert len(after) > 1.7 * len(before)
    unit = {one.id: one.pseudonym for one in list_shoppers([row.pk for row in people])}
    assert all(replay_draws(one, unit[one.shopper_id or 0]) for one in (*before, *after))
    # The others explore by today's share, not by the one that was in force: theirs are no draws.
    some = before[0]
    some.exploration_share = 0.0
    assert not replay_draws(some, unit[some.shopper_id or 0])
    told = CampaignEvent.objects.filter(step="explore").values_list("reason", flat=True)
    assert list(told) == ["20 % -> 50 %"]


@pytest.mark.parametrize("share", [-0.01, 0.51, float("nan")])
def test_no_share_beyond_the_bounds_is_set(shelf: Shelf, share: float) -> None:
    plan = make_plan(shelf)
    with pytest.raises(AllocationRefused, match="up to half"):
        set_exploration(campaign_id=plan.campaign_id, share=share, by_id=None, now=NOON)
    plan.refresh_from_db()
    assert plan.exploration_share == 0.2
    assert not CampaignEvent.objects.exists()


def test_the_database_bounds_the_share() -> None:
    with pytest.raises(IntegrityError, match="explores_at_most_half"), transaction.atomic():
        AllocationPlan.objects.create(campaign_id=1, salt="x", exploration_share=0.6)


def test_an_offers_outcomes_are_believed_and_it_becomes_known(shelf: Shelf) -> None:
    """Purchases less returns: the lower depth does nothing, the deeper one all the model says."""
    make_plan(shelf, control_share=0.3, depth_share=0.3, outcome_days=7)
    make_model()
    make_shoppers(1_500)
    allocate_offers(now=NOON)
    randomised = OfferDecision.objects.filter(arm__in=["control", "chance"]).order_by("pk")
    # Of each ten one buys, and of those with the deeper offer five.
    every = {0.0: 10, 0.1: 10, 0.2: 2}
    buyers = [
        row for depth, each in every.items() for row in randomised.filter(depth=depth)[::each]
    ]
    back = [one for one in buyers if one.depth == 0.2][:40]
    Event.objects.bulk_create(
        [make_event("purchase", one, shelf.gouda, days=1) for one in buyers]
        + [make_event("return", one, shelf.gouda, days=2) for one in back]
    )
    assert learn_beliefs(now=NOON + timedelta(days=6)) == 2
    before = set(OfferBelief.objects.values_list("seed", flat=True))
    assert learn_beliefs(now=NOON + timedelta(days=8)) == 0
    flat, deep = (OfferBelief.objects.get(offer_id=pk) for pk in list_plans(now=NOON)[0].offer_ids)
    assert flat.effect is not None
    assert flat.effect == pytest.approx(0.0, abs=0.1)
    assert flat.mean < 0.6 < deep.mean
    assert (flat.is_new, deep.is_new) == (False, False)
    given = OfferDecision.objects.filter(arm="chance", depth=0.2).count()
    assert deep.decisions == given >= 300
    assert not before & {flat.seed, deep.seed}
    make_shoppers(60)
    already = {one.pk for one in explored()}
    allocate_offers(now=NOON + timedelta(days=8, hours=1))
    assert {one.pk for one in explored()} == already
