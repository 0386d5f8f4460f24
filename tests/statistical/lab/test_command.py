"""`manage.py evaluate_pricing`: tables, figures, a picture, and agents from outside."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from shop.lab.agents import AGENTS, REFITTED, SHIPPED, OutsideAgent
from shop.lab.baselines import BASELINES
from shop.lab.shop_path import SHOP, SHOP_AT_LIST

SMALL = ("--worlds", "logit", "probit", "--seeds", "2", "--cold", "--visits", "2000")
HERE = ("--processes", "1")
CHEAT = """
import numpy as np
from shop.lab.agent import Proposal

class Cheat:
    def propose(self, context):
        prices = np.tile(context.public_prices * 1.234, (context.shoppers, 1))
        return Proposal(prices, np.ones_like(prices))
    def observe(self, outcomes):
        pass

class Mute:
    pass
"""


@pytest.fixture
def outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of somebody else."""
    (tmp_path / "elsewhere.py").write_text(CHEAT)
    monkeypatch.syspath_prepend(str(tmp_path))


def test_the_command_prints_tables_and_writes_figures_and_a_picture(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "deep" / "reports"
    agents = ("--agents", "static", "beta_ts")
    call_command("evaluate_pricing", *SMALL, *HERE, *agents, "--out", str(folder))
    told = json.loads((folder / "pricing.json").read_text())
    entry = told["worlds"]["logit/cold"]
    assert (entry["seeds"], entry["visits"], entry["best_baseline"]) == (2, 2_000, "static")
    assert entry["agents"]["static"]["gain_share"]["value"] == 0.0
    assert entry["agents"]["beta_ts"]["regret_ratio"]["value"] > 1.0
    assert entry["agents"]["uniform"]["gain_share"]["value"] > 0.5
    assert told["overall"]["static"]["mean"] == 1.0
    assert told["overall"]["beta_ts"]["worst"] >= told["overall"]["beta_ts"]["mean"]
    picture = (folder / "pricing.svg").read_text()
    assert "logit, cold" in picture
    assert "probit, cold" in picture
    shown = capsys.readouterr().out
    assert "best uniform, known" in shown
    assert "Regret / best baseline of each world" in shown


def test_what_the_shop_earns_is_a_table_of_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command(
        "evaluate_pricing",
        *("--worlds", "logit", "--agents", "shop", "shop_at_list", "--visits", "3000"),
        *("--seed-numbers", "4", "6"),
        *(*HERE, "--bounds", "--cold", "--out", str(tmp_path)),
    )
    told = json.loads((tmp_path / "pricing.json").read_text())
    entry, shop, at_list = told["worlds"], told["shop"], told["shop_at_list"]
    score = entry["logit/cold"]["agents"]["shop"]
    row = shop["worlds"]["logit"]
    assert entry["logit/cold"]["seeds"] == 2
    assert row["cold"] == score["gain_share"]
    # Three days are the last forty.
    assert row["cold_late"] == score["gain_late"] == score["gain_share"]
    bounds = [one["worlds"]["logit"]["bounds"]["value"] for one in (at_list, shop)]
    assert 0.5 < bounds[0] < bounds[1]
    assert shop["worst"]["cold"] == {"world": "logit"} | row["cold"]
    assert shop["mean"]["cold"] == row["cold"]["value"]
    assert row["warm"]["value"] != row["warm"]["value"]
    shown = capsys.readouterr().out
    assert "What the shop's own path earns" in shown
    assert "bounds allow" in shown


def test_an_agent_from_outside_is_judged_beside_ours(tmp_path: Path) -> None:
    policy = "shop.lab.baselines.pooled:PooledThompson"
    chosen = ("--agents", "static", "--policy", policy, "--out", str(tmp_path))
    call_command("evaluate_pricing", *SMALL, *HERE, *chosen)
    scores = json.loads((tmp_path / "pricing.json").read_text())["worlds"]["probit/cold"]["agents"]
    assert set(scores) == {"static", "PooledThompson", "uniform"}
    assert scores["PooledThompson"]["gain_share"]["value"] != 0.0


def test_a_calibrated_market_says_so_and_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conversions = []
    for words in ([], ["--calibrated"]):
        call_command(
            "evaluate_pricing",
            *("--worlds", "logit", "--agents", "static", "--seeds", "1", "--cold"),
            *("--visits", "5000", "--processes", "1", "--out", str(tmp_path), *words),
        )
        told = json.loads((tmp_path / "pricing.json").read_text())
        score = told["worlds"]["logit/cold"]["agents"]["uniform"]
        conversions.append(score["conversion"])
        assert ("seeds: 1, calibrated" in capsys.readouterr().out) == bool(words)
    assert conversions[0] != conversions[1]


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--seeds", "0"], "at least 1"),
        (["--seed-numbers", "3", "-1"], "0 or more"),
        (["--agents"], "nobody to judge"),
        (["--policy", "elsewhere:Nobody"], "'elsewhere:Nobody' is no module:Class"),
        (["--policy", "nowhere:Cheat"], "No module named 'nowhere'"),
        (["--policy", "no colon"], "is no module:Class"),
        (["--policy", "elsewhere"], "it cannot be called"),
        (["--policy", "elsewhere:Mute"], "has no method 'propose'"),
        (["--policy", "elsewhere:Cheat", "elsewhere:Cheat"], "Two agents are called Cheat"),
        (
            ["--agents", "--policy", "elsewhere:Cheat", *SMALL, *HERE],
            "rules of the game: Cheat in logit, seed 0: 1000 of 1000 prices proposed are no rung",
        ),
    ],
)
def test_the_command_refuses_what_makes_no_sense(words: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        call_command("evaluate_pricing", *words)


def test_the_shipped_agent_and_every_baseline_can_be_named() -> None:
    assert list(AGENTS) == [SHIPPED, SHOP, SHOP_AT_LIST, *BASELINES, REFITTED]
    one, other = (OutsideAgent("shop.lab.agent:AdaptivePolicy")(seed) for seed in (1, 2))
    assert one is not other
