"""The private servers: one pair for many users, back after kill -9, gone with the last user."""

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from tools import processes, valkey
from tools.accounts import is_reachable
from tools.console import Refusal
from tools.processes import command_line, wait_for
from tools.services import SERVER_PORTS, Services, free_port, is_port_taken


@pytest.fixture
def services(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Services]:
    """A pair of servers that belongs to this test alone."""
    for name in ("DATABASE_URL", "REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    # pytest keeps its folders to itself, and PostgreSQL under root runs as another user.
    for folder in (tmp_path, *tmp_path.parents):
        if "pytest-" in str(folder):
            folder.chmod(0o711)
    assert is_reachable(tmp_path)
    monkeypatch.setenv("FAIRTAG_STATE", str(tmp_path / "with space 中文"))
    own = Services("demo")
    yield own
    own.down()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_what_was_accepted_survives_kill_9_of_both_servers(services: Services) -> None:
    addresses = services.up()
    with psycopg.connect(addresses["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("create table kept as select 7 as number")
    with redis.Redis.from_url(addresses["REDIS_URL"]) as client:
        client.xadd("fairtag:events", {"kind": "view"})
    pids = services.pids()
    for name in ("postgres", "valkey"):
        _kill(pids[name])
    assert wait_for(lambda: not services.look(), 5)

    assert services.up() == addresses
    with psycopg.connect(addresses["DATABASE_URL"]) as connection:
        assert connection.execute("select number from kept").fetchall() == [(7,)]
    with redis.Redis.from_url(addresses["REDIS_URL"]) as client:
        assert client.xlen("fairtag:events") == 1


def test_a_busy_child_of_a_killed_server_ends_too(services: Services) -> None:
    addresses = services.up()
    with psycopg.connect(addresses["DATABASE_URL"]) as connection:
        child = connection.info.backend_pid
        busy = threading.Thread(target=_count_for_ever, args=[connection])
        busy.start()
        assert wait_for(lambda: "SELECT" in command_line(child), 10)
        _kill(services.pids()["postgres"])
        assert not wait_for(lambda: not command_line(child), 1), "it would end by itself"
        assert services.down()
        assert command_line(child) == ""
        busy.join(10)


def _count_for_ever(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    with contextlib.suppress(psycopg.OperationalError):
        connection.execute("select count(*) from generate_series(1, 1e12)")


def test_the_last_user_stops_the_servers(services: Services) -> None:
    with services.in_use():
        with Services("demo").in_use():
            assert services.look()
        assert services.look()
        assert services.is_used()
    assert not services.look()
    assert not services.is_used()


def test_addresses_are_known_before_the_servers_run(services: Services) -> None:
    foretold = services.addresses()
    assert not services.look()
    assert services.up() == foretold


def test_a_mere_holder_starts_no_servers_and_stops_running_ones(
    services: Services,
) -> None:
    with services.held():
        assert services.pids() == {}
    assert not (services.home / "pg").exists()
    with services.held():
        services.up()
    assert not services.look()


def test_a_port_that_another_program_took_is_left_to_it(services: Services) -> None:
    before = services.up()["REDIS_URL"]
    services.down()
    port = int(before.rpartition(":")[2].partition("/")[0])
    with socket.create_server(("127.0.0.1", port)):
        assert is_port_taken(port)
        assert services.up()["REDIS_URL"] != before


def test_a_port_that_dying_children_still_hold_is_waited_for(services: Services) -> None:
    before = services.up()
    services.down()
    port = int(before["REDIS_URL"].rpartition(":")[2].partition("/")[0])
    held = socket.create_server(("127.0.0.1", port))
    release = threading.Timer(0.5, held.close)
    release.start()
    try:
        assert services.up() == before
    finally:
        release.join()


def test_a_drawn_port_is_never_one_that_connections_are_given() -> None:
    assert SERVER_PORTS.stop <= 32_768  # Linux; macOS begins at 49152
    assert {free_port() in SERVER_PORTS for _ in range(50)} == {True}


def test_a_process_id_in_a_stale_file_is_not_believed(services: Services) -> None:
    services.up()
    services.down()
    stale = services.home / "pg/postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{services.home / 'pg'}\n")
    services.up()
    services.down()
    os.kill(os.getpid(), 0)  # we are still here


def test_chinese_words_have_trigrams(services: Services) -> None:
    with psycopg.connect(services.up()["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("create extension pg_trgm")
        row = connection.execute("select array_length(show_trgm('跑步鞋'), 1)").fetchone()
    assert row is not None
    assert row[0] >= 3


def test_lost_passwords_are_told_instead_of_losing_data(services: Services) -> None:
    services.up()
    services.down()
    (services.home / "services.json").unlink()
    with pytest.raises(Refusal, match=r"services\.json is lost"):
        services.up()


def test_a_wrong_password_is_one_sentence(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = services.up()
    wrong = addresses["DATABASE_URL"].replace("fairtag:", "fairtag:x")
    monkeypatch.setenv("DATABASE_URL", wrong)
    with pytest.raises(Refusal, match="password authentication failed"):
        Services("demo").check_given()
    monkeypatch.setenv("DATABASE_URL", addresses["DATABASE_URL"])
    monkeypatch.setenv("REDIS_URL", addresses["REDIS_URL"].replace("redis://:", "redis://:x"))
    with pytest.raises(Refusal, match=r"REDIS_URL: .* cannot be used"):
        Services("demo").check_given()


def test_a_given_database_is_told_from_its_successor(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = services.up()["DATABASE_URL"]
    monkeypatch.setenv("DATABASE_URL", address)
    given = Services("demo")
    before = given.identity()
    assert given.identity() == before
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("drop schema public cascade")
        connection.execute("create schema public")
    assert given.identity() != before


def test_no_second_cache_is_started_beside_a_busy_one(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses, pid = services.up(), services.pids()["valkey"]
    monkeypatch.setattr(valkey, "START_SECONDS", 1.0)
    os.kill(pid, signal.SIGSTOP)
    try:
        assert not services.look()
        with pytest.raises(Refusal, match="runs and does not answer: it is busy or held"):
            services.up()
        assert processes.find_working_in(services.home / "valkey", "valkey") == [pid]
    finally:
        os.kill(pid, signal.SIGCONT)
    assert wait_for(services.look, 10)
    assert (services.up(), services.pids()["valkey"]) == (addresses, pid)


def test_servers_that_do_not_answer_are_ended_too(
    services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.up()
    monkeypatch.setattr(processes, "LAST_SECONDS", 1.0)  # stopped ones heed only the last
    pids = services.pids()
    for pid in pids.values():
        os.kill(pid, signal.SIGSTOP)
    assert services.down()
    assert [name for name, pid in pids.items() if command_line(pid)] == []
