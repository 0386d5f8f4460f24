"""A small, fixed slice of the real data in a database of its own.

`journey` gives a test that database; what the test writes is rolled back. The slice is loaded at
most once per pytest process, and tests that do not ask for it see an empty shop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker
from rich.console import Console

from shop.catalog.selectors import forget_catalog
from shop.intake.run import ImportOptions, import_history
from shop.management.commands.import_journey import JOURNEY_UTC_OFFSET, find_journey

# 300 households make the demo's shapes; these few make a database in seconds.
HOUSEHOLDS = 60
IMPORTED_AT = datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Iterator[None]:
    """No test sees what another one left in this process's memory of the catalogue."""
    forget_catalog()
    yield
    forget_catalog()


@pytest.fixture(scope="session")
def journey_database(
    django_test_environment: None,
    django_db_blocker: DjangoDbBlocker,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The name of a database that holds the slice; dropped when the run ends."""
    name = f"{os.environ['TEST_DATABASE']}_journey"
    before = str(connection.settings_dict["NAME"])
    with _administrate() as administrator:
        administrator.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        administrator.execute(f'CREATE DATABASE "{name}"')
    with django_db_blocker.unblock():
        _switch(name)
        call_command("migrate", verbosity=0)
        import_history(
            ImportOptions(
                folder=find_journey(), households=HOUSEHOLDS, utc_offset=JOURNEY_UTC_OFFSET
            ),
            now=IMPORTED_AT,
            console=Console(quiet=True),
            reports=tmp_path_factory.mktemp("reports"),
        )
        _switch(before)
    yield name
    with _administrate() as administrator:
        administrator.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture
def journey(journey_database: str, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The slice, inside a transaction that is rolled back. Not together with `db`."""
    before = str(connection.settings_dict["NAME"])
    with django_db_blocker.unblock():
        _switch(journey_database)
        forget_catalog()
        try:
            with transaction.atomic():
                yield
                transaction.set_rollback(True)
        finally:
            _switch(before)
            forget_catalog()


def journey_url(name: str) -> str:
    """Return the address of the slice's database, for programs that tests start."""
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _switch(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's own wrapper has it
    connection.settings_dict["NAME"] = name


def _administrate() -> psycopg.Connection[tuple[object, ...]]:
    return psycopg.connect(journey_url("postgres"), autocommit=True)


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Where an import keeps its report."""
    return tmp_path / "reports"
