"""Looks fitted at night, and the outcomes since: nothing counts twice, nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing.core.arrays import FloatArray
from pricing.core.demand.look_cells import USUAL_DAYS, LogPrices
from pricing.core.demand.served import ServedDemand
from pricing.core.online import (
    Evidence,
    Looked,
    Sightings,
    believe,
    learn_from,
    stand_beside,
    take_in,
)
from tests.factories.look_markets import ITEMS, LISTED, fit, make_market, serve


def make_looked() -> tuple[ServedDemand, Looked]:
    """Return a fit of looks, and the same beside evidence that knew nothing then."""
    served = serve(fit(make_market(2)[0]), np.arange(ITEMS))
    return served, Looked.of(served, learn_from(served, Evidence.nothing()))


def ask_all(model: ServedDemand) -> tuple[FloatArray, ...]:
    return model.elasticities(np.arange(ITEMS), np.ones(ITEMS, dtype=np.int64))


def test_beside_evidence_the_model_keeps_its_elasticities() -> None:
    served, looked = make_looked()
    both = stand_beside(looked, learn_from(served, Evidence.nothing()))
    for told, own in zip(ask_all(both), ask_all(served), strict=True):
        assert np.array_equal(told, own)
    families = np.ones(ITEMS, dtype=np.int64)
    assert not both.backed_by_chance(np.arange(ITEMS), families).any()
    assert both.siblings_lose(np.ones(1, dtype=np.int64)).tolist() == [0.0]


def see(price: int, looks: int, bought: int) -> Sightings:
    """Return looks at everybody's price of good 3, which chance might have lowered by a tenth."""
    one = np.array([3])
    return Sightings.of_looks(
        variant_id=one,
        family_id=one * 0 + 1,
        public_minor=price * one,
        rung_minor=np.array([[LISTED, 900, 0]]),
        probability=np.array([[0.5, 0.5, 0.0]]),
        looks=looks * one,
        bought=bought * one,
        anchor_minor=LISTED * one,
    )


def test_what_is_in_the_fit_already_does_not_count_again_and_what_came_since_does() -> None:
    served, _ = make_looked()
    before = Evidence.nothing()
    for price, bought in ((LISTED, 40), (900, 90)):
        before, _ = take_in(before, see(price, 1_000, bought), served)
    looked = Looked.of(served, learn_from(served, before))
    own, then = ask_all(served), ask_all(believe(served, before, looked))
    assert then[0] == pytest.approx(own[0], abs=1e-9)
    assert then[1] == pytest.approx(own[1], abs=1e-9)
    after, _ = take_in(before, see(900, 1_000, 150), served)
    now = ask_all(believe(served, after, looked))
    assert now[0][3] > own[0][3] + 0.05
    assert now[1][3] < own[1][3]
    # Without the fit's memory of what it knew, the same sales would count twice.
    twice = ask_all(
        stand_beside(
            Looked.of(served, learn_from(served, Evidence.nothing())), learn_from(served, after)
        )
    )
    assert abs(twice[0][3] - own[0][3]) > abs(now[0][3] - own[0][3])


def test_what_outcomes_told_fades_alike_on_both_sides() -> None:
    served, _ = make_looked()
    evidence = Evidence.nothing()
    for price, bought in ((LISTED, 40), (900, 90)):
        evidence, _ = take_in(evidence, see(price, 1_000, bought), served)
    looked = Looked.of(served, learn_from(served, evidence))
    older, _ = take_in(
        evidence, Sightings.join(see(900, 0, 0), see(LISTED, 0, 0)), served, days=30.0
    )
    own, then = ask_all(served), ask_all(believe(served, older, replace(looked, days=30.0)))
    assert then[0] == pytest.approx(own[0], abs=0.05)


def test_an_alarm_that_takes_evidence_away_leaves_the_fit_in_doubt() -> None:
    served, _ = make_looked()
    before = Evidence.nothing()
    for price, bought in ((LISTED, 40), (900, 90)):
        before, _ = take_in(before, see(price, 1_000, bought), served)
    looked = Looked.of(served, learn_from(served, before))
    doubted = replace(before.fade(0.25), trust=0.25 * before.trust)
    own, then = ask_all(served), ask_all(believe(served, doubted, looked))
    assert then[0][3] == pytest.approx(own[0][3])
    assert then[1][3] == pytest.approx(2.0 * own[1][3])


def test_a_fit_is_read_back_as_it_was_stored() -> None:
    served, looked = make_looked()
    again = Looked.from_arrays(looked.arrays())
    assert ask_all(again.elasticities)[0].tolist() == ask_all(served)[0].tolist()
    assert again.told_id.tolist() == looked.told_id.tolist()


def test_usual_prices_follow_what_is_shown_by_half_in_a_week() -> None:
    ids, seen = np.array([4, 4, 9]), np.log(np.array([90.0, 110.0, 50.0]))
    usual = LogPrices.nothing()
    before = usual.read(ids, np.log(np.array([100.0, 100.0, 60.0])))
    after = usual.follow(ids, seen, np.ones(3), before=before, days=USUAL_DAYS)
    assert after.variant_id.tolist() == [4, 9]
    middle = 0.5 * (np.log(100.0) + 0.5 * (seen[0] + seen[1]))
    assert after.log == pytest.approx([middle, 0.5 * (np.log(60.0) + seen[2])])
    assert after.forget(np.array([4])).variant_id.tolist() == [9]
    unseen = after.follow(np.array([9]), seen[2:], np.ones(1), before=after.log[1:], days=0.0)
    assert unseen.log == pytest.approx(after.log)
