"""What is kept between nights: each window once, and nothing of before a merchant's new price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.demand.core.choice import Impressions
from pricing.demand.core.choice.serve import example_choice
from pricing.learning.core.minutes import Alarms
from pricing.learning.core.shown import COLUMNS
from pricing.learning.core.since import Delays, Settled, Since
from pricing.learning.core.taught import View, Views

ANCHORS = {7: 400, 8: 300}


def show(*variants: int) -> Impressions:
    """Return a visit to each of some products."""
    none, count = np.zeros(len(variants)), len(variants)
    return Impressions.of(
        set_id=np.arange(count), item=variants, category=none, family=none, log_price=none,
        bought=none, columns=COLUMNS, shopper=np.ones((count, 1)), public=np.ones((count, 1)),
        goods=np.zeros((count, len(COLUMNS.goods))),
        response=np.zeros((count, len(COLUMNS.response))),
    )  # fmt: skip


def known() -> Since:
    return Since(0).add(show(7, 8), ANCHORS, 10).add(show(7), {7: 400}, 20)


def test_a_night_takes_the_windows_that_ended_after_it() -> None:
    since = known()
    assert [len(since.after(moment, ANCHORS)) for moment in (0, 9, 10, 19, 20)] == [3, 3, 1, 1, 0]
    later = since.forget(10)
    assert (later.begin_ms, later.after(0, ANCHORS).item.tolist()) == (10, [7])


def test_looks_before_a_merchants_new_price_are_dropped() -> None:
    since = known().add(show(7, 9), {7: 380, 9: 100}, 30)
    assert since.seen.item.tolist() == [8, 7, 9]
    assert since.ends_ms.tolist() == [10, 30, 30]
    # The night knew the old price of 7: what was seen at the new one waits for the next.
    assert since.after(0, ANCHORS).item.tolist() == [8, 9]
    assert since.after(0, ANCHORS | {7: 380}).item.tolist() == [8, 7, 9]


def test_arrays_hold_all_of_it() -> None:
    delays = Delays.unknown().after(np.array([5.0]))
    settled = Settled(known(), delays, Alarms.nothing(), 4)
    again = Settled.from_arrays(settled.arrays())
    assert again.fit == 4
    assert again.since.begin_ms == 0
    assert again.since.anchors == ANCHORS
    assert again.since.ends_ms.tolist() == [10, 10, 20]
    for name, one in settled.since.seen.arrays().items():
        assert np.array_equal(again.since.seen.arrays()[name], one, equal_nan=one.dtype.kind == "f")
    assert again.delays.count[5] == 1.0


def test_a_view_is_laid_over_the_night_it_is_of() -> None:
    night = example_choice()
    now = replace(night, elasticity=night.elasticity + 0.5)
    view = View.of(3, night, now).join(View.of(4, night, night))
    again = Views.from_arrays(replace(Views.nothing(), view=view).arrays()).view
    assert again.lay(3, night).elasticity.tolist() == now.elasticity.tolist()
    assert again.lay(4, night) is night
