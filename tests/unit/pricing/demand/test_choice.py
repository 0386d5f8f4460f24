"""The choice model on impressions whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing.demand.core.choice import (
    ChoiceFit,
    Columns,
    Impressions,
    SlopePrior,
    Weekly,
    fit_choice,
    pack_fit,
    read_fit,
    update_choice,
)
from tests.unit.pricing.demand.choice_worlds import World


def slopes_of(fit: ChoiceFit, items: int) -> np.ndarray:
    """Return the slopes of items 0..items-1."""
    return np.exp(fit.at.item[fit.tree.find("item", np.arange(items)), 1])


def test_sets_of_twenty_are_recovered_where_single_logits_are_biased() -> None:
    """Prices of a set rise and fall together: each good's sales answer to all of them."""
    rng = np.random.default_rng(1)
    world = World.of(rng, 20, categories=1)
    world = replace(world, level=world.level + 1.0)
    seen = world.visit(rng, 1_500, 20, weight=20, common=0.15)
    together = slopes_of(fit_choice(seen), 20) / world.slope
    alone = replace(
        seen.split(np.arange(len(seen)), np.arange(len(seen))), has_outside=seen.has_outside
    )
    apart = slopes_of(fit_choice(alone), 20) / world.slope
    assert together.mean() == pytest.approx(1.0, abs=0.05)
    assert apart.mean() < 0.75


def test_a_cheap_rival_is_not_taken_for_a_flat_slope() -> None:
    """We followed the rival's cuts: who does not know of them sees cuts that win little."""
    rng = np.random.default_rng(2)
    world = World.of(rng, 12, categories=3)
    sets = 3_000
    rival = rng.normal(0.0, 0.15, (sets, 4))
    seen = world.visit(rng, sets, 4, weight=10, rival=rival, pull=2.0, follow=0.7)
    fit = fit_choice(seen)
    gap = fit.layout.groups().index("rival")
    assert fit.at.family[0, gap] == pytest.approx(2.0, abs=0.15)
    assert (slopes_of(fit, 12) / world.slope).mean() == pytest.approx(1.0, abs=0.06)
    blind = fit_choice(replace(seen, rival=np.full(len(seen), np.nan)))
    assert (slopes_of(blind, 12) / world.slope).mean() < 0.85


def test_a_traits_effect_is_told_apart_by_family() -> None:
    """A trait makes steeper slopes in one family, flatter ones in the other."""
    rng = np.random.default_rng(5)
    sets, family = 6_000, np.arange(2).repeat(3_000)
    trait, price = rng.normal(size=sets), rng.choice([-0.2, 0.0, 0.2], sets)
    slope = 3.0 * np.exp(np.where(family == 0, 0.3, -0.2) * trait)
    chance = 1.0 / (1.0 + np.exp(1.0 + slope * np.expm1(price)))
    fit = fit_choice(
        Impressions.of(
            set_id=np.arange(sets), item=family, category=family, family=family, log_price=price,
            bought=rng.binomial(20, chance), weight=np.full(sets, 20.0), public=trait,
            columns=Columns(public=("trait",)),
        )
    )  # fmt: skip
    place = fit.tree.find("family", np.arange(2))
    found = fit.at.family[place, fit.layout.public].ravel()
    assert found == pytest.approx([0.3, -0.2], abs=0.04)


def test_a_familys_season_is_not_taken_for_its_slope() -> None:
    """Family 1 sells best on the days when its prices are highest."""
    rng = np.random.default_rng(3)
    world = World.of(rng, 12, categories=4, families=2)
    sets = 4_000
    day = rng.integers(0, 84, sets).astype(float)
    seen = world.visit(rng, sets, 3, weight=10, day=day)
    wave = np.sin(2.0 * np.pi * day / 7.0)
    dear = seen.log_price.reshape(sets, 3).mean(axis=1)
    # The same sets, each on a day of the week on which family 1 is as keen as its prices are high.
    order = np.empty(sets, dtype=np.int64)
    order[np.argsort(dear + 0.02 * rng.normal(size=sets))] = np.argsort(wave)
    in_one = world.family[seen.item.reshape(sets, 3)[:, 0]] == 1
    moved = np.where(in_one, day[order], day)
    season = np.where(in_one, 0.6 * np.sin(2.0 * np.pi * moved / 7.0), 0.0)
    utility = world.level[seen.item] - world.slope[seen.item] * np.expm1(seen.log_price)
    grown = np.exp(utility + season[seen.set_of]).reshape(sets, 3)
    rest = np.concatenate([grown, np.ones((sets, 1))], axis=1)
    bought = rng.multinomial(10, rest / rest.sum(axis=1, keepdims=True))[:, :3].ravel()
    seen = replace(seen, bought=bought.astype(float), day=moved)
    blind = fit_choice(replace(seen, day=np.zeros(sets)))
    fit = fit_choice(seen)
    ratio, missed = slopes_of(fit, 12) / world.slope, slopes_of(blind, 12) / world.slope
    assert missed[6:].mean() < 0.75
    assert ratio[6:].mean() == pytest.approx(1.0, abs=0.08)
    assert ratio[:6].mean() == pytest.approx(1.0, abs=0.08)


def test_response_weights_are_learned_and_never_negative() -> None:
    rng = np.random.default_rng(4)
    world = World.of(rng, 10, categories=2)
    sets = 4_000
    response = rng.random((sets, 3))
    # The second column makes shoppers *less* sensitive: that must not be learned. All are as if
    # their slopes were 0.85 times as steep then.
    seen = world.visit(rng, sets, 5, weight=10, response=response, w=[0.8, -0.3, 0.0])
    weights = fit_choice(seen).response
    assert weights["s0"] == pytest.approx(0.8 / 0.85, abs=0.2)
    assert weights["s1"] == 0.0
    assert 0.0 <= weights["s2"] < 0.2


def test_condensed_impressions_give_the_same_fit_in_fewer_sets() -> None:
    rng = np.random.default_rng(5)
    world = World.of(rng, 4, categories=2)
    label = np.eye(2)[rng.integers(0, 2, 3_000)]
    seen = world.visit(rng, 3_000, 1, shopper=label, taste=[0.0, 0.5])
    cells = seen.condense()
    assert cells.sets == 4 * 4 * 2
    assert cells.weight.sum() == 3_000
    assert cells.bought.sum() == seen.bought.sum()
    # An id apart keeps sets from being added up.
    kept = replace(seen, day=np.arange(3_000) % 2 * 1e-9 + 0.0)
    assert fit_choice(kept).at.item == pytest.approx(fit_choice(cells).at.item, abs=1e-9)


def test_slopes_are_not_biased_where_little_is_known_of_each() -> None:
    """Without the volume's derivative the mean log slope comes out some hundredths too high."""
    rng = np.random.default_rng(6)
    far = []
    for _ in range(6):
        world = World.of(rng, 60, categories=1)
        seen = world.visit(rng, 1_200, 1, weight=12, together=False)
        fit = fit_choice(seen)
        far.append(fit.at.all[1] - np.log(world.slope).mean())
    assert np.mean(far) == pytest.approx(0.0, abs=0.06)


def test_an_update_is_close_to_a_refit() -> None:
    rng = np.random.default_rng(7)
    world = World.of(rng, 24, categories=4, families=2)
    world_now = replace(world, level=world.level + np.where(world.category == 0, 0.5, 0.0))
    old = world.visit(rng, 4_000, 3, weight=5)
    new = world_now.visit(rng, 200, 3, weight=5)
    night = fit_choice(old)
    later, refit = update_choice(night, new), fit_choice(old.join(new), start=night)
    sd = np.sqrt(np.stack([refit.doubt.item[:, 0, 0], refit.doubt.item[:, 1, 1]], axis=1))
    away = (later.at.item - refit.at.item) / sd
    assert np.abs(away).max() < 0.2
    assert np.abs((night.at.item - refit.at.item) / sd).max() > 0.8
    assert later.doubt.item[:, 1, 1] == pytest.approx(refit.doubt.item[:, 1, 1], rel=0.12)
    # What was read from arrays updates alike; a good nobody knew waits for the night.
    stranger = replace(new, item=np.where(new.item == 0, 999, new.item))
    again = update_choice(read_fit(pack_fit(night)), new)
    assert again.at.item == pytest.approx(later.at.item, abs=1e-9)
    assert update_choice(night, stranger).tree is night.tree


def test_weekly_slopes_are_believed_as_far_as_impressions_agree() -> None:
    rng = np.random.default_rng(8)
    world = World.of(rng, 40, categories=4)
    world = replace(world, slope=np.exp(rng.normal(np.log(3.0), 0.5, 40)))
    seen = world.visit(rng, 3_000, 2, weight=5)
    good = np.exp(0.5 + np.log(world.slope) + rng.normal(0.0, 0.1, 40))
    for weekly, low, high in ((good, 0.6, 1.0), (rng.permutation(good), 0.0, 0.35)):
        told = Weekly.of(np.arange(40), world.family, weekly, 0.0)
        fit = fit_choice(seen, weekly=told)
        assert low <= fit.trust <= high
    # Products that nobody saw follow the weekly sales, less what all are off by.
    few = fit_choice(
        seen.take_sets(seen.item.reshape(-1, 2).max(axis=1) < 30),
        weekly=Weekly.of(np.arange(40), world.family, good, 0.0),
    )
    ids = np.arange(30, 40)
    value, _, depth = few.coefficients(ids, world.category[ids], world.family[ids])
    assert (depth > 0).all()
    assert np.corrcoef(value[:, 1], np.log(world.slope[ids]))[0, 1] > 0.9
    assert np.mean(value[:, 1] - np.log(world.slope[ids])) == pytest.approx(0.0, abs=0.25)


def test_without_impressions_goods_have_the_prior() -> None:
    prior = replace(SlopePrior.nothing(), mean=0.75, doubt=0.62)
    fit = fit_choice(Impressions.nothing(), prior=prior)
    one = np.array([5])
    value, doubt, depth = fit.coefficients(one, one, one)
    assert depth.tolist() == [3]
    assert value[0, 1] == pytest.approx(prior.mean)
    assert doubt[0, 1, 1] > prior.doubt**2


def test_impressions_say_what_is_wrong_with_them() -> None:
    def make(**more: object) -> Impressions:
        given = {
            "set_id": [0, 0],
            "item": [1, 2],
            "category": [1, 1],
            "family": [1, 1],
            "log_price": [0.0, 0.0],
            "bought": [1.0, 0.0],
        }
        return Impressions.of(**given | more)

    for more, sentence in (
        ({"item": [1, 1]}, "same item twice"),
        ({"bought": [1.0, 1.0]}, "nor more than the visits"),
        ({"log_price": [0.0, np.inf]}, "log_price must be finite"),
        ({"colour": [1.0, 1.0]}, "unknown columns: colour"),
    ):
        with pytest.raises(ValueError, match=sentence):
            make(**more)
    with pytest.raises(ValueError, match="do not join"):
        make().join(Impressions.nothing(Columns(goods=("a",))))
