"""Between nights the night's fit takes in impressions and purchases: within a minute, each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pytest_django import DjangoAssertNumQueries

from pricing.api import turn_price_shocks
from pricing.base.core.values import FloatArray
from pricing.demand.core.choice import Columns, Impressions, add_usual, fit_choice
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.impression_fits import LookFit
from pricing.demand.selectors.versions import load_active_model
from pricing.learning.core.since import Since
from pricing.learning.models.learning import ModelRamp, OnlineEvidence
from pricing.learning.selectors.evidence import (
    add_evidence,
    list_learned,
    newest_evidence,
    read_settled,
    read_views,
)
from pricing.learning.selectors.impression_fits import pack_choice, read_night
from pricing.learning.services import impression_fits
from pricing.learning.services.impression_counts import drain_looks
from pricing.learning.services.impression_fits import (
    fit_everywhere,
    keep_impressions,
    learn_from_looks,
)
from pricing.learning.services.learning import learn_online
from pricing.rollout.selectors.staff_learning import list_evidence
from shop.ground.catalog.models import Category
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays
from tests.factories.looks import fill_shelves, look_and_buy
from tests.factories.pricing import make_model
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
NIGHT = MONDAY + timedelta(hours=21)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    return NIGHT + minutes * MINUTE


def believe(teas: list[int]) -> tuple[FloatArray, FloatArray]:
    """Return mean and sd of the elasticities that prices are made of."""
    known = add_evidence(load_active_model(), PLACE)
    assert known is not None
    family = np.full(len(teas), Category.objects.get(depth=0).pk)
    mean, sd, _ = known[1].elasticities(np.array(sorted(teas)), family)
    return mean, sd


def count_since() -> int:
    """Return how many sets were shown since the night."""
    known = read_settled(current())
    assert known is not None
    return known.since.seen.sets


def current() -> OnlineEvidence:
    return OnlineEvidence.objects.get(is_current=True)


@pytest.fixture
def teas() -> list[int]:
    """A tea shop after its first night, on a Monday at nine in the evening."""
    known = make_teas(6)
    open_tea_shop(known)
    fill_shelves(known)
    look_and_buy(known, MONDAY - 30 * MINUTE, dict.fromkeys(known, 4))
    turn_price_shocks(now=MONDAY)
    look_and_buy(known, MONDAY + 5 * MINUTE, dict.fromkeys(known, 3))
    drain_looks()
    learn_online(now=NIGHT)
    assert learn_from_looks(now=NIGHT) == 1
    return known


def test_looks_count_once_in_a_fit_or_within_a_minute(
    teas: list[int], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    night = believe(teas)
    learn_online(now=at(1))
    assert [one.tolist() for one in believe(teas)] == [one.tolist() for one in night]
    seen = newest_evidence(PLACE)
    # One tea sells in each of twelve looks, the others never.
    keen = min(teas)
    look_and_buy(teas, at(2), dict.fromkeys(teas, 0) | {keen: 12})
    drain_looks()
    report = learn_online(now=at(4))
    assert (report.pending, report.pending_purchases) == (12 * len(teas), 12)
    open_now = believe(teas)
    # Doubt is about the log: of a steeper slope the same share is more.
    assert (open_now[1] / open_now[0] < night[1] / night[0]).all()
    assert report.moved == len(list_learned(place=PLACE, after=seen)) > 0
    assert count_since() == 0  # open impressions are made anew on top of what is settled
    # Once over it counts for good, the same in one run as in many.
    many = [learn_online(now=at(minutes)) for minutes in (60, 100, 152, 153)]
    assert [one.exposures for one in many] == [0, 0, 12 * len(teas), 0]
    settled = believe(teas)
    assert not np.array_equal(settled[0], night[0])
    row = current()
    assert (row.exposures, row.pending_exposures) == (12 * len(teas), 0)
    # What was kept in another form is read again.
    OnlineEvidence.objects.filter(pk=row.pk).update(arrays=b"", pending_arrays=None)
    with django_assert_max_num_queries(60):
        learn_online(now=at(154))
    again = believe(teas)
    assert again[0] == pytest.approx(settled[0], rel=1e-9)
    assert again[1] == pytest.approx(settled[1], rel=1e-9)
    assert count_since() > 0
    expect_the_next_night_to_take_over(teas)


def expect_the_next_night_to_take_over(teas: list[int]) -> None:
    """Nothing counts beside it; what staff read is counted since learning began all the same."""
    assert learn_from_looks(now=at(155)) == 1
    night = believe(teas)
    learn_online(now=at(156))
    assert count_since() == 0
    assert [one.tolist() for one in believe(teas)] == [one.tolist() for one in night]
    assert current().metrics["fits"] == [LookFit.objects.order_by("-id")[0].pk]
    assert list_evidence()[-1].exposures == 12 * len(teas)


def sell_one_tea(teas: list[int]) -> None:
    """Let one tea sell out of twelve looks ten times, and settle that."""
    look_and_buy(teas, at(2), dict.fromkeys(teas, 0) | {min(teas): 10})
    drain_looks()
    learn_online(now=at(153))


def test_looks_read_again_count_only_for_earlier_fits(teas: list[int]) -> None:
    sell_one_tea(teas)
    used = load_active_model()
    assert used is not None
    tried = make_model(trained_at=at(154))
    for model, status in ((tried.pk, "candidate"), (used[0].id, "active")):
        DemandModelVersion.objects.filter(pk=model).update(status=status)
    ModelRamp.objects.create(model=tried, salt="s", begun_at=at(154))
    assert fit_everywhere(model_id=tried.pk, now=at(155)) == 1
    first, second = LookFit.objects.order_by("id").values_list("pk", flat=True)
    learn_online(now=at(158))
    assert set(read_views(current()).view.fit) == {first}
    OnlineEvidence.objects.update(arrays=b"", pending_arrays=None)
    learn_online(now=at(160))
    assert current().metrics["fits"] == [first, second]
    assert set(read_views(current()).view.fit) == {first}


def test_a_fit_knows_what_another_run_has_kept(
    teas: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    behind = current()
    sell_one_tea(teas)
    ahead = current().watermark
    keep_impressions(until=ahead, now=at(153), place=PLACE)
    with monkeypatch.context() as patch:
        patch.setattr(impression_fits, "find_evidence", lambda _: behind)
        assert learn_from_looks(now=at(154)) == 1
    assert LookFit.objects.latest("id").watermark == ahead > behind.watermark
    learn_online(now=at(155))
    assert count_since() == 0


def test_records_with_other_columns_are_dropped_until_the_next_night(teas: list[int]) -> None:
    sell_one_tea(teas)
    learned, night = believe(teas), LookFit.objects.get()
    settled, other = read_settled(current()), Impressions.nothing(Columns(goods=("gone",)))
    assert settled is not None
    since = Since(settled.since.begin_ms, other)
    store(current(), replace(settled, since=since).arrays())
    learn_online(now=at(154))
    assert believe(teas)[0] == pytest.approx(learned[0], rel=1e-9)
    arrays = unpack_arrays(night.arrays)
    kept = {name: one for name, one in arrays.items() if not name.startswith("choice_")}
    store(night, kept | pack_choice(fit_choice(add_usual(other)[0])))
    read_night.cache_clear()
    learn_online(now=at(155))
    assert current().metrics["fits"] == []
    assert learn_from_looks(now=at(156)) == 1
    learn_online(now=at(157))
    assert current().metrics["fits"] == [LookFit.objects.latest("id").pk]


def store(row: OnlineEvidence | LookFit, arrays: dict[str, NDArray[Any]]) -> None:
    """Put arrays of another form into a row."""
    row.arrays, row.sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.save()
