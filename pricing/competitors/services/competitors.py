"""Take in competitors' prices: from registered sources, matched, screened, the rest quarantined."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from pricing.base.core.values import FloatArray
from pricing.competitors.core import (
    AMBIGUOUS,
    UNKNOWN,
    FeedRow,
    FeedUnreadable,
    NameIndex,
    read_amount,
    read_feed,
    read_moment,
    screen_prices,
)
from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from pricing.competitors.selectors import list_due_sources, load_last_words
from pricing.competitors.services.competitor_fetch import Fetcher, FetchRefused
from shop.ground.catalog.selectors import list_identities, load_variant_arrays
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.money import exponent
from shop.ground.outbox.services import write_fact

logger = logging.getLogger(__name__)

Reason = QuarantinedCompetitorRow.Reason
# Clocks differ; a source whose clock is a few minutes ahead is not from the future.
AHEAD = timedelta(minutes=10)
KEEP_PRICES = timedelta(days=800)
KEEP_REFUSED = timedelta(days=60)

_CREATE = """
CREATE TEMPORARY TABLE incoming_competitor (
    variant_id bigint, price_minor integer, observed_at timestamptz, matched_by varchar(4),
    label varchar(200)
)
"""
_COPY = """
COPY incoming_competitor (variant_id, price_minor, observed_at, matched_by, label) FROM STDIN
"""
_INSERT = """
INSERT INTO pricing_competitorprice
    (source_id, variant_id, price_minor, observed_at, imported_at, matched_by, label)
SELECT %(source)s, variant_id, price_minor, observed_at, %(now)s, matched_by, label
FROM incoming_competitor ORDER BY variant_id
ON CONFLICT (source_id, variant_id, observed_at) DO NOTHING
"""


class FeedRefused(FairtagError):
    """A list that is none, or a source that is not registered or not in use."""

    code = "feed_refused"


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did: rows read, prices stored, prices known before, refused by reason."""

    read: int
    stored: int
    known: int
    refused: dict[str, int]


@dataclass(slots=True)
class _Line:
    """A row on its way: what was found out so far, and why it is refused ("" if it is not)."""

    row: FeedRow
    variant: int = 0
    matched_by: str = ""
    amount: float = float("nan")
    observed_at: datetime | None = None
    reason: str = ""


def import_feed(*, code: str, text: str, now: datetime) -> ImportReport:
    """Take in the list `text` of source `code`; safe to run again with the same list.

    Every row is stored or quarantined with its reason. One import of a source at a time. Fact
    CompetitorPricesImported. Raises FeedRefused.
    """
    with transaction.atomic():
        source = CompetitorSource.objects.select_for_update().filter(code=code).first()
        if source is None or not source.is_active:
            raise FeedRefused(_("There is no such source in use."), source=code)
        try:
            rows = read_feed(text)
        except FeedUnreadable as error:
            raise FeedRefused(str(error), source=code) from error
        lines = _judge(rows, source, now)
        good = [one for one in lines if not one.reason]
        stored = _store(good, source, now)
        refused = _quarantine([one for one in lines if one.reason], source, now)
        report = ImportReport(len(lines), stored, len(good) - stored, refused)
        _note(source, report, now)
        if stored:
            payload = {"source": source.code, "prices": stored}
            write_fact(kind="CompetitorPricesImported", payload=payload, occurred_at=now)
    return report


def fetch_due_sources(*, now: datetime, fetcher: Fetcher | None = None) -> int:
    """Fetch and take in every source whose turn it is; return prices stored.

    A source that fails, by whatever mistake, keeps its sentence in `problem` and is tried again at
    its next turn; the others are not held up. What it said before counts until it is too old.
    """
    reader = fetcher or Fetcher(settings.COMPETITOR_HOSTS)
    stored = 0
    for source in list_due_sources(now=now):
        try:
            stored += fetch_source(source=source, now=now, fetcher=reader).stored
        except (FetchRefused, FeedRefused):
            continue
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            # Kept on the source: a mistake of ours with one list must not hold up the others.
            logger.exception("the list of %s could not be taken in", source.code)
    return stored


def fetch_source(
    *, source: CompetitorSource, now: datetime, fetcher: Fetcher | None = None
) -> ImportReport:
    """Fetch and take in one source now; what goes wrong is kept as its `problem`.

    Raises FetchRefused and FeedRefused, and whatever else goes wrong.
    """
    reader = fetcher or Fetcher(settings.COMPETITOR_HOSTS)
    problem = ""
    try:
        return import_feed(code=source.code, text=reader.fetch(source.url), now=now)
    except (FetchRefused, FeedRefused) as refusal:
        problem = str(refusal)
        raise
    except Exception as error:
        problem = f"The list could not be taken in: {type(error).__name__}."
        raise
    finally:
        CompetitorSource.objects.filter(pk=source.pk).update(tried_at=now, problem=problem)


def _judge(rows: Sequence[FeedRow], source: CompetitorSource, now: datetime) -> list[_Line]:
    index = NameIndex(list_identities())
    lines = [_read(row, source, index, now) for row in rows]
    _refuse_second_prices(lines)
    open_lines = [one for one in lines if not one.reason]
    ours, before = _compare(open_lines, source, now)
    found = screen_prices(np.array([one.amount for one in open_lines]), ours, before)
    for one, problem in zip(open_lines, found.problem.tolist(), strict=True):
        one.reason = problem
    return lines


def _read(row: FeedRow, source: CompetitorSource, index: NameIndex, now: datetime) -> _Line:
    """Return a row with its variant, amount in minor units and moment, or the first thing wrong."""
    line = _Line(row)
    if row.problem:
        line.reason = Reason.BROKEN
        return line
    line.variant, line.matched_by = index.find(row)
    amount, named = read_amount(row.price)
    line.observed_at = read_moment(row.observed_at) if row.observed_at else now
    if amount is not None:
        line.amount = float(amount.scaleb(exponent(source.currency)))
    stated = {one for one in (named, row.currency.upper()) if one}
    if line.variant in (UNKNOWN, AMBIGUOUS):
        line.reason = Reason.AMBIGUOUS if line.variant == AMBIGUOUS else Reason.NO_MATCH
        line.variant = 0
    elif stated - {source.currency}:
        line.reason = Reason.CURRENCY
    elif amount is None:
        line.reason = Reason.NO_PRICE
    elif not _is_fresh(line.observed_at, source, now):
        line.reason = Reason.STALE
    return line


def _is_fresh(observed_at: datetime | None, source: CompetitorSource, now: datetime) -> bool:
    if observed_at is None:
        return False
    return now - timedelta(hours=source.ttl_hours) < observed_at <= now + AHEAD


def _refuse_second_prices(lines: Sequence[_Line]) -> None:
    """Let one price of a variant stand: the newest, of equally new ones the first."""
    newest: dict[int, _Line] = {}
    for one in lines:
        if one.reason or one.observed_at is None:
            continue
        known = newest.setdefault(one.variant, one)
        if known is not one:
            is_newer = known.observed_at is None or one.observed_at > known.observed_at
            (known if is_newer else one).reason = Reason.TWICE
            newest[one.variant] = one if is_newer else known


def _compare(
    lines: Sequence[_Line], source: CompetitorSource, now: datetime
) -> tuple[FloatArray, FloatArray]:
    """Return our list prices and the source's last fresh prices beside each line, (n,) each."""
    products = load_variant_arrays(source.market_id)
    listed = dict(zip(products.variant_id.tolist(), products.list_minor.tolist(), strict=True))
    words = load_last_words(source_id=source.pk, since=now - timedelta(hours=source.ttl_hours))
    nothing = float("nan")
    ours = np.array([listed.get(one.variant, nothing) for one in lines], dtype=np.float64)
    before = np.array([words.get(one.variant, nothing) for one in lines], dtype=np.float64)
    return ours, before


def _store(lines: Sequence[_Line], source: CompetitorSource, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for one in lines:
                seen = min(one.observed_at or now, now)
                minor = max(1, round(one.amount))
                copy.write_row((one.variant, minor, seen, one.matched_by, one.row.name))
        cursor.execute(_INSERT, {"source": source.pk, "now": now})
        stored: int = cursor.rowcount
        cursor.execute("DROP TABLE incoming_competitor")
    return stored


def _quarantine(lines: Sequence[_Line], source: CompetitorSource, now: datetime) -> dict[str, int]:
    statement = (
        f"COPY {QuarantinedCompetitorRow._meta.db_table}"
        " (source_id, variant_id, row_number, reason, payload, at) FROM STDIN"
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for values in _refused_rows(lines, source, now):
            copy.write_row(values)
    return dict(sorted(Counter(str(one.reason) for one in lines).items()))


def _refused_rows(
    lines: Sequence[_Line], source: CompetitorSource, now: datetime
) -> Iterator[tuple[Any, ...]]:
    for one in lines:
        row = one.row
        held = {
            name: value
            for name in ("sku", "gtin", "name", "size", "price", "currency", "observed_at")
            if (value := getattr(row, name))
        }
        refused = (source.pk, one.variant or None, row.number, str(one.reason))
        yield (*refused, json.dumps(held), now)


def _note(source: CompetitorSource, report: ImportReport, now: datetime) -> None:
    source.last_report = {
        "read": report.read,
        "stored": report.stored,
        "known": report.known,
        "refused": report.refused,
    }
    # A list of which nothing is believed is no word of the source: `watch_feeds` goes by this.
    if report.stored or report.known:
        source.imported_at = now
    source.problem = ""
    source.save(update_fields=["last_report", "imported_at", "problem"])
    CompetitorPrice.objects.filter(source=source, observed_at__lt=now - KEEP_PRICES).delete()
    QuarantinedCompetitorRow.objects.filter(source=source, at__lt=now - KEEP_REFUSED).delete()
