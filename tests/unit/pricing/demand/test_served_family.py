"""Every family can be put into the arrays that serve, with honest doubt and stated losses."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pricing.demand.core.families import CHALLENGERS, CHAMPION
from pricing.demand.core.fitted_family import (
    LARGEST_SD,
    PART_ITEMS,
    FittedFamily,
    fit_family,
    measure_curve,
    read_slopes,
    scatter_of_slopes,
    serve_family,
)
from pricing.demand.core.leaderboard import NOT_COMPARED, ask_board, build_board
from pricing.demand.core.served import ServedDemand, compress_served
from pricing.demand.core.training import TOO_LITTLE, Slot, find_refusal, train
from pricing.demand.core.training_cells import TrainingCells
from pricing.optimum.core.signals import SignalWeights
from tests.unit.pricing.demand.test_training_figures import ITEMS, WEEKS, make_cells

TRUE = 2.0
CELLS = make_cells(1)


def fit(name: str, cells: TrainingCells = CELLS) -> tuple[FittedFamily, ServedDemand]:
    fitted = fit_family(name, cells, WEEKS)
    return fitted, serve_family(fitted, read_slopes(fitted), SignalWeights())


@pytest.mark.parametrize("name", sorted(CHALLENGERS))
def test_every_family_serves_elasticities_whose_doubt_holds_the_truth(name: str) -> None:
    fitted, served = fit(name)
    assert served.variant_id.tolist() == CELLS.variant_id.tolist()
    assert find_refusal(served, {}) == ""
    assert not served.is_causal.any()
    off = np.abs(served.elasticity - TRUE) / served.elasticity_sd
    # The pooled posterior says .05 where items do not differ: the bias of its prior shows then.
    assert np.median(off) < (3.0 if name == "pooled_poisson" else 2.0)
    sold = CELLS.units[:, -4:].sum(axis=1)
    assert np.corrcoef(served.base_log, np.log(sold + 1))[0, 1] > 0.9
    stored, size = compress_served(served)
    assert size["is_compressed"]
    again = ServedDemand.from_arrays(stored)
    np.testing.assert_allclose(again.elasticity, served.elasticity, rtol=1e-6)
    figures = measure_curve(fitted, served)
    assert 0.0 <= figures["curve_error"] < 0.15
    assert figures["model_bytes"] > 0


def test_what_a_family_has_wrong_is_in_its_doubt() -> None:
    fitted = fit_family("linear", CELLS, WEEKS)
    right = scatter_of_slopes(fitted, np.full(ITEMS, TRUE))
    wrong = scatter_of_slopes(fitted, np.full(ITEMS, TRUE + 1.5))
    assert right < 0.3
    # One step of Newton from so far away goes too far.
    assert wrong == pytest.approx(1.5, abs=0.6)
    still = replace(CELLS, price_minor=np.full((ITEMS, WEEKS), 400.0))
    assert scatter_of_slopes(fit_family("linear", still, WEEKS), np.ones(ITEMS)) == LARGEST_SD


def test_a_family_in_parts_learns_every_item_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PART_ITEMS, "linear", 20)
    told: list[str] = []
    fitted = fit_family("linear", CELLS, WEEKS, told.append)
    items = np.concatenate([part.item for part in fitted.parts])
    assert sorted(items.tolist()) == list(range(ITEMS))
    assert told[-1] == "fitting linear, part 4 of 4"
    rows = CELLS.on_sale > 0
    mean, sd, phi = fitted.forecast(rows, CELLS.price_minor)
    assert np.isfinite(mean).all()
    assert (sd > 0).all()
    assert (phi >= 1.0).all()
    assert mean.sum() == pytest.approx(CELLS.units.sum(), rel=0.1)


def test_goods_without_sales_before_take_their_category_elasticity() -> None:
    late = CELLS.on_sale.copy()
    late[3, : WEEKS - 8] = 0.0
    fitted = fit_family("linear", replace(CELLS, on_sale=late), WEEKS - 8)
    served = serve_family(fitted, read_slopes(fitted), SignalWeights())
    assert CELLS.variant_id[3] not in served.variant_id
    family = CELLS.family_id[CELLS.family[[3]]]
    mean, sd, depth = served.elasticities(CELLS.variant_id[[3]], family)
    assert depth.tolist() == [1]
    assert mean[0] == pytest.approx(TRUE, abs=0.5)
    assert sd[0] > 0


def test_a_challenger_states_its_loss_and_the_gates_verdict() -> None:
    trained = train(CELLS, SignalWeights(), lambda _: None, slot=Slot("linear", CHAMPION, None))
    metrics = json.loads(json.dumps(trained.metrics))
    assert trained.refusal == ""
    assert metrics["gate"]["holder"] == "pooled_poisson"
    assert metrics["gate"]["may_take"] is False
    assert "no randomised prices" in metrics["gate"]["reasons"][0]
    lost = metrics["compression"]
    assert lost["deviance_served"] == pytest.approx(lost["deviance_whole"], rel=0.02)
    assert metrics["deviance"] == pytest.approx(lost["deviance_whole"], abs=1e-4)
    assert len(metrics["backtest_weeks"]) == 8
    assert metrics["elasticity_by_department"][0]["elasticity"] == pytest.approx(-TRUE, abs=0.5)


def test_too_little_history_is_refused_in_words() -> None:
    few = replace(
        CELLS,
        **{name: getattr(CELLS, name)[:, :20] for name in ("units", "on_sale", "price_minor")},
    )
    trained = train(few, SignalWeights(), lambda _: None, slot=Slot("trees", CHAMPION, None))
    assert trained.refusal == TOO_LITTLE


def test_the_board_judges_against_whoever_holds_the_slot() -> None:
    board = build_board(make_cells(4), holder="linear")
    assert {row["name"] for row in board} == set(CHALLENGERS)
    assert [row["name"] for row in board if row["is_champion"]] == ["linear"]
    assert ask_board(board, CHAMPION, "linear")["reasons"]
    assert ask_board(board, "linear", "linear")["may_take"]
    assert ask_board([], "trees", "linear")["reasons"] == [NOT_COMPARED]
