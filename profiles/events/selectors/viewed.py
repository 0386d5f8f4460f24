"""What a shopper looked at lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection

WITHIN = timedelta(days=30)

_VIEWED = """
SELECT variant_id FROM profiles_event
WHERE shopper_id = %(shopper)s AND kind = 'view' AND variant_id IS NOT NULL
    AND occurred_at > %(since)s AND occurred_at <= %(now)s
GROUP BY variant_id
ORDER BY max(occurred_at) DESC, variant_id
LIMIT %(limit)s
"""


def list_viewed(shopper_id: int, *, now: datetime, limit: int) -> list[int]:
    """Return the variants whose pages a shopper opened within 30 days, the latest first.

    From the table: a view is there some seconds after it happened. One query.
    """
    asked: dict[str, Any] = {
        "shopper": shopper_id,
        "since": now - WITHIN,
        "now": now,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(_VIEWED, asked)
        return [variant_id for (variant_id,) in cursor.fetchall()]
