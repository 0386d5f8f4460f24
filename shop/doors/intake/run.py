"""One import from folder to store: read, clean, quarantine, load, report."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from threading import Lock
from typing import Any

import duckdb
from django.db import connection as database
from rich.console import Console
from rich.table import Table

from shop.doors.intake.cleaning import TableCount, clean_tables, count_table
from shop.doors.intake.layout import TABLES
from shop.doors.intake.prices import build_prices
from shop.doors.intake.progress import Show, open_show
from shop.doors.intake.source import BadSource, find_files, fingerprint_files, open_source
from shop.doors.intake.stages import STAGES, prepare_lanes
from shop.doors.intake.timeline import Timeline, choose_timeline, leave_out_future
from shop.doors.intake.work import Work
from shop.ground.catalog.selectors import forget_catalog, get_market
from shop.ground.jobs.selectors import RunRow, list_recent_runs
from shop.ground.jobs.services import QuarantineRow, RunProgress, quarantine, record_run
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import exponent

# The report of an import: a table for people, JSON for machines, kept with the run.

BATCH = 10_000


class RowsLost(FairtagError):
    """Rows read, kept and quarantined do not add up: a mistake of the import itself."""

    code = "rows_lost"


def count_all(connection: duckdb.DuckDBPyConnection) -> list[TableCount]:
    """Return the counts of all tables. Raises RowsLost unless read = kept + quarantined."""
    counts = [count_table(connection, name) for name in TABLES]
    for count in counts:
        if not count.is_balanced:
            raise RowsLost(
                f"{count.table}: {count.read} rows read, but {count.kept} kept and"
                f" {sum(count.refused.values())} quarantined."
            )
    return counts


def list_refused(connection: duckdb.DuckDBPyConnection, table: str) -> Iterator[QuarantineRow]:
    """Yield the refused rows of a table in file order, as they were read."""
    cursor = connection.cursor().execute(f"FROM refused_{table} ORDER BY row_number")
    names = [column[0] for column in cursor.description]
    own = {column.name for column in TABLES[table].columns}
    while rows := cursor.fetchmany(BATCH):
        for row in rows:
            values = dict(zip(names, row, strict=True))
            payload = {name: _json(values[name]) for name in names if name in own}
            yield QuarantineRow(values["row_number"], values["reason"], payload)


def _json(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def describe_counts(counts: Sequence[TableCount]) -> dict[str, Any]:
    """Return counts as JSON values by table."""
    return {
        count.table: {"read": count.read, "kept": count.kept, "quarantined": count.refused}
        for count in counts
    }


def print_report(console: Console, report: dict[str, Any]) -> None:
    """Print what was read, kept and quarantined, what was noticed, and what was loaded."""
    table = Table(title="Cleaning", title_justify="left")
    for title in ("file", "read", "kept", "quarantined"):
        table.add_column(title, justify="left" if title == "file" else "right")
    table.add_column("why")
    for name, count in report["tables"].items():
        refused = count["quarantined"]
        why = ", ".join(f"{reason} {rows:,}" for reason, rows in refused.items())
        table.add_row(
            name, f"{count['read']:,}", f"{count['kept']:,}", f"{sum(refused.values()):,}", why
        )
    console.print(table)
    noticed = Table(title="Noticed and corrected", title_justify="left", show_header=False)
    noticed.add_column("what")
    noticed.add_column("rows", justify="right")
    for name, rows in report["noticed"].items():
        noticed.add_row(name, f"{rows:,}")
    console.print(noticed)


def keep_report(folder: Path, report: dict[str, Any]) -> Path:
    """Write the report as JSON and return where."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "import.json"
    path.write_text(json.dumps(report, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


JOB = "import_journey"
# Part of the fingerprint: raise it when cleaning or loading rules change, so that a shop that was
# loaded by older rules is brought up to date.
RULES = 4
REMEMBERED_RUNS = 50
LANES = (1, 2)
ONE_AT_A_TIME = Lock()


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What to import. `utc_offset` is the till's hours from UTC, 0 if its clock is the shop's.

    With `keep_products` products that the shop has, by SKU, stay as they are: only what was sold
    comes from the files.
    """

    folder: Path
    households: int | None = None
    keep_dates: bool = False
    utc_offset: int = 0
    force: bool = False
    keep_products: bool = False
    market_code: str = "us"


def import_history(
    options: ImportOptions, *, now: datetime, console: Console, reports: Path
) -> dict[str, Any]:
    """Load a shop's history and return the report, kept with the run and in `reports`.

    A second run with the same files does nothing and says so; one that was interrupted goes on
    with the stage it was in. Raises BadSource.
    """
    files = find_files(options.folder)
    batch = f"{RULES}:{options.households or 'all'}:{fingerprint_files(files)}"
    runs = [run for run in list_recent_runs(per_job=REMEMBERED_RUNS) if run.name == JOB]
    past = [run.report for run in runs if run.report.get("batch") == batch]
    done = set() if options.force else {name for report in past for name in report["stages"]}
    if done.issuperset(stage.name for stage in STAGES):
        console.print("Everything is loaded already; nothing to do.")
        return past[0]
    with (
        _alone(),
        record_run(name=JOB, time_limit=900) as run,
        tempfile.TemporaryDirectory() as scratch,
    ):
        run.report.update(batch=batch, stages={})
        steps = len(STAGES) + 1
        with (
            open_show(console, steps) as show,
            open_source(files, scratch=Path(scratch)) as connection,
        ):
            _prepare(run, connection, options, show)
            timeline = _remember_timeline(runs, connection, options, now.date())
            later = leave_out_future(connection, timeline)
            work = _open_work(
                connection,
                options=options,
                timeline=timeline,
                show=show,
                now=now,
                scratch=Path(scratch),
            )
            _note_work(run, work, later)
            _run_stages(run, work, done)
        forget_catalog()
        print_report(console, run.report)
        keep_report(reports, run.report)
    return run.report


@contextmanager
def _alone() -> Iterator[None]:
    """Hold the right to import. The database drops it by itself when this process dies."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [JOB])
        if cursor.fetchone() != (True,):
            raise BadSource("Another import is running; wait until it has ended.")
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [JOB])


def _prepare(
    run: RunProgress, connection: duckdb.DuckDBPyConnection, options: ImportOptions, show: Show
) -> None:
    """Clean, check that no row got lost, keep the refused ones."""
    started = time.monotonic()
    show.step("reading and cleaning")
    clean_tables(connection, households=options.households)
    if not connection.execute("SELECT 1 FROM transactions LIMIT 1").fetchall():
        raise BadSource("No usable row is left in transactions; the report says why.")
    counts = count_all(connection)
    run.report["tables"] = describe_counts(counts)
    refused = sum(
        quarantine(run_id=run.run_id, source=name, rows=list_refused(connection, name))
        for name in TABLES
    )
    read = sum(count.read for count in counts)
    seconds = time.monotonic() - started
    show.finish(f"read {read:,} rows, quarantined {refused:,} in {seconds:.1f} s")


def _remember_timeline(
    runs: list[RunRow],
    connection: duckdb.DuckDBPyConnection,
    options: ImportOptions,
    today: date,
) -> Timeline:
    """Return the shift used before, else a new one: a second run must not move what is loaded."""
    if options.keep_dates:
        return Timeline(weeks=0, hours=0)
    for run in runs:
        kept = run.report.get("timeline")
        if kept:
            until = date.fromisoformat(kept.get("until", date.max.isoformat()))
            return Timeline(weeks=kept["weeks"], hours=kept["hours"], until=until)
    last = connection.execute("SELECT max(transaction_timestamp) FROM transactions").fetchall()
    return choose_timeline(last_sale=last[0][0], today=today, utc_offset=options.utc_offset)


def _open_work(
    connection: duckdb.DuckDBPyConnection,
    *,
    options: ImportOptions,
    timeline: Timeline,
    show: Show,
    now: datetime,
    scratch: Path,
) -> Work:
    currency = get_market(options.market_code).currency
    minor_units = 10 ** exponent(currency)
    build_prices(connection, minor_units=minor_units)
    return Work(
        connection=connection,
        timeline=timeline,
        minor_units=minor_units,
        currency=currency,
        market_code=options.market_code,
        now=now,
        scratch=scratch,
        show=show,
        keep_products=options.keep_products,
    )


def _note_work(run: RunProgress, work: Work, later: int) -> None:
    metered = work.ask("SELECT count(*) FROM transactions WHERE is_metered")[0][0]
    weighed = work.ask("SELECT count(*) FROM weighed")[0][0]
    timeline = work.timeline
    run.report["timeline"] = {
        "weeks": timeline.weeks,
        "hours": timeline.hours,
        "until": timeline.until.isoformat(),
    }
    run.report["noticed"] = {
        "quantity in thousandths made one piece": metered,
        "goods sold by weight": weighed,
        "sales of days that are still to come, left out": later,
        **work.catalogue.noticed,
    }
    run.advance(0)


def _run_stages(run: RunProgress, work: Work, done: set[str]) -> None:
    _run_lane(0, run, work, done)
    prepare_lanes(work)
    if database.in_atomic_block:  # other connections would see nothing of the transaction
        for lane in LANES:
            _run_lane(lane, run, work, done)
        return
    with ThreadPoolExecutor(max_workers=len(LANES)) as pool:
        running = [pool.submit(_run_apart, lane, run, work, done) for lane in LANES]
        for one in running:
            one.result()


def _run_apart(lane: int, run: RunProgress, work: Work, done: set[str]) -> None:
    """Run a lane in a thread: with connections of its own to both databases."""
    try:
        _run_lane(lane, run, replace(work, connection=work.connection.cursor()), done)
    finally:
        database.close()


def _run_lane(lane: int, run: RunProgress, work: Work, done: set[str]) -> None:
    for stage in STAGES:
        if stage.lane != lane:
            continue
        # Shoppers are always asked for: later stages need their ids.
        if stage.name in done and stage.name != "shoppers and stores":
            work.show.finish(f"{stage.name}: loaded before")
            continue
        started = time.monotonic()
        work.show.step(stage.name)
        rows = stage.run(work)
        seconds = round(time.monotonic() - started, 2)
        with ONE_AT_A_TIME:
            run.report["stages"][stage.name] = {"rows": rows, "seconds": seconds}
            run.advance(rows)
        work.show.finish(f"{stage.name}: {rows:,} new or changed rows in {seconds:.1f} s")
