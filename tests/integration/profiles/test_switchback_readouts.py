"""Clusters of products turn by turn: the effect, its guards, and what was served of their turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import numpy as np
import pytest

from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk
from profiles.experiments.selectors import cell_guards as experiment_cell_guards
from profiles.experiments.selectors.cells import (
    find_public_arms,
    load_cells,
    load_period,
    read_switchback,
)
from profiles.experiments.selectors.experiments import LoadServed, Served
from profiles.experiments.services.drafts import ArmPlan, save_draft, set_clusters
from profiles.experiments.services.experiments import start_experiment
from profiles.experiments.services.readouts import read_experiment
from profiles.models import Experiment
from profiles.recommend.core.products import SimilarityModel
from tests.factories.experiments import PLAIN, make_draft, order_rows, serve_as_drawn, somebody_else
from tests.factories.profiles import BRIE, CHEDDAR, EVERYTHING, GOUDA, MERLOT, NOON, RYE

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog", "forgetful")]
GOODS = list(range(5_000, 5_024))
BESIDE = list(range(6_000, 6_024))
OVER = NOON + timedelta(days=16, hours=3)
type Sale = tuple[int, int]


def switchback(**changes: Any) -> int:
    known: dict[str, Any] = {
        "code": "cheese-down",
        "subject": "public_prices",
        "unit": "cluster",
        "primary_metric": "revenue_per_shopper",
        "guards": {},
        "period_days": 2,
        "wash_out_days": 1,
        "planned_days": 16,
        "arms": (PLAIN, ArmPlan("lower", 0.5, name="5 % less", price_factor=0.95)),
    }
    return save_draft(draft=make_draft(**(known | changes)), by_id=None, now=NOON)


def begin(**changes: Any) -> int:
    """Start an experiment with 24 products, each a cluster of its own, under a fixed salt."""
    found = switchback(**changes)
    assert set_clusters(experiment_id=found, variant_ids=GOODS) == 24
    Experiment.objects.filter(pk=found).update(salt="cheese")
    start_experiment(experiment_id=found, now=NOON, by_id=somebody_else())
    return found


@dataclass(frozen=True)
class Trade:
    """How much is sold a day, what a lower price makes of it, and how much of it comes back."""

    lift: float = 1.0
    beside: float = 1.0
    back: float = 0.0


def trade(found: Trade, days: range = range(-28, 16), seed: int = 4) -> None:
    """Sell every good once a day in a season that lifts everything, and what goes with it."""
    (buyer,) = load_shoppers_bulk(
        rows=[("buyer", None)], market_code="us", consents=EVERYTHING, now=NOON
    ).values()
    rng, rows = np.random.default_rng(seed), list[str]()
    for day in days:
        at = NOON + timedelta(days=day, hours=2)
        arms = find_public_arms(now=at) if day >= 0 else {}
        assert all(arm.price_factor <= 1.0 for arm in arms.values())
        for good, other in zip(GOODS, BESIDE, strict=True):
            is_low = day >= 0 and arms[good].arm == "lower"
            paid = 1_000 + 20 * day + rng.normal(0.0, 30.0)
            rows += order_rows(buyer, at, round(paid * (found.lift if is_low else 1.0)), rng, good)
            near = round(500 * (found.beside if is_low else 1.0) + rng.normal(0.0, 15.0))
            rows += order_rows(buyer, at, near, rng, other)
            if day >= 0 and rng.random() < (found.back if is_low else 0.1):
                line = UUID(int=int.from_bytes(rng.bytes(16)))
                rows.append(f"{line},{at.isoformat()},{buyer},return,{good},1,1,1,f,R{line},online")
    load_events_bulk(csv_chunks=(r.encode() + b"\n" for r in rows), source="test", now=NOON)


def read(found: int, load_served: LoadServed = serve_as_drawn) -> dict[str, Any]:
    return read_experiment(experiment_id=found, now=OVER, load_served=load_served)


def test_public_prices_turn_by_turn_from_cells_to_the_effect() -> None:
    found = begin()
    trade(Trade(lift=1.2))
    figures = read(found)
    assert (figures["kind"], figures["verdict"], figures["leaks"]) == ("clusters", "wins", False)
    assert (figures["clusters"], figures["pairs"]) == (24, 96)
    # A fifth of sales that are 28 days of season above their level before.
    assert figures["low"] < 0.2 * (1_000 + 20 * 7.5) / (1_000 - 20 * 14.5) < figures["high"]
    balance = figures["served"]
    assert (balance["fault"], balance["coins"], balance["astray"]) == ("", 96, [0.0, 0.0])


def test_a_guard_that_is_certainly_broken_stops_the_experiment() -> None:
    found = begin(guards={"return_rate": 0.5, "margin_per_shopper": 0.1})
    trade(Trade(lift=1.2, back=0.9))
    figures = read(found)
    assert figures["verdict"] == "harmed"
    by_metric = {one["metric"]: one for one in figures["guards"]}
    assert {code: one["is_harmed"] for code, one in by_metric.items()} == {
        "return_rate": True,
        "margin_per_shopper": False,
    }
    assert by_metric["return_rate"]["arm"] == "lower"
    # .9 against .1 of pieces, over .5 of both together; coins that fell unevenly blur it.
    assert by_metric["return_rate"]["relative"] == pytest.approx(1.6, abs=0.3)
    row = Experiment.objects.get(pk=found)
    assert (row.state, row.stop_reason) == ("stopped", "harmed")
    assert find_public_arms(now=OVER) == {}


def test_guards_take_a_fifth_of_what_it_may_err() -> None:
    """The same sales with a guard promised: the same effect, and wider bounds."""
    row = Experiment.objects.get(pk=begin())
    trade(Trade(lift=1.2))
    cells = load_cells(row, load_period(row, now=OVER))
    plain = read_switchback(row, cells)
    row.registration |= {"guards": {"units_per_shopper": 0.1}}
    guarded = read_switchback(row, cells)
    assert guarded.effect == plain.effect
    assert guarded.low < plain.low < plain.high < guarded.high


def test_goods_beside_the_experiment_are_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each good goes with one outside: where it is cheaper, that one sells a third less."""
    model = SimilarityModel(
        variant_id=np.array([*GOODS, *BESIDE]),
        neighbor=np.arange(24, 48, dtype=np.int32)[np.arange(48) % 24][:, None],
        weight=np.where(np.arange(48) < 24, 1.0, 0.0).astype(np.float32)[:, None],
    )
    for place in ("cell_guards", "cells"):
        monkeypatch.setattr(
            f"profiles.experiments.selectors.{place}.get_similarity_model", lambda: model
        )
    found = begin(guards={"neighbor_revenue": 0.1})
    trade(Trade(beside=0.67))
    figures = read(found)
    (guard,) = figures["guards"]
    assert (figures["verdict"], guard["is_harmed"]) == ("harmed", True)
    assert guard["relative"] == pytest.approx(-0.33, abs=0.03)


def test_hours_sold_out_are_guarded(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cheaper arm is sold out for six hours of every day, the plain one for one."""

    def sold_out(variants: Any, *, start: Any, until: Any) -> dict[tuple[int, int], float]:
        assert ([*variants], start, until) == (GOODS, NOON, NOON + timedelta(days=16))
        return {
            (good, day): 6.0 if arm.arm == "lower" else 1.0
            for day in range(16)
            for good, arm in find_public_arms(now=NOON + timedelta(days=day)).items()
        }

    monkeypatch.setattr(experiment_cell_guards, "load_sold_out_hours", sold_out)
    found = begin(guards={"stock_out_share": 0.5})
    trade(Trade())
    (guard,) = read(found)["guards"]
    assert (guard["is_harmed"], guard["relative"]) == (True, pytest.approx(5.0 / 3.5, abs=0.1))


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        # The book of every second turn was not published.
        (lambda told: replace(told, hours=[h for h in told.hours if h.turn % 2 == 0]), "hours"),
        # A third of the prices stayed as in the turn before.
        (
            lambda told: replace(told, hours=[replace(h, is_drawn=False) for h in told.hours]),
            "hours",
        ),
        # Staff held a third of the prices: that is told, and no fault.
        (
            lambda told: replace(
                told, hours=[replace(h, is_held=h.cluster % 3 == 0) for h in told.hours]
            ),
            "",
        ),
        # Impressions of the cheaper arm get lost by half.
        (
            lambda told: replace(
                told,
                looks={
                    (h.cluster, 2 * h.turn + 1): 40.0 + h.cluster if h.is_treated else 90.0
                    for h in told.hours
                },
            ),
            "looks",
        ),
    ],
)
def test_turns_that_were_not_served_as_drawn_stop_it(
    spoil: Callable[[Served], Served], fault: str
) -> None:
    found = begin()
    trade(Trade(lift=1.2))
    figures = read(found, lambda period: spoil(serve_as_drawn(period)))
    assert figures["served"]["fault"] == fault
    row = Experiment.objects.get(pk=found)
    assert (row.state, row.stop_reason) == ("stopped", "mismatch" if fault else "completed")
    assert figures["verdict"] == ("mismatch" if fault else "wins")


def test_goods_are_clustered_before_public_prices_move() -> None:
    found = switchback()
    with pytest.raises(Exception, match="Choose the products"):
        start_experiment(experiment_id=found, now=NOON, by_id=somebody_else())
    assert set_clusters(experiment_id=found, variant_ids=[CHEDDAR, GOUDA, BRIE, RYE, MERLOT]) == 5
    start_experiment(experiment_id=found, now=NOON, by_id=somebody_else())
    other = switchback(code="again")
    set_clusters(experiment_id=other, variant_ids=[RYE])
    with pytest.raises(Exception, match="another experiment"):
        start_experiment(experiment_id=other, now=NOON, by_id=somebody_else())
