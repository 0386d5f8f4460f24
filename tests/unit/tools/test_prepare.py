"""Steps of the set-up that need nothing of each other run at the same time."""

from __future__ import annotations

from pathlib import Path
from threading import Barrier
from types import SimpleNamespace
from typing import Any

import pytest

from tools import prepare
from tools.prepare import Step, group_steps

LEARN, NAME, SELL = Step("learn", ("a",)), Step("name", ("b",), beside=True), Step("sell", ("c",))


def test_a_step_beside_joins_the_one_before() -> None:
    assert group_steps([LEARN, NAME, SELL]) == [[(1, LEARN), (2, NAME)], [(3, SELL)]]


def test_steps_of_a_group_run_together_and_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, done = Barrier(2, timeout=10), []

    def run(step: Step, _environment: Any) -> None:
        if step is not SELL:
            both.wait()
        done.append(step.label)

    monkeypatch.setattr(prepare, "run_step", run)
    monkeypatch.setattr(prepare, "list_steps", lambda _environment: [LEARN, NAME, SELL])
    monkeypatch.setattr(prepare, "start_static", lambda _environment: None)
    services: Any = SimpleNamespace(home=tmp_path, identity=lambda: "one database")
    for _ in range(2):
        prepare.prepare(services, {})
    assert sorted(done[:2]) == ["learn", "name"]
    assert done[2:] == ["sell"]
