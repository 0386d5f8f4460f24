"""How often the prices of an experiment were shown, turn by turn. Nobody is named."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection

# A look names its book: the spell it fell into is the last one that began with an earlier book.
_LOOKS = """
WITH spells AS (
    SELECT variant_id, market_id, channel, turn, arm, base_minor, shown_minor, obstacle,
        book_version, lead(book_version, 1, CASE WHEN ended_at IS NULL THEN 2147483647 END) OVER (
            PARTITION BY variant_id, market_id, channel ORDER BY book_version
        ) AS next_version, ended_at
    FROM pricing_armprice WHERE experiment_id = %(experiment)s
), seen AS (
    SELECT spells.turn, spells.arm, sum(look.looks) AS looks
    FROM spells
    JOIN pricing_publiclook look
        ON look.variant_id = spells.variant_id AND look.market_code = spells.market_id
        AND look.channel = spells.channel AND look.book_version >= spells.book_version
        AND (look.book_version < spells.next_version
            OR (spells.next_version IS NULL AND look.hour < spells.ended_at))
    GROUP BY 1, 2
)
SELECT spells.turn, spells.arm, count(DISTINCT spells.variant_id),
    coalesce(max(seen.looks), 0)::bigint,
    avg(spells.shown_minor::float8 / spells.base_minor),
    count(DISTINCT spells.variant_id) FILTER (WHERE spells.obstacle <> '')
FROM spells LEFT JOIN seen ON seen.turn = spells.turn AND seen.arm = spells.arm
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class ArmLooks:
    """One arm in one turn: its goods, how often their prices were shown, the mean part of the price
    without the experiment, and how many goods something kept from their arm's price."""

    turn: int
    arm: str
    goods: int
    looks: int
    price: float
    held: int


def list_arm_looks(experiment_id: int) -> list[ArmLooks]:
    """Return the arms of an experiment with public prices by turn. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"experiment": experiment_id})
        return [ArmLooks(*one) for one in cursor.fetchall()]
