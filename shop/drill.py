"""A restore drill: dump the database, restore it beside, and prove that the copy is the same."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString
from urllib.parse import quote

import psycopg
from django.db import connection
from psycopg import sql

from shop.ground.kernel.errors import FairtagError

# What must hold in any database of the shop: the ledgers add up to what is shown. Each query
# counts rows that break its rule.
INVARIANTS: dict[str, LiteralString] = {
    "stock on hand is the sum of its movements": """
        SELECT count(*) FROM shop_stockrecord record WHERE record.on_hand <> (
            SELECT coalesce(sum(quantity), 0) FROM shop_stockmovement movement
            WHERE movement.variant_id = record.variant_id
            AND movement.location_id = record.location_id)""",
    "an order's subtotal is the sum of its lines": """
        SELECT count(*) FROM orders_order shown JOIN (
            SELECT order_id, sum(subtotal_minor) AS subtotal FROM orders_orderline GROUP BY order_id
        ) line ON line.order_id = shown.id WHERE shown.subtotal_minor <> line.subtotal""",
    "no order was paid more than it costs": """
        SELECT count(*) FROM orders_order shown JOIN (
            SELECT order_id, sum(amount_minor - refunded_minor) AS paid FROM orders_payment
            WHERE state IN ('authorized', 'succeeded') GROUP BY order_id
        ) payment ON payment.order_id = shown.id
        WHERE payment.paid > shown.total_minor - shown.refunded_minor""",
    "points available are the sum of their entries": """
        SELECT count(*) FROM promotions_pointsaccount account WHERE account.available <> (
            SELECT coalesce(sum(CASE WHEN target = 'available' THEN points ELSE 0 END)
                          - sum(CASE WHEN source = 'available' THEN points ELSE 0 END), 0)
            FROM promotions_pointsentry entry WHERE entry.account_id = account.id)""",
}
TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname"""

Server = Mapping[str, Any]


class DrillFailed(FairtagError):
    """A step of the drill did not work; the sentence says which and what to do."""

    code = "drill_failed"


@dataclass(frozen=True, slots=True)
class TableSum:
    """How many rows a table has, and one number made of all that is in them."""

    rows: int
    checksum: int


def read_server() -> dict[str, Any]:
    """Return how to reach the shop's database, as the driver's keywords."""
    given = connection.settings_dict
    return {
        "host": given["HOST"],
        "port": given["PORT"],
        "user": given["USER"],
        "password": given["PASSWORD"],
        "dbname": given["NAME"],
    }


def sum_tables(open_connection: psycopg.Connection[Any]) -> dict[str, TableSum]:
    """Return rows and checksum of every table, in whatever order its rows lie."""
    found = {}
    for (name,) in open_connection.execute(TABLES).fetchall():
        query = sql.SQL(
            "SELECT count(*), coalesce(sum(hashtextextended(row::text, 0)::numeric), 0) FROM {} row"
        ).format(sql.Identifier(name))
        rows, checksum = open_connection.execute(query).fetchone() or (0, 0)
        found[name] = TableSum(rows, int(checksum))
    return found


def compare_tables(kept: Mapping[str, TableSum], restored: Mapping[str, TableSum]) -> list[str]:
    """Return a sentence for each table that did not come back as it was."""
    told = [f"{name} is missing in the copy." for name in sorted(kept.keys() - restored.keys())]
    for name in sorted(kept.keys() & restored.keys()):
        before, after = kept[name], restored[name]
        if before.rows != after.rows:
            told.append(f"{name} has {after.rows} rows in the copy and {before.rows} in the shop.")
        elif before != after:
            told.append(f"{name} has the same number of rows, but other content in the copy.")
    return told


def check_invariants(open_connection: psycopg.Connection[Any]) -> list[str]:
    """Return a sentence for each rule of the ledgers that the copy breaks."""
    told = []
    for rule, query in INVARIANTS.items():
        broken = (open_connection.execute(query).fetchone() or (0,))[0]
        if broken:
            told.append(f"Broken: {rule} ({broken} rows do not obey).")
    return told


def dump(server: Server, file: Path) -> dict[str, TableSum]:
    """Write the database to `file`; return the sums of exactly what the file holds."""
    with psycopg.connect(**server) as keeper:
        # One snapshot for both: the shop may go on selling meanwhile.
        keeper.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        snapshot = (keeper.execute("SELECT pg_export_snapshot()").fetchone() or ("",))[0]
        run_tool("pg_dump", server, "--format=custom", f"--snapshot={snapshot}", f"--file={file}")
        return sum_tables(keeper)


@contextmanager
def scratch_database(server: Server) -> Iterator[dict[str, Any]]:
    """Yield an empty database on the same server; it is dropped afterwards."""
    name = f"{server['dbname']}_drill_{secrets.token_hex(4)}"
    with psycopg.connect(**server, autocommit=True) as admin:
        try:
            admin.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name))
            )
        except psycopg.errors.InsufficientPrivilege as error:
            raise DrillFailed(
                f"The database user {server['user']} may not make databases. An administrator"
                f" allows it: ALTER ROLE {server['user']} CREATEDB."
            ) from error
        try:
            yield {**server, "dbname": name}
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def restore(server: Server, file: Path) -> None:
    """Restore `file` into the database of `server`; constraints are checked as they are added."""
    run_tool("pg_restore", server, "--no-owner", "--no-acl", "--exit-on-error", str(file))


def run_tool(name: str, server: Server, *words: str) -> None:
    """Run one of PostgreSQL's own programs. Raises DrillFailed with what it said."""
    folder = os.environ.get("PG_BIN")
    program = str(Path(folder) / name) if folder else shutil.which(name)
    if program is None or not Path(program).exists():
        raise DrillFailed(
            f"{name} is not here: install PostgreSQL's client programs of the server's version"
            " (Debian: postgresql-client), or set PG_BIN to the folder that holds them."
        )
    where = ["--host", server["host"], "--port", server["port"], "--username", server["user"]]
    done = subprocess.run(  # noqa: S603  # a program of PostgreSQL, no shell, words of ours
        [program, *where, "--dbname", server["dbname"], "--no-password", *words],
        env={**os.environ, "PGPASSWORD": server["password"]},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DrillFailed(f"{name} did not work: {done.stderr.strip() or done.returncode}")


def url_of(server: Server) -> str:
    """Return DATABASE_URL of a server."""
    user, password = quote(server["user"]), quote(server["password"], safe="")
    return f"postgresql://{user}:{password}@{server['host']}:{server['port']}/{server['dbname']}"
