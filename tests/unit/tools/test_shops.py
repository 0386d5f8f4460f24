"""Shops that are served apart: each with a state folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.console import Refusal
from tools.paths import base_dir, shop_dir, state_dir
from tools.prepare import list_own_steps
from tools.run_record import hold_demo
from tools.shops import Choice, choose_shop, current_choice


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path / "state"))


def make_folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text("x")
    return path


def test_each_shop_and_the_demo_have_their_own_state(tmp_path: Path) -> None:
    assert state_dir() == base_dir()
    own = make_folder(tmp_path / "My Shop", "products.csv")
    choose_shop(["--source", str(own), "--detach"])
    assert state_dir() == shop_dir(current_choice().name) != base_dir()
    assert current_choice().name.startswith("my-shop-")
    choose_shop(["--empty"])
    assert state_dir() == base_dir() / "shops" / "empty"
    choose_shop([])
    assert state_dir() == base_dir()


def test_another_shop_is_refused_while_one_is_served() -> None:
    with hold_demo() as lock:
        assert lock is not None
        choose_shop([])  # the same one: nothing to choose
        with pytest.raises(Refusal, match="Another shop is being served"):
            choose_shop(["--empty"])
    assert current_choice().is_demo


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ([], "There is no folder"),
        (["notes.txt"], "holds neither products.csv nor products.xlsx"),
        (["products.csv", "products.xlsx"], "holds both products.csv and products.xlsx"),
    ],
)
def test_a_folder_without_one_list_is_refused(
    tmp_path: Path, names: list[str], sentence: str
) -> None:
    folder = make_folder(tmp_path / "shop", *names)
    with pytest.raises(Refusal, match=sentence):
        choose_shop(["--source", str(folder)])
    assert current_choice().is_demo


def test_only_what_a_shop_needs_is_done(tmp_path: Path) -> None:
    assert [step.label for step in list_own_steps(Choice("empty"))] == ["publishing prices"]
    own = make_folder(tmp_path / "a", "products.csv", "pictures/a.png")
    first = list_own_steps(Choice("a", str(own)))
    assert [step.label for step in first] == ["importing the list of products", "publishing prices"]
    assert first[0].command[1:] == (
        str(own / "products.csv"),
        "--keep-going",
        "--accept-prices",
        "--pictures",
        str(own / "pictures"),
    )
    (own / "pictures/a.png").write_text("y")
    assert list_own_steps(Choice("a", str(own)))[0].inputs != first[0].inputs
    make_folder(own, "history/transactions.csv")
    assert [step.label for step in list_own_steps(Choice("a", str(own)))] == [
        "importing the list of products",
        "importing past orders",
        "learning the shoppers",
        "training the demand model",
        "publishing prices",
    ]
