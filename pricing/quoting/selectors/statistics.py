"""Figures of prices for staff: quotes by source, and the age of their inputs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.models.families import name_model
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.quotes import Quote
from pricing.optimum.core.explain import say_rule
from pricing.quoting.selectors.quotes import load_row

READ_AT_MOST = 200_000

COUNT_RUNGS = """
SELECT (issued_at AT TIME ZONE %(zone)s)::date AS day, rung, count(*)
FROM pricing_quote {sample}
WHERE issued_at >= %(since)s AND issued_at < %(until)s
GROUP BY day, rung ORDER BY day, rung
"""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """Quotes by (day, price source). `is_sampled`: scaled up from sampled blocks."""

    counts: dict[tuple[date, str], int]
    is_sampled: bool

    def by_day(self, rung: str, days: Sequence[date]) -> tuple[float, ...]:
        """Return the count of `rung` on each of `days`."""
        return tuple(float(self.counts.get((day, rung), 0)) for day in days)


def count_quotes_by_source(*, since: datetime, until: datetime, zone: str) -> SourceCounts:
    """Count quotes of `[since, until)` by day of `zone` and price source. Two queries.

    Reads about `READ_AT_MOST` rows however many there are: above that, whole blocks are sampled
    (TABLESAMPLE SYSTEM, a fixed seed) and the counts scaled up.
    """
    return SourceCounts(*count_by_day(COUNT_RUNGS, since=since, until=until, zone=zone))


def count_by_day(
    statement: str, *, since: datetime, until: datetime, zone: str
) -> tuple[dict[tuple[date, str], int], bool]:
    """Return the counts of `statement` by (day of `zone`, name), and whether they were sampled.

    `statement` selects day, name and count of quotes from `[since, until)`, with `{sample}` behind
    the table's name. Two queries, whatever the table holds: see `count_quotes_by_source`.
    """
    percent = min(100.0, 100.0 * READ_AT_MOST / max(1, estimate_quotes(since, until)))
    is_sampled = percent < 100.0
    sample = "TABLESAMPLE SYSTEM (%(percent)s) REPEATABLE (1)" if is_sampled else ""
    with connection.cursor() as cursor:
        cursor.execute(
            statement.format(sample=sample),
            {"zone": zone, "since": since, "until": until, "percent": percent},
        )
        rows = cursor.fetchall()
    scale = 100.0 / percent
    return {(day, name): round(count * scale) for day, name, count in rows}, is_sampled


def estimate_quotes(since: datetime, until: datetime) -> int:
    """Return about how many quotes `[since, until)` holds, as the planner reckons. One query."""
    quotes = Quote.objects.filter(issued_at__gte=since, issued_at__lt=until).order_by()
    plan = json.loads(quotes.explain(format="json"))
    return int(plan[0]["Plan"]["Plan Rows"])


@dataclass(frozen=True, slots=True)
class PriceFreshness:
    """When the model and the book in use were made; None where there is none yet."""

    model_id: int | None
    model_name: str
    trained_at: datetime | None
    book_version: int | None
    published_at: datetime | None


def read_price_freshness(*, market: str = "us", channel: str = "online") -> PriceFreshness:
    """Return what prices are made from now. Two queries."""
    model = (
        DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
        .values_list("pk", "kind", "trained_at")
        .first()
    )
    book = (
        PriceBook.objects.filter(market_id=market, channel=channel, is_current=True)
        .values_list("version", "published_at")
        .first()
    )
    pk, kind, trained_at = model or (None, "", None)
    named = "" if pk is None else name_model(kind, pk)
    return PriceFreshness(pk, named, trained_at, *(book or (None, None)))


_SPREAD = """
SELECT variant_id, count(*), count(*) FILTER (WHERE is_personal), min(quoted_minor),
    max(quoted_minor)
FROM pricing_quote
WHERE variant_id = ANY(%(ids)s) AND issued_at >= %(since)s AND issued_at < %(until)s
    AND market_code = %(market)s AND channel = %(channel)s
GROUP BY 1
"""


@dataclass(frozen=True, slots=True)
class PriceSpread:
    """Stored quotes of a variant in some time: how many, how many of them personal, and the lowest
    and highest price (minor units)."""

    quotes: int
    personal: int
    lowest_minor: int
    highest_minor: int


def list_spreads(
    *,
    variant_ids: Sequence[int],
    since: datetime,
    until: datetime,
    market: str = "us",
    channel: str = "online",
) -> dict[int, PriceSpread]:
    """Return the spread of the quotes of each variant that was quoted. One query."""
    asked: dict[str, Any] = {"ids": list(variant_ids), "since": since, "until": until}
    with connection.cursor() as cursor:
        cursor.execute(_SPREAD, {**asked, "market": market, "channel": channel})
        return {row[0]: PriceSpread(*row[1:]) for row in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class StaffQuoteRow:
    """A quote in a short list for staff."""

    quote_id: object
    issued_at: datetime
    variant_id: int
    currency: str
    public_minor: int
    quoted_minor: int
    rung: str
    label_code: str
    purpose: str


def list_quotes_of_shopper(*, shopper_id: int, limit: int = 20) -> list[StaffQuoteRow]:
    """Return a shopper's newest stored quotes. One query."""
    rows = Quote.objects.filter(shopper_id=shopper_id).order_by("-issued_at", "-id")
    return [
        StaffQuoteRow(*row)
        for row in rows.values_list(
            "id",
            "issued_at",
            "variant_id",
            "currency",
            "public_minor",
            "quoted_minor",
            "rung",
            "label_code",
            "purpose",
        )[:limit]
    ]


COUNT_HITS = """
SELECT (issued_at AT TIME ZONE %(zone)s)::date AS day, hit.code, count(*)
FROM pricing_quote {sample} CROSS JOIN LATERAL jsonb_array_elements_text(guard_actions) hit(code)
WHERE issued_at >= %(since)s AND issued_at < %(until)s AND guard_actions <> '[]'
    AND arm <> 'holdout'
GROUP BY day, hit.code ORDER BY day, hit.code
"""
NEWEST_HITS = """
SELECT id, issued_at, variant_id, public_minor, quoted_minor, currency, rung
FROM pricing_quote
WHERE issued_at >= %(since)s AND issued_at < %(until)s AND guard_actions @> %(code)s::jsonb
    AND arm <> 'holdout'
ORDER BY issued_at DESC, id DESC LIMIT %(limit)s
"""
COUNT_RULES = """
SELECT rule.code, count(*) FROM pricing_priceproposal
CROSS JOIN LATERAL (
    SELECT jsonb_array_elements_text(bound) UNION
    SELECT 'relaxed:' || jsonb_array_elements_text(relaxed)
) rule(code)
WHERE created_at >= %(since)s AND created_at < %(until)s
GROUP BY rule.code ORDER BY count(*) DESC, rule.code
"""


@dataclass(frozen=True, slots=True)
class GuardrailCounts:
    """Hits by (day, code). `is_sampled`: scaled up from sampled blocks."""

    hits: Mapping[tuple[date, str], int]
    is_sampled: bool

    def by_code(self) -> dict[str, int]:
        """Return the hits of each code, most first."""
        sums: dict[str, int] = {}
        for (_, code), count in self.hits.items():
            sums[code] = sums.get(code, 0) + count
        return dict(sorted(sums.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class GuardedQuote:
    """A quote that a guardrail moved."""

    quote_id: UUID
    issued_at: datetime
    variant_id: int
    public_minor: int
    quoted_minor: int
    currency: str
    rung: str


def count_guardrail_hits(*, since: datetime, until: datetime, zone: str) -> GuardrailCounts:
    """Count what guardrails did to quotes of `[since, until)` by day of `zone`. Two queries.

    The holdout is left out: it pays public prices because it is the holdout.
    Above READ_AT_MOST quotes whole blocks are sampled (a fixed seed) and the counts scaled up.
    """
    return GuardrailCounts(*count_by_day(COUNT_HITS, since=since, until=until, zone=zone))


def list_guarded_quotes(
    *, code: str, since: datetime, until: datetime, limit: int = 25
) -> list[GuardedQuote]:
    """Return the newest quotes of `[since, until)` that guardrail `code` moved. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            NEWEST_HITS,
            {"since": since, "until": until, "code": f'["{code}"]', "limit": limit},
        )
        return [GuardedQuote(*row) for row in cursor.fetchall()]


def count_bound_rules(
    *, since: datetime, until: datetime, language: str = "en"
) -> list[tuple[str, str, int]]:
    """Return code, sentence and count of the rules that bound public prices. One query."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_RULES, {"since": since, "until": until})
        return [(code, say_rule(code, language), count) for code, count in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class QuotePropensities:
    """What could have been shown and how likely: (minor units, chance), highest price first.

    Empty for quotes from before prices were drawn and for public ones. `stock` and
    `competitor_minor` are None where unknown.
    """

    rungs: tuple[tuple[int, float], ...]
    segment: str
    stock: int | None
    competitor_minor: int | None


def read_chances(quote_id: UUID) -> QuotePropensities:
    """Return the feasible prices of a quote and their chances. One query. Raises QuoteNotFound."""
    row = load_row(quote_id)
    prices, chances = row.get("rung_minors") or (), row.get("rung_probabilities") or ()
    return QuotePropensities(
        rungs=tuple(zip(prices, chances, strict=True)),
        segment=row.get("segment") or "",
        stock=row.get("stock"),
        competitor_minor=row.get("competitor_minor"),
    )
