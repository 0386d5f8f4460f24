"""What a fitted choice model predicts, serves, and how it is checked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.demand.core.choice import (
    ChoiceFit,
    Columns,
    Compared,
    Impressions,
    PricedVariants,
    ServedChoice,
    check_slopes,
    draw_log_slopes,
    find_gains,
    find_market,
    fit_choice,
    predict,
    serve_choice,
)
from pricing.optimum.core.signals import SignalWeights
from shop.lab.agent.features import Features
from tests.unit.pricing.demand.choice_worlds import World


def test_the_market_answers_as_a_change_of_price_does() -> None:
    rng = np.random.default_rng(9)
    world = World.of(rng, 6, categories=1)
    sets = 400
    response = rng.random((sets, 1))
    seen = world.visit(rng, sets, 3, weight=5, response=response, w=[0.5])
    fit = fit_choice(seen)
    market = find_market(fit, seen)

    def sell(step: float) -> tuple[float, float]:
        up = replace(
            seen, log_price=np.where(seen.item == 2, seen.log_price + step, seen.log_price)
        )
        told = predict(fit, up)
        sold = told.chance * told.frame.seen.weight[told.frame.seen.set_of]
        is_two = told.frame.seen.item == 2
        return sold[is_two].sum(), sold[~is_two].sum()

    (own_low, other_low), (own_high, other_high) = sell(-1e-4), sell(1e-4)
    assert market.elasticity[2] == pytest.approx((np.log(own_low / own_high)) / 2e-4, rel=1e-5)
    lost = (other_high - other_low) / (own_low - own_high)
    assert market.lost[2] == pytest.approx(lost, rel=1e-5)
    drawn = draw_log_slopes(fit, 400, rng)[1]
    told = market.sd / market.elasticity
    assert drawn.std(axis=0) == pytest.approx(told, rel=0.3)


def test_the_served_form_survives_its_arrays_with_its_weights() -> None:
    rng = np.random.default_rng(10)
    world = World.of(rng, 6, categories=2)
    sets = 500
    seen = world.visit(rng, sets, 2, weight=5, response=rng.random((sets, 1)), w=[0.7])
    seen = replace(seen, columns=Columns(response=("deals",)))
    fit = fit_choice(seen)
    ids = np.append(np.arange(6), 50)
    prices = np.full(7, 400.0)
    products = PricedVariants(
        ids,
        np.append(world.category, 9),
        np.append(world.family, 8),
        prices,
        prices,
        np.full(7, np.nan),
    )
    served = serve_choice(fit, seen, products, day=1.0, days=14.0, weights=SignalWeights(deals=0.1))
    assert served.weights.deals == pytest.approx(fit.response["deals"])
    again = ServedChoice.from_arrays(served.arrays())
    family = np.append(world.family, 8)
    for told, expected in zip(
        again.elasticities(ids, family), served.elasticities(ids, family), strict=True
    ):
        assert told.tolist() == expected.tolist()
    assert again.siblings_lose(family).tolist() == served.siblings_lose(family).tolist()
    assert 0.0 < served.siblings_lose(family)[0] < 1.0
    # Six products sell what they sold: half of two weeks.
    assert np.exp(served.base_log[:6]).sum() == pytest.approx(seen.bought.sum() / 2.0, rel=0.15)


def test_a_check_finds_wrong_slopes_and_forgives_wrong_levels() -> None:
    rng = np.random.default_rng(11)
    world = World.of(rng, 12, categories=4, families=2)
    fit = fit_choice(world.visit(rng, 3_000, 3, weight=10))
    days = np.arange(1_500) % 10 + 100.0
    lift = 0.8 * rng.normal(size=10)[(days - 100).astype(int)]
    right = world.visit(rng, 1_500, 3, weight=10, day=days, season=lift)
    steeper = replace(world, slope=world.slope * np.where(world.family == 1, 1.4, 1.0))
    wrong = steeper.visit(rng, 1_500, 3, weight=10, day=days, season=lift)
    by_family = check_slopes(fit, right)[0]
    assert [table.p_value > 0.01 for table in check_slopes(fit, right)] == [True] * 3
    told = check_slopes(fit, wrong)[0]
    assert by_family.label.tolist() == [0.0, 1.0]
    assert told.p_value < 1e-4
    assert abs(told.factor[0] - 1.0) < 3.0 * told.sd[0]
    assert told.factor[1] > 1.0 + 3.0 * told.sd[1]
    better = fit_choice(steeper.visit(rng, 3_000, 3, weight=10))
    for served, other, is_better in ((fit, better, True), (better, fit, False), (fit, fit, False)):
        assert Compared.of(find_gains(served, other, wrong, wrong)).replaces == is_better


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10_000))
def test_a_fit_is_independent_of_the_order_of_impressions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    seen = World.of(rng, 6, categories=3).visit(rng, 30, 2, weight=4)
    order = rng.permutation(len(seen))
    names = rng.permutation(1_000)[:6]
    again = Impressions.of(
        set_id=rng.permutation(10_000)[: seen.sets][seen.set_of][order],
        item=names[seen.item[order]],
        category=seen.category[order] + 70,
        family=seen.family[order] + 9,
        log_price=seen.log_price[order],
        bought=seen.bought[order],
        weight=seen.weight[seen.set_of][order],
        moved=seen.moved[order],
    )
    fit, other = fit_choice(seen), fit_choice(again)
    there = other.tree.find("item", names[fit.tree.item])
    assert other.at.item[there] == pytest.approx(fit.at.item, abs=1e-6)
    told = predict(fit, seen)
    assert (told.chance > 0.0).all()
    assert (told.frame.by_set(told.chance) < 1.0).all()
    assert (told.elasticity >= 0.0).all()
    assert (fit.doubt.item[:, 1, 1] > 0.0).all()


def test_goods_nobody_saw_are_bought_as_by_a_mean_visitor() -> None:
    """Everybody of the scene is keen: so would be who sees a new good."""
    rng = np.random.default_rng(12)
    world = World.of(rng, 12, categories=2)
    keen = np.full((2_000, 1), 1.0)
    keen[:1_000] = 0.0
    seen = world.visit(rng, 2_000, 2, weight=20, shopper=keen, taste=[1.5])
    fit = fit_choice(seen)
    one, price = np.array([99]), np.array([400.0])
    products = PricedVariants(
        one, world.category[:1], world.family[:1], price, price, np.array([np.nan])
    )

    def serve(scene: Impressions) -> float:
        served = serve_choice(fit, scene, products, day=0.0, days=7.0, weights=SignalWeights())
        return float(np.exp(served.base_log[0]))

    cool, hot = serve(seen.take_sets(keen[:, 0] == 0.0)), serve(seen.take_sets(keen[:, 0] == 1.0))
    odds = (hot / (1.0 - hot)) / (cool / (1.0 - cool))
    assert np.log(odds) == pytest.approx(1.5, abs=0.2)


def test_useless_columns_cost_little_and_a_useful_product_is_found() -> None:
    rng = np.random.default_rng(13)
    world = World.of(rng, 8, categories=2)
    raw = {name: rng.normal(size=2_500) for name in "abcd"}
    features = Features.of(raw)
    columns = features.columns(raw)
    taste = np.where(np.array(features.names) == "a*b", 0.8, 0.0)
    seen = world.visit(rng, 2_500, 3, shopper=columns, taste=taste)
    names = replace(seen.columns, shopper=features.names)
    fit = fit_choice(replace(seen, columns=names))
    found = dict(zip(features.names, fit.at.family[0, 2 : 2 + len(features.names)], strict=True))
    assert found.pop("a*b") == pytest.approx(0.8, abs=0.2)
    assert max(abs(one) for one in found.values()) < 0.2
    fresh = {name: rng.normal(size=2_500) for name in "abcd"}
    held_out = world.visit(rng, 2_500, 3, shopper=features.columns(fresh), taste=taste)
    blind = fit_choice(replace(seen, shopper=np.zeros((2_500, 0)), columns=Columns()))
    without = replace(held_out, shopper=np.zeros((2_500, 0)), columns=Columns())

    def predict_well(model: ChoiceFit, rows: Impressions) -> float:
        chance = predict(model, rows).chance
        return float(np.log(chance) @ predict(model, rows).frame.seen.bought)

    assert predict_well(fit, replace(held_out, columns=names)) > predict_well(blind, without) + 50.0
