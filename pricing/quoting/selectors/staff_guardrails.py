"""Count what guardrails did to personal quotes and to public prices, for staff."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import connection

from pricing.optimum.core import say_rule
from pricing.quoting.selectors.statistics import count_by_day

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
    """Hits by (day, code). `is_sampled`: scaled up from a sample of the table's blocks."""

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
