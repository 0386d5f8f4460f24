"""Trouble is one clear sentence: what, where, and what to do."""

from pathlib import Path

import pytest

from tools import demo
from tools.console import Refusal
from tools.postgres import explain_failure
from tools.prepare import explain, find_reason
from tools.server_addresses import ask_identity, ask_redis, hide_password


def test_a_full_disk_is_named_whoever_met_it() -> None:
    home = Path("/data")
    from_server = explain_failure("PostgreSQL", "FATAL: No space left on device\n", home)
    from_command = explain("import_journey", "psycopg.errors.DiskFull: could not", Path("/log"))
    assert str(from_server) == "The disk that holds /data is full: PostgreSQL could not write."
    assert str(from_command) == "The disk is full: import_journey could not write (see /log)."


def test_a_failed_command_says_its_last_line() -> None:
    said = "Traceback\n  File x\nValueError: row 3 of prices.csv has no amount\n"
    assert str(explain("import_journey", said, Path("/log"))) == (
        "import_journey failed: ValueError: row 3 of prices.csv has no amount"
        " (the whole story is in /log)"
    )


def test_the_reason_of_a_stack_is_the_exception_under_it() -> None:
    said = (
        "Traceback (most recent call last):\n"
        '  File "a.py", line 1, in f\n    g()\n    ~^^\n'
        "duckdb.CatalogException: Table x does not exist!\nDid you mean y?\n\n"
        "LINE 1: select\n        ^^^\n"
    )
    assert find_reason(said) == "duckdb.CatalogException: Table x does not exist!"
    assert find_reason("warning: old\nerror: SECRET_KEY is not set.\n") == "SECRET_KEY is not set."
    assert find_reason("CommandError: prices.csv, row 3: no amount\n") == (
        "prices.csv, row 3: no amount"
    )
    assert find_reason("\n") == "it said nothing"


def test_a_password_is_never_shown() -> None:
    assert hide_password("redis://:geheim@host:6379/0") == "redis://:***@host:6379/0"
    assert hide_password("postgresql://anna@host/x") == "postgresql://anna@host/x"


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("mysql://anna@host/x", "it starts with mysql://"),
        ("host/x", "it starts with something else"),
        ("", "it starts with something else"),
    ],
)
def test_a_database_of_another_kind_is_refused(url: str, told: str) -> None:
    with pytest.raises(Refusal, match=told):
        ask_identity(url)


def test_a_redis_of_another_kind_is_refused() -> None:
    with pytest.raises(Refusal, match=r"REDIS_URL must start with redis://, it starts with http"):
        ask_redis("http://host")


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1", "8000 "])
def test_a_port_that_is_none_is_refused(port: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", port)
    with pytest.raises(Refusal, match="is not a port number"):
        demo.read_port()


def test_the_port_is_8000_unless_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PORT", raising=False)
    assert demo.read_port() == 8000
    monkeypatch.setenv("PORT", "8321")
    assert demo.read_port() == 8321
