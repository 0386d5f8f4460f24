"""docs/evaluation.md is true: its tables name what there is, its examples run."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from django.core.management import call_command

from shop.lab.agents import AGENTS, SHIPPED
from shop.lab.worlds import WORLDS
from tests.statistical.lab.documented import TEXT, read_table

pytestmark = pytest.mark.statistical
POLICY, MARKET = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)


def test_the_tables_name_all_markets_and_agents() -> None:
    assert [row["market"] for row in read_table("The markets")] == list(WORLDS)
    assert [row["agent"] for row in read_table("The agents")] == [SHIPPED, *list(AGENTS)[1:]]


def test_the_policy_of_the_example_is_judged_and_learns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rungs.py").write_text(POLICY)
    monkeypatch.syspath_prepend(str(tmp_path))
    call_command(
        "evaluate_pricing",
        *("--worlds", "constant_elasticity", "--agents", "beta_ts", "--policy", "rungs:Rungs"),
        *("--seeds", "1", "--visits", "20000", "--warm", "--processes", "1"),
        *("--out", str(tmp_path)),
    )
    shown = capsys.readouterr().out
    (line,) = [line for line in shown.splitlines() if line.startswith("│ Rungs")]
    gain = float(line.split("│")[5])
    assert 0.2 < gain < 1.0


def test_the_market_of_the_example_pays_more_than_public_prices(
    capsys: pytest.CaptureFixture[str],
) -> None:
    space: dict[str, object] = {}
    exec(compile(MARKET, "docs/evaluation.md", "exec"), space)  # noqa: S102 - our own document
    told = float(capsys.readouterr().out.split()[0])
    # What public prices earn: the example's own choice model at ratio 1.
    taste = np.random.default_rng(2).normal(size=200_000)
    v = np.exp(-1.5 + 0.5 * taste)
    usual = float(np.mean(v / (1 + 2 * v))) * (2.4 + 1.5)
    assert told > 1.05 * usual
    assert np.all(np.asarray(space["prices"]) <= np.asarray(space["public"]) + 1e-12)


@pytest.mark.parametrize("example", [POLICY, MARKET])
def test_the_examples_are_short(example: str) -> None:
    lines = [line for line in example.splitlines() if line.strip()]
    own = [line for line in lines if not re.match(r"\s*(import|from|class|def|print)\b", line)]
    assert len(own) <= 12
