"""`./dev test --ahead` takes days or a moment, and sets the clock of what it starts."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tools import clock
from tools.console import Refusal

NOW = datetime(2027, 1, 30, 23, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("word", "ahead"),
    [
        ("40", timedelta(days=40)),
        ("-2", timedelta(days=-2)),
        ("2027-01-31", timedelta(minutes=30)),
        ("2027-03-28T00:30", timedelta(days=56, hours=1)),
        ("2027-03-28T02:30+02:00", timedelta(days=56, hours=1)),
    ],
)
def test_days_and_moments_are_ahead(word: str, ahead: timedelta) -> None:
    assert clock.take_ahead(["-q", "--ahead", word, "-x"], now=NOW) == (ahead, ["-q", "-x"])


def test_without_the_word_the_clock_stays() -> None:
    assert clock.take_ahead(["-q"], now=NOW) == (None, ["-q"])


@pytest.mark.parametrize("words", [["--ahead"], ["--ahead", "tomorrow"]])
def test_another_word_is_refused(words: list[str]) -> None:
    with pytest.raises(Refusal, match="takes days or a moment"):
        clock.take_ahead(words, now=NOW)


def test_a_later_clock_has_its_own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = tmp_path / "x86_64/faketime/libfaketimeMT.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    monkeypatch.setattr(clock, "SYSTEM_LIBRARIES", tmp_path)
    monkeypatch.setattr(os, "environ", {"FAIRTAG_STATE": "today"})
    with clock.clock_ahead(timedelta(days=-1, hours=1)):
        state = Path(os.environ["FAIRTAG_STATE"])
        assert state.is_dir()
        assert os.environ["FAKETIME"] == "-82800"
        assert os.environ["LD_PRELOAD"] == str(library)
        assert set(clock.VARIABLES) < set(os.environ)
    assert not state.exists()


def test_without_the_library_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "SYSTEM_LIBRARIES", tmp_path)
    monkeypatch.setattr(clock, "may_install", lambda: False)
    with (
        pytest.raises(Refusal, match="apt-get install libfaketime"),
        clock.clock_ahead(timedelta()),
    ):
        pytest.fail("the clock is not ahead")
