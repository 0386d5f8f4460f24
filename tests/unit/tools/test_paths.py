"""The state folder is made by whoever needs it first."""

from pathlib import Path

import pytest

from tools.paths import log_dir


def test_an_install_may_be_the_first_to_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path / "new" / "state"))
    with open(log_dir() / "install.log", "a") as log:
        log.write("$ apt-get install chromium\n")
    assert log_dir() == tmp_path / "new" / "state" / "logs"
    assert log_dir().stat().st_mode & 0o777 == 0o700
