"""What campaigns have left of their budgets: exactly, and as pages may remember it."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db import connection

FRESH_SECONDS = 1.0
# As text: each cart asks it, and building the queryset took ten times as long as the answer.
_BUDGETS = """
SELECT campaign.id, campaign.budget_minor - campaign.spent_minor + coalesce((
    SELECT sum(held.amount_minor) FROM promotions_redemption AS held
    WHERE held.campaign_id = campaign.id AND held.is_budgeted AND held.state = 'held'
      AND held.expires_at <= %s), 0)::bigint
FROM promotions_campaign AS campaign
WHERE campaign.id = ANY(%s) AND campaign.budget_minor IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class _Remembered:
    """What was left of all budgets `asked` for at `now`, read when the clock of the process said
    `read_at`."""

    asked: frozenset[int]
    now: datetime
    read_at: float
    left: Mapping[int, int] = field(default_factory=dict)

    def answers(self, campaign_ids: Collection[int], now: datetime) -> bool:
        """Return whether it is fresh enough to answer for these at `now`."""
        is_fresh = time.monotonic() - self.read_at < FRESH_SECONDS
        is_near = abs(now - self.now) < timedelta(seconds=FRESH_SECONDS)
        return is_fresh and is_near and self.asked.issuperset(campaign_ids)


_memory: dict[str, _Remembered] = {}


def read_budgets(campaign_ids: Iterable[int], now: datetime) -> dict[int, int]:
    """Return what is left of each budget at `now`. One query, none without ids.

    Holds that ran out are counted as given back, whether or not the job did that already.
    """
    ids = list(campaign_ids)
    if not ids:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_BUDGETS, [now, ids])
        return dict(cursor.fetchall())


def recall_budgets(
    campaign_ids: Collection[int], budgeted: Collection[int], now: datetime
) -> Mapping[int, int]:
    """Return what is left of each budget, at most FRESH_SECONDS old: for pages, never for carts.

    All `budgeted` campaigns are read at once. No query while fresh, and none without ids.
    """
    if not campaign_ids:
        return {}
    known = _memory.get("budgets")
    if known is None or not known.answers(campaign_ids, now):
        asked, read_at = frozenset(budgeted) | frozenset(campaign_ids), time.monotonic()
        known = _memory["budgets"] = _Remembered(asked, now, read_at, read_budgets(asked, now))
    return known.left


def forget_budgets() -> None:
    """Read them at the next question (in tests, which change tables faster than a second)."""
    _memory.clear()
