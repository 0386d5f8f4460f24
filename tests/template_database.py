"""The test database is copied from a template: all migrations run once for each state of them.

Running them takes half a minute of processor, copying what they made under a second.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
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


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """Have Django copy the template instead of migrating an empty database."""
    name = provide_template(os.environ["DATABASE_URL"])
    database = settings.DATABASES["default"]
    database["TEST"].update({"TEMPLATE": name, "MIGRATE": False})
    # Hundreds of threads of a race wait for eight connections: a slow machine must not fail them.
    database["OPTIONS"].get("pool", {})["timeout"] = 20


def provide_template(url: str) -> str:
    """Return the name of the template on the server of `url`; make it if it is not there."""
    name = f"{PREFIX}{fingerprint_migrations()}"
    with (Services("test").home / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        make_template(url, name)
    return name


def fingerprint_migrations() -> str:
    """Return what changes with any migration, or with the release of a package."""
    files = [ROOT / "requirements.txt", *list_migrations()]
    digest = hashlib.sha256()
    for file in files:
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def list_migrations() -> Iterator[Path]:
    """Yield the migrations of all rooms, and the SQL and code that they are made with."""
    for room in ROOMS:
        yield from sorted((ROOT / room / "migrations").rglob("*.py"))
    yield from sorted((ROOT / "shop/database").rglob("*.py"))


def make_template(url: str, name: str) -> None:
    """Make the template unless it is there, and drop those of other migrations."""
    with psycopg.connect(_at(url, "postgres"), autocommit=True) as connection:
        found = connection.execute(
            "SELECT datname FROM pg_database WHERE starts_with(datname, %s)", [PREFIX]
        )
        known = {row[0] for row in found}
        if name in known:
            return
        for old in known:
            # One that another run copies from at this moment stays until the next change.
            with psycopg.connect(_at(url, "postgres"), autocommit=True) as other:
                other.execute(sql.SQL("DROP DATABASE {} (FORCE)").format(sql.Identifier(old)))
        unfinished = f"{PREFIX}unfinished"
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(unfinished)))
        _migrate(_at(url, unfinished))
        connection.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(unfinished), sql.Identifier(name)
            )
        )


def _migrate(url: str) -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"],
        check=False,
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise pytest.UsageError(f"The migrations failed:\n{done.stderr}")


def _at(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
