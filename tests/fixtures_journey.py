"""A small, fixed slice of the real data in a database of its own.

`journey` gives a test that database; what the test writes is rolled back. The slice is loaded once
for each state of the code that loads it, and tests that do not ask for it see an empty shop.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.db import connection, transaction
from pytest_django import DjangoDbBlocker

from shop.ground.catalog.selectors import forget_catalog
from tests.template_database import (
    at,
    connect,
    copy_database,
    drop,
    hash_files,
    keep_database,
    list_sources,
    manage,
    provide_template,
)

# 300 households make the demo's shapes; these few make a database in seconds.
HOUSEHOLDS = 60
KEPT = "journey_"
IMPORTED_AT = datetime(2026, 11, 25, 6, tzinfo=UTC)
FILL = f"""
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from rich.console import Console
from shop.doors.intake.run import ImportOptions, import_history
from shop.management.commands.import_journey import JOURNEY_UTC_OFFSET, find_journey

with TemporaryDirectory() as reports:
    import_history(
        ImportOptions(
            folder=find_journey(), households={HOUSEHOLDS}, utc_offset=JOURNEY_UTC_OFFSET
        ),
        now=datetime.fromisoformat("{IMPORTED_AT.isoformat()}"),
        console=Console(quiet=True),
        reports=Path(reports),
    )
"""


@pytest.fixture(autouse=True)
def _fresh_catalog() -> Iterator[None]:
    """No test sees what another one left in this process's memory of the catalogue."""
    forget_catalog()
    yield
    forget_catalog()


@pytest.fixture(scope="session")
def journey_database(servers: None, django_test_environment: None) -> Iterator[str]:
    """The name of a database that holds the slice; dropped when the run ends."""
    url, name = os.environ["DATABASE_URL"], f"{os.environ['TEST_DATABASE']}_journey"

    def fill(unfinished: str) -> None:
        # A process of its own: no memory of an earlier test is in what all tests get.
        environment = {**os.environ, "DATABASE_URL": at(url, unfinished)}
        manage(environment, "shell", "-v", "0", "-c", FILL)

    fingerprint = hash_files(list_sources(), FILL)
    kept = keep_database(url, KEPT, fingerprint, fill, base=provide_template(url))
    copy_database(url, kept, name)
    yield name
    with connect(url, "postgres") as administrator:
        drop(administrator, name)


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


def _switch(name: str) -> None:
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # PostgreSQL's own wrapper has it
    connection.settings_dict["NAME"] = name


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    """Where an import keeps its report."""
    return tmp_path / "reports"
