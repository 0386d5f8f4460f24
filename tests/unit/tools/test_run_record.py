"""One demo for each folder, and a record that tells scripts where it is."""

import os
from pathlib import Path

import pytest

from tools.prepare import Stamps
from tools.run_record import (
    Addresses,
    demo_holder,
    hold_demo,
    read_record,
    record_path,
    remove_record,
    write_record,
)


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path / "state"))


def test_the_second_demo_of_a_folder_learns_of_the_first() -> None:
    with hold_demo() as first:
        assert first is not None
        assert demo_holder() == os.getpid()
        with hold_demo() as second:
            assert second is None
    assert demo_holder() is None


def test_a_handed_over_lock_never_lies_open_between() -> None:
    with hold_demo() as first:
        assert first is not None
        with hold_demo(os.dup(first)) as inherited:
            assert inherited is not None
        assert demo_holder() == os.getpid()


def test_the_record_holds_passwords_so_only_its_owner_reads_it() -> None:
    with hold_demo():
        write_record({"store": "http://localhost:8000/"})
    assert record_path().stat().st_mode & 0o777 == 0o600
    assert read_record() == {"store": "http://localhost:8000/"}
    remove_record()
    assert read_record() == {}


def test_addresses_are_those_of_the_port() -> None:
    assert Addresses.at("127.0.0.1", 8001).as_dict() == {
        "store": "http://localhost:8001/",
        "admin": "http://localhost:8001/admin/",
        "api_docs": "http://localhost:8001/api/v1/docs/",
        "metrics": "http://localhost:8001/metrics",
    }
    assert Addresses.at("10.0.0.7", 80).store == "http://10.0.0.7:80/"


def test_a_step_is_done_only_from_the_same_inputs(tmp_path: Path) -> None:
    stamps = Stamps(tmp_path / "prepared.json")
    stamps.put("migrate", "one")
    again = Stamps(tmp_path / "prepared.json")
    assert again.has("migrate", "one")
    assert not again.has("migrate", "two")
    assert not again.has("import", "one")


def test_a_torn_stamp_file_means_nothing_was_done(tmp_path: Path) -> None:
    (tmp_path / "prepared.json").write_text('{"migrate": "o')
    assert not Stamps(tmp_path / "prepared.json").has("migrate", "o")
