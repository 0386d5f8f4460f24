"""A browser is found by name; without one CI fails, and everybody else is told."""

from pathlib import Path

import pytest

from tools import browser
from tools.console import Refusal


@pytest.fixture
def bare_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine whose PATH is one empty folder, with no right to install anything."""
    for name in ("CHROMIUM", "CI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(browser, "MAC_PROGRAMS", ())
    monkeypatch.setattr("os.geteuid", lambda: 1_000)
    return tmp_path


def put(path: Path) -> Path:
    """An executable file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o755)
    return path


def test_chromium_is_preferred_to_chrome(bare_machine: Path) -> None:
    put(bare_machine / "google-chrome")
    chromium = put(bare_machine / "chromium")
    assert browser.find_browser() == chromium


def test_the_named_browser_wins(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(bare_machine / "chromium")
    named = put(bare_machine / "my browser")
    monkeypatch.setenv("CHROMIUM", str(named))
    assert browser.find_browser() == named


def test_a_named_browser_that_is_none_is_refused(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", str(bare_machine / "nowhere"))
    with pytest.raises(Refusal, match="is not a program"):
        browser.find_browser()


def test_playwrights_own_download_is_found(bare_machine: Path) -> None:
    own = put(bare_machine / ".cache/ms-playwright/chromium-1200/chrome-linux/chrome")
    assert browser.find_browser() == own


def test_without_a_browser_people_are_told_and_ci_fails(
    bare_machine: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert browser.ensure_browser() is None
    assert "the browser tests are skipped" in capsys.readouterr().out
    monkeypatch.setenv("CI", "true")
    with pytest.raises(Refusal, match="CI needs a browser"):
        browser.ensure_browser()
