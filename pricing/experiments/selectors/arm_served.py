"""Time and impressions that each arm of a price experiment was served, without identities."""

from __future__ import annotations

from typing import Any

from django.db import connection

from profiles.experiments.api import CellPeriod, Served, ServedHours

# Spells cut to the counted days of the turns they lie in. A spell that goes on into the next turn
# is one of a turn that is over.
_HOURS = """
WITH turn AS (
    SELECT n, %(start)s + (n * %(period)s + %(washed)s) * interval '1 day' AS began,
        %(start)s + (n + 1) * %(period)s * interval '1 day' AS ended
    FROM generate_series(0, %(turns)s - 1) n
)
SELECT item.cluster, turn.n, arm.is_control, spell.turn = turn.n, spell.obstacle <> '',
    sum(extract(epoch FROM least(coalesce(spell.ended_at, turn.ended), turn.ended)
        - greatest(spell.began_at, turn.began)))::float8 / 3600
FROM pricing_armprice spell
JOIN unnest(%(goods)s::bigint[], %(clusters)s::int[]) AS item (variant_id, cluster)
    ON item.variant_id = spell.variant_id
JOIN profiles_experimentarm arm
    ON arm.experiment_id = spell.experiment_id AND arm.code = spell.arm
JOIN turn ON spell.began_at < turn.ended
    AND (spell.ended_at IS NULL OR spell.ended_at > turn.began)
WHERE spell.experiment_id = %(experiment)s
GROUP BY 1, 2, 3, 4, 5
"""
_PLACES = """
SELECT count(DISTINCT (market_id, channel)) FROM pricing_armprice
WHERE experiment_id = %(experiment)s
"""
_LOOKS = """
SELECT item.cluster, floor(extract(epoch FROM look.hour - %(start)s) / 86400)::int, sum(look.looks)
FROM pricing_publiclook look
JOIN unnest(%(goods)s::bigint[], %(clusters)s::int[]) AS item (variant_id, cluster)
    ON item.variant_id = look.variant_id
WHERE look.hour >= %(start)s
    AND look.hour < %(start)s + %(turns)s * %(period)s * interval '1 day'
    AND (cardinality(%(channels)s::text[]) = 0 OR look.channel = ANY(%(channels)s::text[]))
    AND (cardinality(%(markets)s::text[]) = 0 OR look.market_code = ANY(%(markets)s::text[]))
GROUP BY 1, 2
"""


def load_served(period: CellPeriod) -> Served:
    """Return what was shown in the turns that are over. Three queries.

    Looks are counted by the hour: the one in which a turn begins belongs to the turn before it.
    """
    asked: dict[str, Any] = {
        "experiment": period.experiment_id,
        "goods": [*period.items],
        "clusters": [*period.items.values()],
        "start": period.start,
        "turns": period.turns,
        "period": period.period_days,
        "washed": period.wash_out_days,
        "markets": list(period.targeting.get("markets", ())),
        "channels": list(period.targeting.get("channels", ())),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, asked)
        hours = tuple(
            ServedHours(cluster, turn, not is_control, is_drawn, is_held, lasted)
            for cluster, turn, is_control, is_drawn, is_held, lasted in cursor.fetchall()
        )
        cursor.execute(_PLACES, asked)
        (places,) = cursor.fetchone()
        cursor.execute(_LOOKS, asked)
        looks = {(cluster, day): float(count) for cluster, day, count in cursor.fetchall()}
    return Served(places, hours, looks)
