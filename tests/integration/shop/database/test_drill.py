"""The restore drill: a backup comes back whole, and a copy that differs is told apart."""

from __future__ import annotations

import io
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command

from shop import drill
from shop.drill import TableSum, compare_tables
from tools.binaries import find_postgres

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PG_BIN", str(find_postgres()))


def list_databases() -> set[str]:
    """The databases of drills; those of other tests come and go."""
    with psycopg.connect(**drill.read_server()) as open_connection:
        rows = open_connection.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE '%drill%'"
        ).fetchall()
    return {name for (name,) in rows}


def test_a_backup_is_restored_whole_and_damage_is_detected(tmp_path: Path) -> None:
    before = list_databases()
    server, file = drill.read_server(), tmp_path / "shop.dump"
    kept = drill.dump(server, file)
    assert kept["django_migrations"].rows > 20
    with drill.scratch_database(server) as scratch:
        drill.restore(scratch, file)
        with psycopg.connect(**scratch) as copy:
            assert drill.sum_tables(copy) == kept
            assert drill.check_invariants(copy) == []
            copy.execute("DELETE FROM django_migrations WHERE app = 'sessions'")
            copy.execute("UPDATE shop_market SET currency = 'XXX'")
            copy.execute("DROP TABLE shop_cache")
            copy.execute("INSERT INTO shop_stocklocation (code, name) VALUES ('x', 'x')")
            damaged = compare_tables(kept, drill.sum_tables(copy))
            copy.rollback()
    rows, places = kept["django_migrations"].rows, kept["shop_stocklocation"].rows
    assert damaged == [
        "shop_cache is missing in the copy.",
        f"django_migrations has {rows - 1} rows in the copy and {rows} in the shop.",
        # A market counts the catalogue's version: it says what is sold there.
        "shop_catalogversion has the same number of rows, but other content in the copy.",
        "shop_market has the same number of rows, but other content in the copy.",
        f"shop_stocklocation has {places + 1} rows in the copy and {places} in the shop.",
    ]
    assert list_databases() == before


def test_the_command_says_what_it_did_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before, told = list_databases(), io.StringIO()
    call_command("drill_restore", stdout=told)
    words = [line.split()[0] for line in told.getvalue().splitlines()]
    assert words[:4] == ["dumped", "restored", "compared", "migrated"]
    assert "the drill passed" in told.getvalue()
    assert list_databases() == before

    (tmp_path / "broken.dump").write_text("no backup")
    with pytest.raises(CommandError, match="pg_restore did not work"):
        call_command("drill_restore", backup=tmp_path / "broken.dump")
    assert list_databases() == before
    with pytest.raises(CommandError, match="is no file"):
        call_command("drill_restore", backup=tmp_path / "nothing.dump")
    monkeypatch.setenv("PG_BIN", str(tmp_path))
    with pytest.raises(CommandError, match="pg_dump is not here: install"):
        call_command("drill_restore")


def test_rules_of_the_ledgers_are_looked_at() -> None:
    assert compare_tables({"a": TableSum(1, 2)}, {"a": TableSum(1, 2)}) == []
    with psycopg.connect(**drill.read_server()) as shop:
        shop.execute("INSERT INTO shop_stocklocation (code, name) VALUES ('drill', 'drill')")
        shop.execute("SET session_replication_role = replica")  # no product is needed for this
        shop.execute(
            "INSERT INTO shop_stockrecord (variant_id, location_id, on_hand, reserved)"
            " SELECT 1, id, 5, 0 FROM shop_stocklocation WHERE code = 'drill'"
        )
        assert drill.check_invariants(shop) == [
            "Broken: stock on hand is the sum of its movements (1 rows do not obey)."
        ]
        shop.rollback()
