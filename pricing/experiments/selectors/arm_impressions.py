"""Counts of how often an experiment's prices were shown, by turn, without shoppers' identities."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# A look names its book, and spells begin and end with books. Of a spell that ended before that was
# kept, the one after it tells, or the hour.
_LOOKS = """
WITH spell AS (
    SELECT variant_id, market_id, channel, turn, arm, base_minor, shown_minor, obstacle,
        book_version, ended_at, coalesce(ended_version, lead(book_version) OVER (
            PARTITION BY variant_id, market_id, channel ORDER BY book_version
        )) AS next_version
    FROM pricing_armprice WHERE experiment_id = %(experiment)s
), seen AS (
    SELECT spell.turn, spell.arm, sum(look.looks) AS looks
    FROM spell
    JOIN pricing_publiclook look
        ON look.variant_id = spell.variant_id AND look.market_code = spell.market_id
        AND look.channel = spell.channel AND look.book_version >= spell.book_version
        AND (look.book_version < spell.next_version OR spell.next_version IS NULL
            AND (spell.ended_at IS NULL OR look.hour < spell.ended_at))
    GROUP BY 1, 2
)
SELECT spell.turn, spell.arm, count(DISTINCT spell.variant_id),
    coalesce(max(seen.looks), 0)::bigint,
    avg(spell.shown_minor::float8 / spell.base_minor),
    count(DISTINCT spell.variant_id) FILTER (WHERE spell.obstacle <> '')
FROM spell LEFT JOIN seen ON seen.turn = spell.turn AND seen.arm = spell.arm
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class ArmImpressions:
    """One arm in one turn: its goods, how often their prices were shown, the mean part of the price
    without the experiment, and how many goods something kept from their arm's price."""

    turn: int
    arm: str
    goods: int
    looks: int
    price: float
    held: int


def list_arm_impressions(experiment_id: int) -> list[ArmImpressions]:
    """Return the arms of an experiment with public prices by turn. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"experiment": experiment_id})
        return [ArmImpressions(*one) for one in cursor.fetchall()]
