"""Chance is the same in each run: what a test draws follows from its name.

Who gets which arm, lot or test price follows from ids, pseudonyms and salts. Those come from
`os.urandom` and from the database's sequences; where they fall otherwise, a verdict may. So each
test draws from a generator that is seeded by its name, and its rows are numbered from a place that
follows from its name too: not always from the same one, since a process remembers rows by number.
Processes that a test starts, and cryptography in C, draw as ever.
"""

from __future__ import annotations

import os
import random
from zlib import crc32

import pytest
from django.db import connection

# Numbers fit into four bytes, as keys of locks and some columns do.
PLACES, APART = 50_000, 40_000
NUMBER_FROM = """
SELECT setval(oid, %s) FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace
"""
_drawn = random.Random("before the first test")


def _draw_bytes(size: int, /) -> bytes:
    return _drawn.randbytes(size)


def pytest_configure() -> None:
    """Let `uuid`, `secrets` and `SystemRandom` draw from the test's own generator."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "urandom", _draw_bytes)
    patch.setattr(random, "_urandom", _draw_bytes)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Seed the generator by the test's name."""
    _drawn.seed(item.nodeid)


@pytest.fixture(autouse=True)
def _number_rows_by_name(request: pytest.FixtureRequest) -> None:
    """Number new rows from a place that the test's name says."""
    if request.node.get_closest_marker("django_db") or "db" in request.fixturenames:
        request.getfixturevalue("db")
        place = crc32(request.node.nodeid.encode()) % PLACES + 1
        with connection.cursor() as cursor:
            cursor.execute(NUMBER_FROM, [place * APART])
