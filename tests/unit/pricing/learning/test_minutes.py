"""Between nights: what was shown since counts once, on the products that it is about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from pricing.base.core.values import IntArray
from pricing.demand.core.choice import (
    Impressions,
    PricedVariants,
    ServedChoice,
    Usual,
    add_usual,
    update_choice,
    widen_doubt,
)
from pricing.demand.core.served import example_served
from pricing.learning.core.minutes import (
    Alarms,
    RandomizedEvidence,
    find_moved_products,
    learn_minute,
    place_in_fit,
)
from pricing.learning.core.nights import Night, fit_night
from pricing.learning.core.since import Since
from pricing.learning.core.taught import StoredNight, Views, renew_views, teach

ITEMS, DAYS, VISITS = 6, 40, 300
CATEGORY = np.arange(ITEMS) // 2
FAMILY = np.arange(ITEMS) // 4
LEVEL, SLOPE = np.linspace(-2.2, -1.2, ITEMS), np.linspace(2.0, 4.5, ITEMS)


def live(days: range, *, level: float = 0.0, items: int = ITEMS, seed: int = 0) -> Impressions:
    """Return days on which the products of each category were seen together, at drawn prices."""
    rng = np.random.default_rng([seed, days.start])
    item = np.tile(np.arange(items), len(days))
    day = np.repeat(np.array(days), items)
    price = rng.choice([-0.15, 0.0, 0.1], len(item))
    grown = np.exp(LEVEL[item] + level - SLOPE[item] * np.expm1(price))
    sets = day * 10 + CATEGORY[item]
    every = np.unique(sets, return_inverse=True)[1]
    chance = grown / (1.0 + np.bincount(every, grown))[every]
    bought = rng.binomial(VISITS, chance).astype(np.float64)
    visits = np.maximum(VISITS, np.bincount(every, bought))[every]
    return Impressions.of(
        set_id=sets, item=item, category=CATEGORY[item] + 50, family=FAMILY[item] + 90,
        log_price=price, moved=price, bought=bought, weight=visits, day=day,
    )  # fmt: skip


@pytest.fixture(scope="module")
def night() -> Night:
    seen = live(range(DAYS))
    return fit_night(replace(seen, moved=seen.moved * np.nan), weekly=None, start=None, day=DAYS)


def serve(night: Night) -> ServedChoice:
    ids, price = np.arange(ITEMS), np.full(ITEMS, 400.0)
    products = PricedVariants(ids, CATEGORY + 50, FAMILY + 90, price, price, np.full(ITEMS, np.nan))
    nothing = RandomizedEvidence(ids[:0], price[:0])
    return night.serve(products, day=float(DAYS), served=example_served(), chance=nothing)


def test_a_minutes_arrays_follow_the_exact_fit(night: Night) -> None:
    served = serve(night)
    since = place_in_fit(night.fit, live(range(DAYS, DAYS + 2), level=0.4), night.usual)
    later = learn_minute(night.fit, served, since, Alarms.nothing())
    exact = serve(replace(night, fit=update_choice(night.fit, since)))
    assert later.elasticity == pytest.approx(exact.elasticity, rel=0.01)
    assert later.elasticity_sd == pytest.approx(exact.elasticity_sd, rel=0.06)
    assert np.abs(later.elasticity / served.elasticity - 1.0).max() > 0.02
    told = later.elasticity_sd / later.elasticity
    assert (told < served.elasticity_sd / served.elasticity).all()


def test_goods_that_nobody_saw_keep_their_numbers_to_the_bit(night: Night) -> None:
    served = serve(night)
    since = place_in_fit(night.fit, live(range(DAYS, DAYS + 1), items=2), night.usual)
    later = learn_minute(night.fit, served, since, Alarms.nothing())
    assert (later.elasticity[:2] != served.elasticity[:2]).all()
    assert later.elasticity[2:].tolist() == served.elasticity[2:].tolist()
    assert later.elasticity_sd[2:].tolist() == served.elasticity_sd[2:].tolist()
    strangers = live(range(DAYS, DAYS + 1), items=2)
    strangers = replace(strangers, item=strangers.item + 700)
    unknown = place_in_fit(night.fit, strangers, night.usual)
    assert learn_minute(night.fit, served, unknown, Alarms.nothing()) is served


@pytest.mark.parametrize("first", [2, 5, 7])
def test_what_is_usual_goes_on_where_the_night_ended(first: int) -> None:
    """The night may end within a day: its morning stays the morning."""
    seen = live(range(4))
    whole, end = add_usual(seen)
    before, usual = add_usual(seen.take_sets(np.arange(first)))
    usual = Usual.from_arrays(usual.arrays())
    after, again = add_usual(seen.take_sets(np.arange(first, seen.sets)), usual)
    parts = np.concatenate([before.goods, after.goods])
    assert parts == pytest.approx(whole.goods, abs=1e-12)
    assert len(np.unique(whole.goods)) > 3
    assert again.morning == pytest.approx(end.morning, abs=1e-12)


def test_an_alarm_widens_the_doubt_of_its_family(night: Night) -> None:
    alarms = Alarms.nothing()
    for day in range(DAYS, DAYS + 16):
        seen = live(range(day, day + 1), items=4, level=0.7)
        alarms = alarms.hear(night.fit, place_in_fit(night.fit, seen, night.usual))
    alarms = Alarms.from_arrays(alarms.arrays())
    assert alarms.ringing.tolist() == [90]
    wide = widen_doubt(night.fit, alarms.ringing, 4.0)
    ratio = wide.doubt.item[:, 1, 1] / night.fit.doubt.item[:, 1, 1]
    assert ratio[np.argsort(night.fit.tree.item)] == pytest.approx([4.0] * 4 + [1.0] * 2)
    served = serve(night)
    since = place_in_fit(night.fit, live(range(DAYS, DAYS + 1), items=4), night.usual)
    calm, alarmed = (learn_minute(night.fit, served, since, one) for one in (alarms.rest(), alarms))
    assert (alarmed.elasticity_sd[:4] > 1.2 * calm.elasticity_sd[:4]).all()
    assert alarmed.elasticity_sd[4:].tolist() == served.elasticity_sd[4:].tolist()


def test_sales_as_forecast_ring_no_alarm(night: Night) -> None:
    alarms = Alarms.nothing()
    for day in range(DAYS, DAYS + 12):
        seen = place_in_fit(night.fit, live(range(day, day + 1)), night.usual)
        alarms = alarms.hear(night.fit, seen)
    assert alarms.ringing.tolist() == []


def test_forecasts_come_from_the_model_and_slopes_from_looks(night: Night) -> None:
    choice = replace(serve(night), is_causal=np.arange(ITEMS) == 3)
    taught, ids = teach(example_served(), choice, until_ms=0), np.array([3, 7])
    assert taught.base_log.tolist() == example_served().base_log.tolist()
    mean, _, depth = taught.elasticities(ids, np.array([90, 1]))
    assert mean[0] == choice.elasticity[3]
    assert depth.tolist() == [2, 0]
    assert taught.backed_by_chance(ids, np.array([90, 1])).tolist() == [True, False]
    assert taught.siblings_lose(np.array([90])).tolist() == [choice.siblings[0]]
    assert taught.weights == choice.weights


def test_goods_are_priced_anew_once_their_elasticity_moved() -> None:
    mean, sd = np.full(4, 2.0), np.full(4, 0.4)
    now = np.array([2.0, 2.09, 2.11, 2.0]), np.array([0.4, 0.4, 0.4, 0.35])
    assert find_moved_products(now, (mean, sd)).tolist() == [False, False, True, True]


def test_only_goods_beside_new_looks_are_looked_at_again(night: Night) -> None:
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    stored = StoredNight(3, long_ago, night.fit, night.usual, {}, serve(night))
    first = live(range(DAYS, DAYS + 1), items=2)
    more = live(range(DAYS + 1, DAYS + 2)).take_sets(np.array([1]))  # of items 2 and 3

    def renew(before: Views, seen: Impressions, stale: IntArray | None) -> Views:
        since = Since(0, seen, np.full(len(seen), 2**60), {})
        opened = np.zeros(0, dtype=np.int64)
        return renew_views(before, [stored], since, Alarms.nothing(), stale=stale, opened=opened)

    one = renew(Views.nothing(), first, None)
    assert one.view.variant_id.tolist() == [0, 1]
    both = first.join(more)
    # The first products are not looked at, though what is said to be known of them is wrong.
    wrong = replace(one, view=replace(one.view, elasticity=one.view.elasticity + 1.0))
    part, whole = renew(wrong, both, np.array([3, 99])), renew(one, both, None)
    assert part.view.variant_id.tolist() == whole.view.variant_id.tolist() == [0, 1, 2, 3]
    assert part.view.elasticity[:2].tolist() == wrong.view.elasticity.tolist()
    assert part.view.elasticity[2:] == pytest.approx(whole.view.elasticity[2:], rel=1e-3)
    assert part.view.elasticity_sd[2:] == pytest.approx(whole.view.elasticity_sd[2:], rel=1e-3)
    # What the publisher was told stays told until it moves.
    assert part.moved.tolist()[:2] == [0, 1]
    assert renew(part, both, np.array([3])).moved.tolist() == []
