"""Databases from before migrations were joined: taken over whole, refused in part."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from shop.management.commands.migrate import APPS, JOINED, LAST

pytestmark = pytest.mark.django_db


def make_history(names: set[tuple[str, str]]) -> MigrationRecorder:
    """Let the database say that it has these migrations of our apps and no others."""
    recorder = MigrationRecorder(connection)
    recorder.migration_qs.filter(app__in=APPS).delete()
    for app, name in names:
        recorder.record_applied(app, name)
    return recorder


def read_history(recorder: MigrationRecorder) -> set[tuple[str, str]]:
    return {key for key in recorder.applied_migrations() if key[0] in APPS}


def test_a_database_with_all_earlier_migrations_is_taken_over() -> None:
    # Those that came later are there, too, with their tables.
    later = {key for key in MigrationLoader(None).disk_migrations if key[0] in APPS} - JOINED
    recorder = make_history(LAST | {("shop", "0001_initial")} | later)
    call_command("migrate", verbosity=0)  # would fail on tables that exist, if it made any
    assert read_history(recorder) >= JOINED
    call_command("migrate", verbosity=0, check_unapplied=True)


def test_a_database_is_taken_over_whole_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, note = make_history(LAST), MigrationRecorder.record_applied

    def fail_at_the_last(self: MigrationRecorder, app: str, name: str) -> None:
        if (app, name) == max(JOINED):
            raise ConnectionError
        note(self, app, name)

    monkeypatch.setattr(MigrationRecorder, "record_applied", fail_at_the_last)
    with pytest.raises(ConnectionError):
        call_command("migrate", verbosity=0)
    assert read_history(recorder) == LAST


def test_a_database_with_some_earlier_migrations_is_refused() -> None:
    newest = ("orders", "0031_simulated_orders")
    recorder = make_history(LAST - {newest})
    with pytest.raises(CommandError) as refused:
        call_command("migrate", verbosity=0)
    assert str(refused.value) == (
        "This database lacks migrations of an earlier version (orders.0031_simulated_orders), and"
        " this version no longer has them. Check out commit cd40b83a, run its `migrate`, and come"
        " back."
    )
    assert read_history(recorder) == LAST - {newest}


def test_asking_what_is_missing_writes_nothing() -> None:
    recorder = make_history(LAST)
    with pytest.raises(CommandError, match=r"^This database is of an earlier version: run"):
        call_command("migrate", verbosity=0, check_unapplied=True)
    assert read_history(recorder) == LAST


def test_an_interrupted_first_start_is_neither_taken_over_nor_refused() -> None:
    recorder = make_history({("profiles", "0001_accounts")})
    # It goes on: here with a table that exists already.
    with pytest.raises(Exception, match='relation "shop_approvalrequest" already exists'):
        call_command("migrate", verbosity=0)
    assert ("orders", "0003_seeds") not in read_history(recorder)


def test_the_joined_migrations_are_there() -> None:
    assert MigrationLoader(None).disk_migrations.keys() >= JOINED
