"""Rows that migrations wrote come back after a test that really commits.

Such a test leaves what it wrote; every table that holds something is emptied after it, and gets
back what it held before the first test. Django's flush would truncate all of them, which takes a
second of processor for 200 tables, and would leave out what migrations wrote.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import TransactionTestCase
from psycopg import sql
from pytest_django.plugin import DjangoDbBlocker, blocking_manager_key

# A table without a page was never written to, or not since it was truncated. Rows of a partition
# come back through the whole table: a test that commits may have made another one for them.
WRITTEN = """
SELECT relname, COALESCE(pg_partition_root(pg_class.oid)::regclass::text, relname)
FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
WHERE nspname = 'public' AND relkind = 'r' AND relname <> 'django_migrations'
  AND pg_relation_size(pg_class.oid) > 0
"""
END_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
seeds_key = pytest.StashKey[dict[str, bytes]]()


def _leave_it_to_write_rows(_case: TransactionTestCase) -> None:
    """Django would flush here, before the fixtures of the test have ended."""


TransactionTestCase._fixture_teardown = _leave_it_to_write_rows  # type: ignore[method-assign]  # Django has no setting for it


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_db_setup: None, django_db_blocker: DjangoDbBlocker
) -> Iterator[None]:
    """The suite's database; what lies in it before the first test is remembered."""
    with django_db_blocker.unblock():
        request.config.stash[seeds_key] = read_rows()
        connection.close()
    yield
    connection.close()  # a test that ended all sessions ended this one too
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # A thread of the last test may still hold a connection, and the database could not go.
        cursor.execute(END_OTHERS)
    connection.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Generator[None]:
    """After everything else of a test that commits: bring the rows back for the next one."""
    yield
    seeds = item.config.stash.get(seeds_key, None)
    if nextitem is not None and seeds is not None and really_commits(item):
        with item.config.stash[blocking_manager_key].unblock():
            write_rows(seeds)
            connection.close()


def really_commits(item: pytest.Item) -> bool:
    """Whether the test runs outside a transaction that is rolled back."""
    mark = item.get_closest_marker("django_db")
    names = getattr(item, "fixturenames", ())
    is_marked = mark is not None and bool(mark.kwargs.get("transaction"))
    return is_marked or "transactional_db" in names or "live_server" in names


def read_rows() -> dict[str, bytes]:
    """The content of every table that is not empty, in COPY's format."""
    found: dict[str, bytes] = {}
    with connection.cursor() as cursor:
        cursor.execute(WRITTEN)
        for table, whole in cursor.fetchall():
            with cursor.copy(sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))) as copy:
                content = b"".join(bytes(block) for block in copy)
            if content:
                found[whole] = found.get(whole, b"") + content
    return found


def write_rows(seeds: dict[str, bytes]) -> None:
    """Replace the content of all tables by these rows, without a trigger taking note."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(WRITTEN)
        for table, _whole in cursor.fetchall():
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)))
        for table, content in seeds.items():
            command = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(table))
            with cursor.copy(command) as copy:
                copy.write(content)
        cursor.execute("SET session_replication_role = DEFAULT")
    ContentType.objects.clear_cache()
