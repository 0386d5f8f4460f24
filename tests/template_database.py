"""Databases that are copied instead of made anew: each is filled once for what it is made of.

Making the tables takes seven seconds of processor, importing a slice of the real data half a
minute; copying what they made takes under a second. All processes of a run share one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from tools.paths import ROOT
from tools.services import Services

ROOMS = ("shop", "profiles", "pricing", "promotions", "orders")
PREFIX = "fairtag_template_"
# What an imported shop is made of; doors and pages are not in it.
SOURCES = (
    *("orders", "pricing", "profiles", "promotions"),
    *("shop/doors/intake", "shop/ground", "shop/management", "shop/migrations"),
)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    servers: None, django_db_modify_db_settings_parallel_suffix: None
) -> None:
    """Have Django copy the template instead of migrating an empty database."""
    name = provide_template(os.environ["DATABASE_URL"])
    database = settings.DATABASES["default"]
    database["TEST"].update({"TEMPLATE": name, "MIGRATE": False})
    # Hundreds of threads of a race wait for eight connections: a slow machine must not fail them.
    database["OPTIONS"].get("pool", {})["timeout"] = 20


def provide_template(url: str) -> str:
    """Return the name of the migrated database on the server of `url`."""

    def migrate(name: str) -> None:
        manage({**os.environ, "DATABASE_URL": at(url, name)}, "migrate", "--verbosity=0")

    files = [ROOT / "requirements.txt", *list_migrations()]
    return keep_database(url, PREFIX, hash_files(files), migrate, base="template1")


def list_migrations() -> Iterator[Path]:
    """Yield the migrations of all rooms, and the SQL and code that they are made with."""
    for room in ROOMS:
        yield from sorted((ROOT / room / "migrations").rglob("*.py"))
    yield from sorted((ROOT / "shop/ground/database").rglob("*.py"))


def list_sources() -> Iterator[Path]:
    """Yield the code that an imported shop is made with."""
    for source in SOURCES:
        yield from sorted((ROOT / source).rglob("*.py"))


def hash_files(files: Iterable[Path], *others: str) -> str:
    """Return what changes with any of these files and words."""
    digest = hashlib.sha256("".join(others).encode())
    for file in files:
        digest.update(str(file.relative_to(ROOT)).encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def keep_database(
    url: str, prefix: str, fingerprint: str, fill: Callable[[str], None], *, base: str
) -> str:
    """Return the name of the kept database; `fill` a copy of `base` if it is not there.

    Those of the same prefix and another fingerprint are dropped.
    """
    name, unfinished = f"{prefix}{fingerprint}", f"{prefix}unfinished"
    with (Services("test").home / f"{prefix}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connect(url, "postgres") as connection:
            found = connection.execute(
                "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [prefix]
            )
            known = {str(row[0]) for row in found}
            if name in known:
                return name
            for old in known:
                drop(connection, old)
            _copy(connection, base, unfinished)
        fill(unfinished)
        with connect(url, "postgres") as connection:
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(unfinished), sql.Identifier(name)
                )
            )
    return name


def manage(environment: dict[str, str], *command: str) -> str:
    """Run a management command and return what it printed; a failure shows what it said."""
    done = subprocess.run(
        [sys.executable, "manage.py", *command],
        check=False,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{command[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
    return done.stdout


def copy_database(url: str, kept: str, name: str) -> None:
    """Make database `name` a copy of a kept one."""
    with connect(url, "postgres") as connection:
        drop(connection, name)
        _copy(connection, kept, name)


def drop(connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    """Drop a database, whoever is connected."""
    connection.execute(
        sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
    )


def connect(url: str, name: str) -> psycopg.Connection[tuple[object, ...]]:
    """Return a connection to database `name` of the server of `url`."""
    return psycopg.connect(at(url, name), autocommit=True)


def at(url: str, name: str) -> str:
    """Return the address of database `name` on the server of `url`."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))


def _copy(connection: psycopg.Connection[tuple[object, ...]], base: str, name: str) -> None:
    connection.execute(
        sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(base))
    )
